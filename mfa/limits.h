/*
 * Limits on guessing. Failures are counted per person and source (I-37): locking one source out
 * leaves the person's other sources alone (I-39). An attempt is admitted before its credential is
 * looked at, and those under way count as failures until they end, all under one lock: so N parallel
 * tries cannot beat the limit.
 *
 * Besides, a person's codes are limited over all sources (LIMITS_FACTOR_SOURCES times max_failures), against
 * guessing from many addresses; and rejected passwords over all sources to what the directory's own policy
 * allows less one, so that our limit trips before AD's (I-39). That last one is told apart: the passwords of people who gave no
 * code reach the directory only where they have no second factor, and a lock that they alone run into would tell who they are.
 *
 * Hosts that share a store share all of this, attempts under way too (store_attempt_begin): a fleet of fifty lets no
 * more guesses through than one host. Of tries at the very limit on several hosts at once fewer may then be
 * admitted than the limit has room for, never more.
 *
 * Somebody the directory does not know is counted in the same way, or the limit would tell who exists.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef MFA_LIMITS_H
#define MFA_LIMITS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "mfa/source.h"
#include "mfa/store.h"

struct limits;

enum {
    LIMITS_FACTOR_SOURCES = 10,
    LIMITS_UNDER_WAY_MAX = 1024, /* attempts at once; one more is FED_E_BUSY */
    LIMITS_PERSON_MAX = 256,
};

struct limits_options {
    struct store *store;
    unsigned max_failures;
    int64_t lock_time_s; /* a source's count is forgotten this long after its last failure */
};

/* What was wrong, when something was. */
enum limits_outcome {
    LIMITS_SUCCESS,        /* both right: forgives what limits.c says it may */
    LIMITS_WRONG_CODE,     /* also: not enrolled, unknown user */
    LIMITS_WRONG_PASSWORD, /* the directory rejected it */
    LIMITS_NO_VERDICT,     /* unavailable, interrupted, or one right that says nothing of the
                              other: nothing is counted (I-40), nothing forgiven */
};

/* An admitted attempt; a value that must be ended exactly once with limits_end. */
struct limits_attempt {
    char
        person[LIMITS_PERSON_MAX]; /* the SID, or "name:…" for people the directory does not know */
    char source[SOURCE_MAX];
    uint64_t shared_id; /* in a store that hosts share */
    bool
        password_spent; /* password_cap is reached: whatever else is right, no password may be sent to the directory */
};

FED_MUST_USE int limits_new(const struct limits_options *options, struct limits **ret);
void limits_free(struct limits *limits);

/*
 * May this person try from this source now?
 *   person         SID text, or "name:" and a canonical name (then hashed: a name that is long is no key)
 *   source         rhost as PAM gave it, or "" (console); never resolved (I-22); a literal address is put in
 *                  canonical form, IPv6 to its /64
 *   password_cap   rejected passwords over all sources before no more is sent, 0 = no such limit
 *   ret_attempt    on success, to be ended; and password_spent to be heeded, by who sends passwords
 * Returns 0, FED_E_LOCKED, FED_E_STORE, FED_E_BUSY. Blocks on the store. Any thread.
 */
FED_MUST_USE int limits_begin(struct limits *limits, const char *person, const char *source,
    unsigned password_cap, int64_t now_s, struct limits_attempt *ret_attempt);

/*
 * End an attempt. 0, or FED_E_STORE when a failure could not be written: the caller then denies. A success
 * that could not be written is 0: what stays counted is on the safe side.
 */
FED_MUST_USE int limits_end(struct limits *limits, const struct limits_attempt *attempt,
    enum limits_outcome outcome, int64_t now_s);

/* Forget a person's failures, of every source. 0 or FED_E_STORE. */
FED_MUST_USE int limits_unlock(struct limits *limits, const char *person);

#endif
