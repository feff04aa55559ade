/*
 * What is remembered of people's second factors. One small interface; SQLite is the
 * back-end of one host, PostgreSQL that of a fleet, and mfa/store_directory.h one without infrastructure of its own.
 * A person is one record of bytes (mfa/record.h), keyed by the text of their SID (I-18), and every change of it is a
 * compare-and-swap: so that whoever shares a store, threads, processes or hosts, a change is made by one and seen
 * by all (I-24, I-26). mfa/person.h makes changes out of it. Failures are counted beside.
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
#include "mfa/record.h"

struct store;

enum { STORE_WHY_MAX = 256, STORE_SID_MAX = 192, STORE_NAME_MAX = 257 };

struct store_row {
    char sid[STORE_SID_MAX];
    char name[STORE_NAME_MAX]; /* as enrolled, user@domain: for people, and for hosts that have no
                                  service identity to resolve names with */
    int64_t enrolled_s;        /* when the person came into the store: the latest wins a name */
    uint64_t version;          /* another after every write; never 0, and without order */
    unsigned char record[RECORD_MAX];
    size_t record_len;
};

/*
 * Open or create a store: "sqlite:/absolute/path" or "postgresql://…".
 *
 * SQLite: the file is made with mode 0600, whole or not at all;
 * one that is a link, of another owner or accessible to others is refused, and so is a folder that
 * others may write to (I-32). A torn or foreign file is FED_E_STORE; one of an older version is brought
 * to this one, whole or not at all.
 * PostgreSQL: what may be said is in mfa/store_postgres_uri.h. A server that is away at the moment is no failure
 * here: each call is FED_E_STORE until it answers, and a call takes ten seconds at most. Takes PG… variables out of
 * the environment, so it is called before there are threads.
 *
 * Not to be kept across fork(2).
 *   why   STORE_WHY_MAX bytes; a line on failure
 * 0, FED_E_STORE, FED_E_CONFIG (unknown kind of store, bad owner or mode), FED_E_NOMEM.
 */
FED_MUST_USE int store_open(const char *where, struct store **ret, char *why);
void store_close(struct store *store);

/* ---- People ---- */

/* The row of a SID. 0, FED_E_NOT_ENROLLED, FED_E_STORE. */
FED_MUST_USE int store_load(struct store *store, const char *sid, struct store_row *ret);

/*
 * Write a row where the stored one still is of row->version; 0 = there must be none. One of N parallel callers
 * with the same version succeeds, across threads, processes and hosts.
 * 0 (durable; row->version is the new one), FED_E_REPLAY (somebody else wrote, or removed it), FED_E_STORE (not
 * known to be written), FED_E_INVALID (a field that store_load would refuse).
 */
FED_MUST_USE int store_swap(struct store *store, struct store_row *row);

/*
 * The SID under which a name ("user@domain", any case of ASCII) was enrolled; the latest, should an account have
 * been made anew under its old name. 0, FED_E_NOT_ENROLLED, FED_E_STORE.
 */
FED_MUST_USE int store_find(struct store *store, const char *name, char ret_sid[STORE_SID_MAX]);

/*
 * Forget a person, watermarks too: the administrator's way out when the clock once ran ahead (I-27).
 * 0, FED_E_NOT_ENROLLED, FED_E_STORE.
 */
FED_MUST_USE int store_remove(struct store *store, const char *sid);

/* ---- Failures, for mfa/limits.h: one row a person and source ---- */

enum store_failure { STORE_FAILED_CODE, STORE_FAILED_PASSWORD };

/* What is held against a person; failures older than forget_s are left out. */
struct store_failures {
    unsigned here;      /* codes and passwords, from the source asked for */
    unsigned codes;     /* from all sources */
    unsigned passwords; /* from all sources, since the last success */
};

/*
 *   person, source  what limits.c makes of them: short ASCII
 *   now_s           Unix seconds; forget_s after its last failure a row says nothing any more. A last
 *                   failure that lies further ahead than that (the clock was wrong) says nothing either
 * 0 or FED_E_STORE.
 */
FED_MUST_USE int store_failures_get(struct store *store, const char *person, const char *source,
    int64_t now_s, int64_t forget_s, struct store_failures *ret);

