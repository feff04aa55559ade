/*
 * What is remembered of people's second factors: sealed seed, watermark, failures. One small
 * interface; SQLite is the back-end of one host. People are keyed by the text of their SID (I-18).
 *
 * Any number of threads may call. A write is durable (fsync) when its function returns 0 (I-25); a crash
 * at any moment leaves the old row or the new one (I-33). Functions block on the disk, and up to
 * five seconds on another process's lock. FED_E_STORE means that nothing is known: never "not enrolled" (I-29).
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef MFA_STORE_H
#define MFA_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/secret.h"
#include "mfa/seal.h"
#include "mfa/totp.h"

struct store;

enum { STORE_WHY_MAX = 256, STORE_NAME_MAX = 257, STORE_LABEL_MAX = 129 };

struct store_enrolment {
    char sid[192];
    char name
        [STORE_NAME_MAX]; /* as enrolled: user@domain; for people to read and for hosts without a service identity */
    char label[STORE_LABEL_MAX];
    struct totp_params params; /* window excepted: that is the configuration's */
    unsigned char blob[SEAL_BLOB_MAX];
    size_t blob_len;
    uint64_t watermark; /* the last time step used; 0 = none */
    int64_t enrolled_s;
};

/*
 * Open or create a store: "sqlite:/absolute/path". The file is made with mode 0600 and opened with
 * O_NOFOLLOW; one that is a link, of another owner or accessible to others is refused (I-32). why gets a line on
 * failure. 0, FED_E_STORE, FED_E_CONFIG (unknown kind of store, bad owner or mode), FED_E_NOMEM.
 */
FED_MUST_USE int store_open(const char *where, struct store **ret, char *why);
void store_close(struct store *store);

/* The enrolment of a SID. 0, FED_E_NOT_ENROLLED, FED_E_STORE. */
FED_MUST_USE int store_get(struct store *store, const char *sid, struct store_enrolment *ret);

/* The SID under which a name ("user@domain", any case) was enrolled. 0, FED_E_NOT_ENROLLED, FED_E_STORE. */
FED_MUST_USE int store_find(struct store *store, const char *name, char ret_sid[192]);

/*
 * Save an enrolment. An existing one is FED_E_EXISTS unless replace. A replaced one keeps the higher of both
 * watermarks, so that replacing never reopens a used step (I-24). 0, FED_E_EXISTS, FED_E_STORE.
 */
FED_MUST_USE int store_put(struct store *store, const struct store_enrolment *e, bool replace);

/* Forget an enrolment. 0, FED_E_NOT_ENROLLED, FED_E_STORE. */
FED_MUST_USE int store_delete(struct store *store, const char *sid);

/*
 * Use up a time step: move the watermark from anything below it to it, in one conditional write of
 * which exactly one of N parallel callers succeeds, across threads and processes (I-24, I-26).
 * 0 (durable), FED_E_REPLAY (at or below the watermark), FED_E_NOT_ENROLLED, FED_E_STORE.
 */
FED_MUST_USE int store_consume(struct store *store, const char *sid, uint64_t step);

/* ---- Failure counters, for mfa/limits.h ---- */

struct store_failures {
    unsigned count;
    int64_t last_s; /* Unix time of the last failure; 0 = none */
};

/* key is what limits.c makes of person and source. Nothing stored: zeros. 0 or FED_E_STORE. */
FED_MUST_USE int store_failures_get(
    struct store *store, const char *key, struct store_failures *ret);

/*
 * One more failure at now_s; a count whose last failure is older than forget_s starts again at 1.
 * ret_count may be NULL. 0 or FED_E_STORE.
 */
FED_MUST_USE int store_failures_add(
    struct store *store, const char *key, int64_t now_s, int64_t forget_s, unsigned *ret_count);

/* Forget every counter whose key starts with prefix ("" = all of them). 0 or FED_E_STORE. */
FED_MUST_USE int store_failures_forget(struct store *store, const char *prefix);

/* ---- Listing ---- */

/* Call fn for each enrolment in order of name, until it returns non-zero, which is then returned. */
FED_MUST_USE int store_each(
    struct store *store, int (*fn)(const struct store_enrolment *e, void *arg), void *arg);

#endif
