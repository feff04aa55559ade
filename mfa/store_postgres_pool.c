/*
 * Warm connections to PostgreSQL: last in, first out, so that a quiet time lets the others grow old and go.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "mfa/store_postgres_pool.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/log.h"
#include "mfa/store.h"
#include "mfa/store_postgres_schema.h"

/* A connection at rest for longer may have been forgotten by a firewall on the way. */
enum { REST_MAX_MS = 60 * 1000 };

struct store_postgres_pool {
    const struct store_postgres_uri *uri;
    pthread_mutex_t lock; /* of all below */
    pthread_cond_t freed;
    size_t n_open; /* lent, at rest and being opened */
    size_t n_rest;
    struct store_postgres_link rest[STORE_POSTGRES_LINKS];
    int64_t away_until_ms;
    bool away; /* known to the log */
};

int
store_postgres_pool_new(const struct store_postgres_uri *uri, struct store_postgres_pool **ret)
{
    struct store_postgres_pool *pool = calloc(1, sizeof(*pool));
    pthread_condattr_t monotonic;

    if (pool == NULL)
        return FED_E_NOMEM;
    pool->uri = uri;
    (void)pthread_mutex_init(&pool->lock, NULL);
    (void)pthread_condattr_init(&monotonic);
    (void)pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    (void)pthread_cond_init(&pool->freed, &monotonic);
    (void)pthread_condattr_destroy(&monotonic);
    *ret = pool;
    return 0;
}

void
store_postgres_pool_free(struct store_postgres_pool *pool)
{
    if (pool == NULL)
        return;
    while (pool->n_rest > 0)
        store_postgres_link_close(&pool->rest[--pool->n_rest]);
    (void)pthread_cond_destroy(&pool->freed);
    (void)pthread_mutex_destroy(&pool->lock);
    free(pool);
}

/* ---- Lending ---- */

/* Take the youngest at rest that still lives. Under the lock. */
static bool
take_rested(struct store_postgres_pool *pool, struct store_postgres_link *ret)
{
    while (pool->n_rest > 0) {
        struct store_postgres_link *link = &pool->rest[--pool->n_rest];
        if (clock_mono_ms() - link->resting_since_ms < REST_MAX_MS &&
            store_postgres_link_is_live(link)) {
            *ret = *link;
            return true;
        }
        store_postgres_link_close(link);
        pool->n_open--;
    }
    return false;
}

/* A connection, or the right to open one (pg NULL). 0 or FED_E_STORE. */
static int
take_place(struct store_postgres_pool *pool, struct store_postgres_link *ret, char *why)
{
    int64_t end_ms = clock_mono_ms() + STORE_POSTGRES_ANSWER_MS;
    struct timespec end = {
        .tv_sec = (time_t)(end_ms / 1000), .tv_nsec = (long)(end_ms % 1000) * 1000000};
    const char *trouble = NULL;
    int r = FED_E_STORE;

    *ret = (struct store_postgres_link){.pg = NULL};
    (void)pthread_mutex_lock(&pool->lock);
    for (;;) {
        if (clock_mono_ms() < pool->away_until_ms)
            trouble = "did not answer a moment ago";
        else if (take_rested(pool, ret) || pool->n_open < STORE_POSTGRES_LINKS)
            r = 0;
        if (r == 0 || trouble != NULL)
            break;
        if (pthread_cond_timedwait(&pool->freed, &pool->lock, &end) != 0)
            trouble = "all connections are in use";
    }
    if (r == 0 && ret->pg == NULL)
        pool->n_open++;
    (void)pthread_mutex_unlock(&pool->lock);
    if (r != 0)
        (void)snprintf(why, STORE_WHY_MAX, "PostgreSQL: %s", trouble);
    return r;
}

/* Give a connection, or its place, back. */
void
store_postgres_pool_give_back(struct store_postgres_pool *pool, struct store_postgres_link *link)
{
    bool keep = link->pg != NULL && !link->broken && PQtransactionStatus(link->pg) == PQTRANS_IDLE;

    if (!keep && link->pg != NULL)
        store_postgres_link_close(link);
    link->resting_since_ms = clock_mono_ms();
    (void)pthread_mutex_lock(&pool->lock);
    if (keep)
        pool->rest[pool->n_rest++] = *link;
    else
        pool->n_open--;
    (void)pthread_cond_signal(&pool->freed);
    (void)pthread_mutex_unlock(&pool->lock);
}

/*
 * Note whether the server answers; one line in the log each time that changes, for it is no single
 * request's doing.
 */
static void
note(struct store_postgres_pool *pool, bool answers, const char *why)
{
    (void)pthread_mutex_lock(&pool->lock);
    bool changed = pool->away == answers;
    pool->away = !answers;
    pool->away_until_ms = answers ? 0 : clock_mono_ms() + STORE_POSTGRES_AWAY_MS;
    if (!answers)
        (void)pthread_cond_broadcast(&pool->freed);
    (void)pthread_mutex_unlock(&pool->lock);
    if (changed && answers)
        fed_log_info("the second-factor store answers again");
    if (changed && !answers)
        fed_log_warning("the second-factor store is away, logins are refused meanwhile: %s", why);
}

static int
open_link(struct store_postgres_pool *pool, struct store_postgres_link *link, char *why)
{
    int r = store_postgres_link_open(pool->uri, link, why);

    if (r == 0 && (r = store_postgres_schema_check(link, why)) != 0)
        store_postgres_link_close(link);
    note(pool, r == 0, why);
    return r;
}

int
store_postgres_pool_take(
    struct store_postgres_pool *pool, struct store_postgres_link *ret, char *why)
{
    int r = take_place(pool, ret, why);

    if (r == 0 && ret->pg == NULL && (r = open_link(pool, ret, why)) != 0)
        store_postgres_pool_give_back(pool, ret);
    return r;
}

int
store_postgres_pool_ask(struct store_postgres_pool *pool, const char *sql, bool is_read,
    const struct store_postgres_args *args, PGresult **ret, char *why)
{
    bool again = is_read;

    for (;;) {
        struct store_postgres_link link;
        int64_t begin_ms = clock_mono_ms();
        int r = store_postgres_pool_take(pool, &link, why);
        if (r != 0)
            return r;
        r = store_postgres_ask(&link, sql, args, ret, why);
        bool broken = link.broken;
        bool hung = broken && clock_mono_ms() - begin_ms >= STORE_POSTGRES_ANSWER_MS;
        store_postgres_pool_give_back(pool, &link);
        if (hung)
            note(pool, false, why);
        if (r == 0 || !broken || hung || !again)
            return r;
        again = false;
    }
}

int
store_postgres_pool_probe(struct store_postgres_pool *pool, char *why)
{
    PGresult *result = NULL;
    int r = store_postgres_pool_ask(pool, "SELECT 1", true, NULL, &result, why);

    if (r == 0)
        PQclear(result);
    return r;
}