/* One more failure; rows of anybody that say nothing any more are dropped. 0 or FED_E_STORE. */
FED_MUST_USE int store_failures_add(struct store *store, const char *person, const char *source,
    enum store_failure what, int64_t now_s, int64_t forget_s);

/* A success: forget all of this source, and rejected passwords of every source. 0 or FED_E_STORE. */
FED_MUST_USE int store_failures_forgive(
    struct store *store, const char *person, const char *source);

/* Forget all that is held against a person. 0 or FED_E_STORE. */
FED_MUST_USE int store_failures_forget(struct store *store, const char *person);

/*
 * Attempts under way, where several hosts share a store: each host knows its own, and would admit as many more
 * as there are hosts. Kept apart from failures, not durable, and forgotten a minute after they began, should the
 * host that began one never end it.
 */
enum { STORE_ATTEMPT_S = 60 };

/* Do other hosts use this store? If not, the next two are not to be called. */
bool store_is_shared(const struct store *store);

/*
 * Note an attempt, and tell how many others are under way for this person, on all hosts: from this source, and in
 * all. Of any number that begin at once each sees those whose begin was over before its own answer: so of N
 * no more than M see fewer than M others. 0, FED_E_STORE.
 */
FED_MUST_USE int store_attempt_begin(struct store *store, const char *person, const char *source,
    uint64_t *ret_id, unsigned *ret_here, unsigned *ret_anywhere);

/* It is over. One that cannot be removed now is forgotten later. */
void store_attempt_end(struct store *store, uint64_t id);

/* ---- Listing ---- */

/*
 * Call fn for each person in order of name, until it returns non-zero, which is then returned.
 * fn may use the store: no lock is held while it runs, and each row is read afresh. 0 or FED_E_STORE.
 * In the directory somebody's value may open with none of the seal keys: their row has their SID in the place of a name,
 * and no record (record_len 0), so that one of a hundred thousand does not end a listing.
 */
FED_MUST_USE int store_each(
    struct store *store, int (*fn)(const struct store_row *row, void *arg), void *arg);

/* A place in that order; all zero is before the first. */
struct store_place {
    char key[STORE_NAME_MAX]; /* the name in lower case */
    char sid[STORE_SID_MAX];
};

/* The same from behind a place, which moves on to each row for which fn returned 0: a listing in pieces. */
FED_MUST_USE int store_each_from(struct store *store, struct store_place *place,
    int (*fn)(const struct store_row *row, void *arg), void *arg);

/*
 * Where the store itself seals rows (the directory): how the blob of somebody's begins, which tells the key (mfa/seal.h).
 * 0, FED_E_NOT_FOUND (it seals none), FED_E_NOT_ENROLLED, FED_E_STORE.
 */
FED_MUST_USE int store_sealed(
    struct store *store, const char *sid, unsigned char ret_head[SEAL_HEAD]);

/*
 * Is it so that this SID has no second factor? To be asked before that lets anybody in: a directory that hides a value from us says
 * the same as of one that is not there. So a row without a token is put there and taken away again, which is refused where there
 * is a value, seen or not. Other stores hide nothing.
 *   name   of the person, for the row, should it stay behind a crash: it is nobody's second factor
 * 0, FED_E_EXISTS (enrolled, by now), FED_E_STORE (it cannot be told), FED_E_INVALID. Blocks on the store.
 */
FED_MUST_USE int store_absent(
    struct store *store, const char *sid, const char *name, int64_t now_s);

/* ---- Many people at once ---- */

/* Can somebody of this SID be kept here? 0, FED_E_UNKNOWN_USER (the directory knows nobody of it), FED_E_STORE. */
FED_MUST_USE int store_accepts(struct store *store, const char *sid);

/*
 * Call fn with a store whose store_load and store_swap, no others, are one transaction: all of it is durable when this
 * returns 0, and nothing of it was done when fn returned an error, which is then returned, or the process died. Meanwhile
 * other writers wait: in SQLite all, in PostgreSQL those to the same rows. FED_E_STORE: not known to be done.
 * Where store_is_whole is false (the directory) fn gets the store itself, and each swap is durable at once.
 */
FED_MUST_USE int store_together(
    struct store *store, int (*fn)(struct store *tx, void *arg), void *arg);
bool store_is_whole(const struct store *store);

#endif
