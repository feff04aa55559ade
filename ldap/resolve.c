/*
 * getaddrinfo(3) under a deadline. At most one query for a host is under way: its thread is shared by all
 * who wait, and left alone by those whose time is up.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ldap/resolve.h"

#include <errno.h>
#include <netdb.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"

enum { GOOD_FOR_MS = 60 * 1000 };

struct resolve {
    pthread_mutex_t lock; /* all below */
    pthread_cond_t answered;
    unsigned users; /* the owner, and the thread while it runs: the last one frees */
    bool asking;
    bool literal; /* an address, not a name: the answer is for ever */
    uint64_t round;
    int64_t good_until_ms;
    struct resolve_address addresses[RESOLVE_MAX];
    size_t n;
    char *host;
    char *port;
};

static void
copy_answer(struct resolve *r, const struct addrinfo *list)
{
    size_t n = 0;

    for (; list != NULL && n < RESOLVE_MAX; list = list->ai_next) {
        if (list->ai_addrlen > sizeof(r->addresses[n].address))
            continue;
        memcpy(&r->addresses[n].address, list->ai_addr, list->ai_addrlen);
        r->addresses[n++].len = list->ai_addrlen;
    }
    if (n > 0)
        r->n = n;
}

static int
look_up(const char *host, const char *port, int flags, struct addrinfo **ret)
{
    struct addrinfo hints = {
        .ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV | flags};

    *ret = NULL;
    return getaddrinfo(host, port, &hints, ret);
}

static void
destroy(struct resolve *r)
{
    pthread_cond_destroy(&r->answered);
    pthread_mutex_destroy(&r->lock);
    free(r->host);
    free(r->port);
    free(r);
}

/* Give up one use, with the lock held; the lock is gone afterwards. */
static void
leave(struct resolve *r)
{
    bool last = --r->users == 0;

    pthread_mutex_unlock(&r->lock);
    if (last)
        destroy(r);
}

int
resolve_new(const char *host, const char *port, struct resolve **ret)
{
    struct resolve *r = calloc(1, sizeof(*r));
    struct addrinfo *list;
    pthread_condattr_t monotonic;

    if (r == NULL)
        return FED_E_NOMEM;
    r->users = 1;
    pthread_mutex_init(&r->lock, NULL);
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&r->answered, &monotonic);
    pthread_condattr_destroy(&monotonic);
    r->host = strdup(host);
    r->port = strdup(port);
    if (r->host == NULL || r->port == NULL) {
        destroy(r);
        return FED_E_NOMEM;
    }
    if (look_up(host, port, AI_NUMERICHOST, &list) == 0) {
        copy_answer(r, list);
        r->literal = r->n > 0;
        freeaddrinfo(list);
    }
    *ret = r;
    return 0;
}

void
resolve_free(struct resolve *r)
{
    if (r == NULL)
        return;
    pthread_mutex_lock(&r->lock);
    leave(r);
}

static void *
ask_thread(void *arg)
{
    struct resolve *r = arg;
    struct addrinfo *list;
    int failed = look_up(r->host, r->port, 0, &list);

    pthread_mutex_lock(&r->lock);
    if (failed == 0) {
        copy_answer(r, list);
        r->good_until_ms = clock_mono_ms() + GOOD_FOR_MS;
    }
    r->asking = false;
    r->round++;
    pthread_cond_broadcast(&r->answered);
    leave(r);
    if (list != NULL)
        freeaddrinfo(list);
    return NULL;
}

/* Start the thread, with the lock held. Signals are the main thread's business, not this one's. */
static int
start_asking(struct resolve *r)
{
    pthread_t thread;
    sigset_t all, before;
    int error;

    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    error = pthread_create(&thread, NULL, ask_thread, r);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (error != 0)
        return FED_E_NOMEM;
    pthread_detach(thread);
    r->asking = true;
    r->users++;
    return 0;
}

/* With the lock held: have a query under way unless the answer is fresh. */
static int
refresh(struct resolve *r)
{
    if (r->literal || r->asking || clock_mono_ms() < r->good_until_ms)
        return 0;
    return start_asking(r);
}

void
resolve_hint(struct resolve *r)
{
    pthread_mutex_lock(&r->lock);
    (void)refresh(r);
    pthread_mutex_unlock(&r->lock);
}

int
resolve_ask(
    struct resolve *r, int64_t deadline_ms, struct resolve_address ret[RESOLVE_MAX], size_t *ret_n)
{
    struct timespec until = {.tv_sec = deadline_ms / 1000, .tv_nsec = deadline_ms % 1000 * 1000000};
    int error = 0;

    pthread_mutex_lock(&r->lock);
    uint64_t round = r->round;
    error = refresh(r);
    while (error == 0 && r->n == 0 && r->round == round)
        error = pthread_cond_timedwait(&r->answered, &r->lock, &until);
    if (r->n > 0) {
        memcpy(ret, r->addresses, r->n * sizeof(ret[0]));
        *ret_n = r->n;
        error = 0;
    } else if (error != FED_E_NOMEM) {
        error = FED_E_DIRECTORY;
    }
    pthread_mutex_unlock(&r->lock);
    return error;
}
