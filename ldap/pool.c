/*
 * A bounded pool of warm connections.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ldap/pool.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "ldap/why.h"

struct pool {
    pool_open_fn open;
    void *arg;
    unsigned limit;
    pthread_mutex_t lock; /* the rest; never held while anything blocks */
    pthread_cond_t freed;
    unsigned total; /* lent, resting, and being opened or closed */
    unsigned n;     /* resting, oldest first */
    struct conn *resting[POOL_MAX];
};

int
pool_new(unsigned limit, pool_open_fn open, void *arg, struct pool **ret)
{
    struct pool *pool = calloc(1, sizeof(*pool));
    pthread_condattr_t monotonic;

    if (pool == NULL)
        return FED_E_NOMEM;
    pool->open = open;
    pool->arg = arg;
    pool->limit = limit < 1 ? 1 : limit > POOL_MAX ? POOL_MAX : limit;
    pthread_mutex_init(&pool->lock, NULL);
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&pool->freed, &monotonic);
    pthread_condattr_destroy(&monotonic);
    *ret = pool;
    return 0;
}

void
pool_free(struct pool *pool)
{
    if (pool == NULL)
        return;
    while (pool->n > 0)
        conn_close(pool->resting[--pool->n]);
    pthread_cond_destroy(&pool->freed);
    pthread_mutex_destroy(&pool->lock);
    free(pool);
}

/* Take the oldest out when it has rested too long, with the lock held; NULL when it has not. */
static struct conn *
take_stale(struct pool *pool)
{
    struct conn *conn = pool->n > 0 ? pool->resting[0] : NULL;

    if (conn == NULL || !conn_is_stale(conn))
        return NULL;
    pool->n--;
    memmove(pool->resting, pool->resting + 1, pool->n * sizeof(pool->resting[0]));
    return conn;
}

/* Close a connection (NULL: none was opened) and free its place. */
static void
drop(struct pool *pool, struct conn *conn)
{
    conn_close(conn);
    pthread_mutex_lock(&pool->lock);
    pool->total--;
    pthread_cond_signal(&pool->freed);
    pthread_mutex_unlock(&pool->lock);
}

/*
 * Reserve a place: a resting connection, or *ret_conn NULL for room to open one.
 */
static int
reserve(struct pool *pool, int64_t deadline_ms, struct conn **ret_conn)
{
    struct timespec until = {.tv_sec = deadline_ms / 1000, .tv_nsec = deadline_ms % 1000 * 1000000};
    int error = 0;

    pthread_mutex_lock(&pool->lock);
    while (pool->n == 0 && pool->total >= pool->limit && error == 0)
        error = pthread_cond_timedwait(&pool->freed, &pool->lock, &until);
    *ret_conn = NULL;
    if (pool->n > 0) {
        *ret_conn = pool->resting[--pool->n];
        error = 0;
    } else if (pool->total < pool->limit) {
        pool->total++;
        error = 0;
    }
    pthread_mutex_unlock(&pool->lock);
    return error == 0 ? 0 : FED_E_BUSY;
}

int
pool_take(struct pool *pool, int64_t deadline_ms, struct conn **ret, char *why)
{
    struct conn *conn;
    int r;

    for (;;) {
        r = reserve(pool, deadline_ms, &conn);
        if (r != 0)
            return why_not(why, r, "all %u connections are in use", pool->limit);
        if (conn == NULL)
            break;
        if (conn_is_live(conn)) {
            *ret = conn;
            return 0;
        }
        drop(pool, conn);
    }
    r = pool->open(pool->arg, deadline_ms, ret, why);
    if (r != 0)
        drop(pool, NULL);
    return r;
}

void
pool_put(struct pool *pool, struct conn *conn)
{
    struct conn *stale;

    if (conn_is_broken(conn)) {
        drop(pool, conn);
        return;
    }
    conn_rest(conn);
    pthread_mutex_lock(&pool->lock);
    stale = take_stale(pool);
    pool->resting[pool->n++] = conn;
    pthread_cond_signal(&pool->freed);
    pthread_mutex_unlock(&pool->lock);
    if (stale != NULL)
        drop(pool, stale);
}

void
pool_purge(struct pool *pool, size_t server)
{
    struct conn *gone[POOL_MAX];
    unsigned n = 0, kept = 0;

    pthread_mutex_lock(&pool->lock);
    for (unsigned i = 0; i < pool->n; i++) {
        if (conn_server(pool->resting[i]) == server)
            gone[n++] = pool->resting[i];
        else
            pool->resting[kept++] = pool->resting[i];
    }
    pool->n = kept;
    pthread_mutex_unlock(&pool->lock);
    for (unsigned i = 0; i < n; i++)
        drop(pool, gone[i]);
}
