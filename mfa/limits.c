/*
 * Limits on guessing: the failures are in the store, the attempts under way in a table here, and
 * one mutex makes reading both and adding to the table one act.
 * SPDX-License-Identifier: Apache-2.0
 *
 * What a success forgives. Whoever shares a counter with the person could have it reset by the
 * person's own logins, so a success forgives no more than it must:
 *
 *   - its own source's failures: the person mistyped there, most likely. A stranger behind the same
 *     address gains max_failures tries for each of the person's logins, and no more;
 *   - codes from other sources: not. A stranger who guesses from a hundred addresses would have a fresh
 *     allowance every morning. They fade, source by source, lock_time after the last of each;
 *   - rejected passwords of all sources: yes, but only in the count that guards the directory's own
 *     lockout, for a good bind has set the directory's count to zero as well. The other sources'
 *     own counts stay.
 */
#include "mfa/limits.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "mfa/source.h"

struct limits {
    struct limits_options options;
    pthread_mutex_t lock; /* of all below */
    size_t n_under_way;
    struct limits_attempt under_way[LIMITS_UNDER_WAY_MAX];
};

int
limits_new(const struct limits_options *options, struct limits **ret)
{
    if (options->store == NULL || options->max_failures == 0 || options->lock_time_s <= 0)
        return FED_E_INVALID;
    struct limits *limits = calloc(1, sizeof(*limits));
    if (limits == NULL)
        return FED_E_NOMEM;
    limits->options = *options;
    (void)pthread_mutex_init(&limits->lock, NULL);
    *ret = limits;
    return 0;
}

void
limits_free(struct limits *limits)
{
    if (limits == NULL)
        return;
    (void)pthread_mutex_destroy(&limits->lock);
    free(limits);
}

/* A SID is its own key; a name that nobody owns, or anything overlong, becomes a hash. */
static void
person_key(const char *person, char ret_key[LIMITS_PERSON_MAX])
{
    size_t len = strlen(person);

    if (strncmp(person, "name:", 5) == 0 || len >= LIMITS_PERSON_MAX)
        source_hash("name:", person, ret_key, LIMITS_PERSON_MAX);
    else
        memcpy(ret_key, person, len + 1);
}

/* Failures stored and other attempts under way, together against each limit. */
static int
judge(struct limits *limits, struct limits_attempt *attempt, uint64_t here, uint64_t anywhere,
    unsigned password_cap, int64_t now_s)
{
    const struct limits_options *o = &limits->options;
    struct store_failures failures;

    int r = store_failures_get(
        o->store, attempt->person, attempt->source, now_s, o->lock_time_s, &failures);
    if (r != 0)
        return r;
    /* Wrong passwords too: whoever has no second factor is counted for those what others are for codes. */
    uint64_t all = anywhere + failures.codes + failures.passwords;
    if (here + failures.here >= o->max_failures ||
        all >= (uint64_t)o->max_failures * LIMITS_FACTOR_SOURCES)
        return FED_E_LOCKED;
    attempt->password_spent = password_cap != 0 && anywhere + failures.passwords >= password_cap;
    return 0;
}

/* All attempts are ours: counted and added under the lock. */
static int
begin_alone(
    struct limits *limits, struct limits_attempt *attempt, unsigned password_cap, int64_t now_s)
{
    uint64_t here = 0, anywhere = 0;

    (void)pthread_mutex_lock(&limits->lock);
    for (size_t i = 0; i < limits->n_under_way; i++) {
        if (strcmp(limits->under_way[i].person, attempt->person) != 0)
            continue;
        anywhere++;
        here += strcmp(limits->under_way[i].source, attempt->source) == 0;
    }
    int r = judge(limits, attempt, here, anywhere, password_cap, now_s);
    if (r == 0 && limits->n_under_way == LIMITS_UNDER_WAY_MAX)
        r = FED_E_BUSY;
    if (r == 0)
        limits->under_way[limits->n_under_way++] = *attempt;
    (void)pthread_mutex_unlock(&limits->lock);
    return r;
}

