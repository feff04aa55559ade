/*
 * The credentials that were given, by ticket, role and wanted duration; and single flight: however many ask for
 * one that is not there, one of them goes to AWS and the others wait without holding a worker (I-63).
 *
 * A credential with less than 15 minutes left is not handed out but renewed, since SDKs ask again
 * from that mark on; one that was asked for a quarter of an hour or less is renewed at half its time.
 * One that was handed out is renewed before that mark, when somebody who asks about it may come again: so they find
 * the next one there (cache_renewable).
 * Refusals are remembered for some seconds, so that a broken role cannot hammer AWS.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef BRIDGE_CACHE_H
#define BRIDGE_CACHE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/secret.h"
#include "bridge/job.h"
#include "bridge/sts.h"
#include "bridge/token.h"

struct cache;

enum {
    CACHE_FRESH_S = 900,
    CACHE_AHEAD_S = 300,         /* renewed so long before the mark */
    CACHE_RENEW_REST_MS = 60000, /* after a try to renew one */
    CACHE_REFUSED_MS = 5000,     /* how long a refusal of AWS stands */
    CACHE_UNAVAILABLE_MS = 1000, /* and a failure to reach it */
    CACHE_STILL_GOOD_S = 60,     /* AWS gone: an older credential serves down to this */
    CACHE_PER_TICKET = 256 /* credentials of one ticket; beyond, the one that ends first goes */
};

struct cache_key {
    char ticket[TOKEN_SIZE];
    uint64_t role;      /* conf_role's digest: what another reading changed is another role */
    int64_t duration_s; /* as wanted by the asker, 0 = the role's */
};

enum cache_claim {
    CACHE_HIT,     /* ret_credential is filled */
    CACHE_LEAD,    /* nobody fetches it: the caller does, and must call cache_land */
    CACHE_WAIT,    /* the job was kept; it is handed to resume when the flight has landed */
    CACHE_REFUSED, /* ret_error and why are filled: a flight failed just now */
    CACHE_FAILED   /* out of memory */
};

/* resume gets the waiting jobs back, with job->landed set; in the thread that lands the flight. */
FED_MUST_USE int cache_new(
    void (*resume)(void *arg, struct job *job), void *arg, struct cache **ret);
void cache_free(struct cache *cache);

/*
 * Any thread; never blocks for long.
 *   job              who waits if need be
 *   now_s            Unix time
 *   ret_credential   initialised by this call on a hit; the caller's, freed with sts_credential_done
 *   why              at least STS_WHY_MAX bytes
 */
FED_MUST_USE enum cache_claim cache_claim(struct cache *cache, const struct cache_key *key,
    struct job *job, int64_t now_s, struct sts_credential *ret_credential, int *ret_error,
    char *why);

/*
 * The leader's result: a credential (copied; the leader's stays its own) or an error with its text. Where an
 * error leaves an older credential that still serves (AWS or the directory cannot be reached, or the ticket ends too
 * soon for another), that one is put into credential instead. A key that was purged meanwhile keeps nothing.
 *   credential   in: the result, on success; out: the older one, on an error that is answered with 0
 *   asked_s      the duration that was asked of AWS
 * Returns 0 when credential is to be handed out, else error.
 */
FED_MUST_USE int cache_land(struct cache *cache, const struct cache_key *key, int error,
    const char *why, struct sts_credential *credential, int64_t asked_s);

/*
 * The next credential of a ticket to renew: it was handed out since it was fetched, it comes to its mark within its time ahead, and
 * the ticket lasts longer than it does. Each is named once in CACHE_RENEW_REST_MS, so call it until it says false. A job with
 * renews set and this key then fetches another; meanwhile, and if that fails, the older one is handed out.
 */
bool cache_renewable(struct cache *cache, const char *ticket, int64_t ticket_ends_s, int64_t now_s,
    struct cache_key *ret);

/* Until when a credential of this ticket and role is cached; 0 = there is none. */
int64_t cache_until(struct cache *cache, const char *ticket, uint64_t role, int64_t now_s);

/* Whose is the credential with this access key id? False when it is not cached. */
struct cache_holder {
    char ticket[TOKEN_SIZE];
    uint64_t role;
    int64_t expires_s;
    char arn[2049]; /* of the session */
};
bool cache_find_holder(struct cache *cache, const char *access_key_id, struct cache_holder *ret);

/* Wipe everything of a ticket. Flights under way land in nothing. */
void cache_purge(struct cache *cache, const char *ticket);

#endif
