/*
 * epoll, with watches that may end while an event of theirs is on its way.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "bridge/loop.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum { EVENTS_AT_ONCE = 64 };

struct watch {
    int fd;
    void (*fn)(void *arg); /* NULL = ended */
    void *arg;
    struct watch *next_dead;
};

struct loop {
    int epoll_fd;
    int wake_fd;
    void (*wake)(void *arg);
    void *wake_arg;
    struct watch *wake_watch;

    pthread_mutex_t lock; /* of the watches' fn and arg, and of this list */
    struct watch *dead;   /* ended, but an event of this round may still point to them */
};

static void
on_wake(void *arg)
{
    struct loop *l = arg;
    uint64_t count;

    if (read(l->wake_fd, &count, sizeof(count)) > 0)
        l->wake(l->wake_arg);
}

int
loop_new(void (*wake)(void *arg), void *arg, struct loop **ret)
{
    struct loop *l = calloc(1, sizeof(*l));
    int r = FED_E_SYSTEM;

    if (l == NULL)
        return FED_E_NOMEM;
    (void)pthread_mutex_init(&l->lock, NULL);
    l->wake = wake;
    l->wake_arg = arg;
    l->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    l->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    if (l->wake_fd >= 0 && l->epoll_fd >= 0)
        r = loop_watch(l, l->wake_fd, EPOLLIN, on_wake, l, &l->wake_watch);
    if (r != 0) {
        loop_free(l);
        return r;
    }
    *ret = l;
    return 0;
}

static void
free_dead(struct loop *l)
{
    (void)pthread_mutex_lock(&l->lock);
    struct watch *list = l->dead, *next;
    l->dead = NULL;
    (void)pthread_mutex_unlock(&l->lock);
    for (struct watch *w = list; w != NULL; w = next) {
        next = w->next_dead;
        free(w);
    }
}

void
loop_free(struct loop *l)
{
    if (l == NULL)
        return;
    loop_unwatch(l, l->wake_watch);
    free_dead(l);
    if (l->epoll_fd >= 0)
        (void)close(l->epoll_fd);
    if (l->wake_fd >= 0)
        (void)close(l->wake_fd);
    (void)pthread_mutex_destroy(&l->lock);
    free(l);
}

int
loop_watch(
    struct loop *l, int fd, uint32_t events, void (*fn)(void *arg), void *arg, struct watch **ret)
{
    struct watch *w = calloc(1, sizeof(*w));
    struct epoll_event event = {.events = events, .data.ptr = w};

    if (w == NULL)
        return FED_E_NOMEM;
    *w = (struct watch){.fd = fd, .fn = fn, .arg = arg};
    *ret = w; /* before the first event can come */
    if (epoll_ctl(l->epoll_fd, EPOLL_CTL_ADD, fd, &event) == 0)
        return 0;
    *ret = NULL;
    free(w);
    return FED_E_SYSTEM;
}

void
loop_rewatch(struct loop *l, struct watch *w, uint32_t events)
{
    struct epoll_event event = {.events = events, .data.ptr = w};

    (void)epoll_ctl(l->epoll_fd, EPOLL_CTL_MOD, w->fd, &event);
}

void
loop_unwatch(struct loop *l, struct watch *w)
{
    if (w == NULL)
        return;
    (void)epoll_ctl(l->epoll_fd, EPOLL_CTL_DEL, w->fd, NULL);
    (void)pthread_mutex_lock(&l->lock);
    w->fn = NULL;
    w->next_dead = l->dead;
    l->dead = w;
    (void)pthread_mutex_unlock(&l->lock);
}

static void
dispatch(struct loop *l, const struct watch *w)
{
    (void)pthread_mutex_lock(&l->lock);
    void (*fn)(void *) = w->fn;
    void *arg = w->arg;
    (void)pthread_mutex_unlock(&l->lock);
    if (fn != NULL)
        fn(arg);
}

int
loop_run_once(struct loop *l, int wait_ms)
{
    struct epoll_event events[EVENTS_AT_ONCE];

    int n = epoll_wait(l->epoll_fd, events, EVENTS_AT_ONCE, wait_ms);
    if (n < 0 && errno != EINTR)
        return FED_E_SYSTEM;
    for (int i = 0; i < n; i++)
        dispatch(l, events[i].data.ptr);
    free_dead(l);
    return 0;
}

void
loop_wake(struct loop *l)
{
    uint64_t one = 1;
    ssize_t n = write(l->wake_fd, &one, sizeof(one));
    (void)n; /* full means that it is awake already */
}