/*
 * Other hosts' attempts count too, so the table is the store's. First ours is noted, then the others are
 * counted, then the failures are read: an attempt that ends in between, its failure stored first, is found
 * in one of the two, or in both.
 */
static int
begin_shared(
    struct limits *limits, struct limits_attempt *attempt, unsigned password_cap, int64_t now_s)
{
    struct store *store = limits->options.store;
    unsigned here = 0, anywhere = 0;

    int r = store_attempt_begin(
        store, attempt->person, attempt->source, &attempt->shared_id, &here, &anywhere);
    if (r != 0)
        return r;
    r = judge(limits, attempt, here, anywhere, password_cap, now_s);
    if (r != 0)
        store_attempt_end(store, attempt->shared_id);
    return r;
}

int
limits_begin(struct limits *limits, const char *person, const char *source, unsigned password_cap,
    int64_t now_s, struct limits_attempt *ret_attempt)
{
    struct limits_attempt attempt = {.shared_id = 0};

    person_key(person, attempt.person);
    source_key(source, attempt.source);
    int r = store_is_shared(limits->options.store)
                ? begin_shared(limits, &attempt, password_cap, now_s)
                : begin_alone(limits, &attempt, password_cap, now_s);
    if (r == 0)
        *ret_attempt = attempt;
    return r;
}

/* A login without a failure before it, the usual one, writes nothing here. */
static void
forgive(struct limits *limits, const struct limits_attempt *attempt, int64_t now_s)
{
    const struct limits_options *o = &limits->options;
    struct store_failures failures;

    int r = store_failures_get(
        o->store, attempt->person, attempt->source, now_s, o->lock_time_s, &failures);
    if (r == 0 && (failures.here != 0 || failures.passwords != 0))
        r = store_failures_forgive(o->store, attempt->person, attempt->source);
    if (r != 0)
        fed_log_debug("failures of %s stay counted: %s", attempt->person, fed_strerror(r));
}

static void
take_from_table(struct limits *limits, const struct limits_attempt *attempt)
{
    if (store_is_shared(limits->options.store)) {
        store_attempt_end(limits->options.store, attempt->shared_id);
        return;
    }
    (void)pthread_mutex_lock(&limits->lock);
    for (size_t i = 0; i < limits->n_under_way; i++) {
        struct limits_attempt *at = &limits->under_way[i];
        if (strcmp(at->person, attempt->person) == 0 && strcmp(at->source, attempt->source) == 0) {
            *at = limits->under_way[--limits->n_under_way];
            break;
        }
    }
    (void)pthread_mutex_unlock(&limits->lock);
}

int
limits_end(struct limits *limits, const struct limits_attempt *attempt, enum limits_outcome outcome,
    int64_t now_s)
{
    const struct limits_options *o = &limits->options;
    int r = 0;

    /* The failure is stored before the attempt leaves the table: for a moment it counts twice,
     * never not at all. The write's fsync happens outside the lock. */
    switch (outcome) {
    case LIMITS_SUCCESS:
        forgive(limits, attempt, now_s);
        break;
    case LIMITS_WRONG_CODE:
        r = store_failures_add(
            o->store, attempt->person, attempt->source, STORE_FAILED_CODE, now_s, o->lock_time_s);
        break;
    case LIMITS_WRONG_PASSWORD:
        r = store_failures_add(o->store, attempt->person, attempt->source, STORE_FAILED_PASSWORD,
            now_s, o->lock_time_s);
        break;
    case LIMITS_NO_VERDICT:
        break;
    }
    take_from_table(limits, attempt);
    return r;
}

int
limits_unlock(struct limits *limits, const char *person)
{
    char key[LIMITS_PERSON_MAX];

    person_key(person, key);
    return store_failures_forget(limits->options.store, key);
}
