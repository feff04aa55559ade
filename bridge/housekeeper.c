/*
 * A loop that waits for the next due time or for being told.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "bridge/housekeeper.h"

#include <signal.h>
#include <stdlib.h>
#include <time.h>

#include "base/clock.h"
#include "bridge/clockwatch.h"
#include "bridge/reload.h"
#include "bridge/renewals.h"

struct housekeeper {
    struct bridge *b;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t told;
    bool stopping, hurry, reload;
    int64_t refresh_at_ms;
};

/* So that our limit on rejected passwords trips before the directory's own lockout does (I-39). */
static void
read_lockout_policies(struct bridge *b)
{
    for (size_t i = 0; i < b->conf->n_domains; i++) {
        char why[ADDIR_WHY_MAX] = "";
        unsigned threshold = 0;
        if (addir_lockout_threshold(b->dirs[i], &threshold, why) != 0)
            continue; /* keep what was known; the groups' read has logged that the domain is silent */
        unsigned cap = threshold > 1 ? threshold - 1 : threshold;
        __atomic_store_n(&b->password_caps[i], cap, __ATOMIC_RELAXED);
    }
}

int
housekeeper_round(struct bridge *b)
{
    int r = mapper_refresh(b->mapper);

    /* One domain that is down is no reason not to know the limits of the others. */
    if (r == 0 || b->conf->n_domains > 1)
        read_lockout_policies(b);
    return r;
}

static void
schedule(struct housekeeper *h, int error)
{
    int64_t wait_s = error == 0 ? h->b->conf->bridge.group_refresh_s : HOUSEKEEPER_RETRY_S;

    h->refresh_at_ms = clock_mono_ms() + wait_s * 1000;
}

static bool
wait_for_work(struct housekeeper *h, bool *ret_reload)
{
    struct timespec until;

    (void)clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += HOUSEKEEPER_SWEEP_S;
    (void)pthread_mutex_lock(&h->lock);
    if (!h->stopping && !h->hurry)
        (void)pthread_cond_timedwait(&h->told, &h->lock, &until);
    if (h->hurry)
        h->refresh_at_ms = 0;
    h->hurry = false;
    *ret_reload = h->reload;
    h->reload = false;
    bool go_on = !h->stopping;
    (void)pthread_mutex_unlock(&h->lock);
    return go_on;
}

static void *
housekeeper_main(void *arg)
{
    struct housekeeper *h = arg;

    bool again;

    clockwatch_round(h->b);
    while (wait_for_work(h, &again)) {
        if (again)
            reload(h->b);
        tickets_sweep(h->b->tickets);
        renewals_start(h->b);
        if (clock_mono_ms() >= h->refresh_at_ms)
            schedule(h, housekeeper_round(h->b));
        clockwatch_round(h->b);
    }
    return NULL;
}

int
housekeeper_start(struct bridge *b, bool refreshed, struct housekeeper **ret)
{
    struct housekeeper *h = calloc(1, sizeof(*h));
    pthread_condattr_t attr;
    sigset_t all, old;

    if (h == NULL)
        return FED_E_NOMEM;
    h->b = b;
    (void)pthread_mutex_init(&h->lock, NULL);
    (void)pthread_condattr_init(&attr);
    (void)pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    (void)pthread_cond_init(&h->told, &attr);
    (void)pthread_condattr_destroy(&attr);
    schedule(h, refreshed ? 0 : FED_E_DIRECTORY);

    (void)sigfillset(&all);
    (void)pthread_sigmask(SIG_BLOCK, &all, &old);
    int error = pthread_create(&h->thread, NULL, housekeeper_main, h);
    (void)pthread_sigmask(SIG_SETMASK, &old, NULL);
    if (error != 0) {
        free(h);
        return FED_E_SYSTEM;
    }
    *ret = h;
    return 0;
}

static void
tell(struct housekeeper *h, bool stop)
{
    (void)pthread_mutex_lock(&h->lock);
    h->stopping = h->stopping || stop;
    h->reload = !stop;
    h->hurry = true;
    (void)pthread_cond_signal(&h->told);
    (void)pthread_mutex_unlock(&h->lock);
}

void
housekeeper_reload(struct housekeeper *h)
{
    tell(h, false);
}

void
housekeeper_stop(struct housekeeper *h)
{
    if (h == NULL)
        return;
    tell(h, true);
    (void)pthread_join(h->thread, NULL);
    (void)pthread_cond_destroy(&h->told);
    (void)pthread_mutex_destroy(&h->lock);
    free(h);
}
