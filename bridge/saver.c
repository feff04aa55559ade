/*
 * Group commit for a small file.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "bridge/saver.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "bridge/state.h"
#include "bridge/state_file.h"

#define FILE_NAME "sessions.json"

struct saver {
    const struct conf *conf;
    struct tickets *tickets;
    pthread_t thread;
    bool failing; /* the thread's own: a full disk is told once */

    pthread_mutex_t lock; /* for what follows; taken inside that of the tickets, never around it */
    pthread_cond_t told, saved;
    uint64_t changes, on_disk; /* counts */
    bool stopping;
};

static const char *
name_domain(void *arg, size_t domain)
{
    const struct conf *conf = arg;

    return domain < conf->n_domains ? conf->domains[domain].name : "";
}

static bool
find_domain(void *arg, const char *name, size_t *ret)
{
    const struct conf *conf = arg;

    for (size_t i = 0; i < conf->n_domains; i++) {
        if (strcmp(conf->domains[i].name, name) == 0) {
            *ret = i;
            return true;
        }
    }
    return false;
}

/* ---- At the start ---- */

void
saver_restore(const struct conf *conf, struct tickets *tickets)
{
    struct fed_secret text = FED_SECRET_INIT(STATE_MAX);
    char why[STATE_FILE_WHY_MAX] = "it is damaged";
    unsigned n_tickets = 0, n_sessions = 0;
    struct state state = {.boot = ""};
    int r = state_file_read(conf->bridge.state_dir, FILE_NAME, geteuid(), &text, why);

    if (r == FED_E_NOT_FOUND)
        goto out;
    if (r == 0)
        r = state_parse(text.data, text.len, &state);
    if (r == 0)
        r = tickets_restore(
            tickets, &state, find_domain, (void *)(uintptr_t)conf, &n_tickets, &n_sessions);
    if (r != 0)
        fed_log_error("who was signed in cannot be read from \"%s/" FILE_NAME "\": %s; everybody "
                      "has to sign in again with awsfed-login",
            conf->bridge.state_dir, r == FED_E_INVALID ? "it is damaged" : why);
    else if (state.n_tickets > 0 || state.n_sessions > 0)
        fed_log_info("taken over from before the restart: %u of %zu sign-ins, %u of %zu sessions",
            n_tickets, state.n_tickets, n_sessions, state.n_sessions);

out:
    state_done(&state);
    fed_secret_done(&text);
}

/* ---- Saving ---- */

static int
save(struct saver *s, char *why)
{
    struct fed_secret text = FED_SECRET_INIT(STATE_MAX);
    struct state state = {.boot = ""};
    int r = tickets_save(s->tickets, name_domain, (void *)(uintptr_t)s->conf, &state);

    if (r == 0)
        r = state_format(&state, &text);
    if (r == 0)
        r = state_file_write(s->conf->bridge.state_dir, FILE_NAME, text.data, text.len, why);
    state_done(&state);
    fed_secret_done(&text);
    return r;
}

static void
save_or_remove(struct saver *s)
{
    char why[STATE_FILE_WHY_MAX] = "out of memory";
    int r = save(s, why);

    if (r == 0) {
        if (s->failing)
            fed_log_info("sign-ins and sessions are saved again");
        s->failing = false;
        return;
    }
    if (!s->failing)
        fed_log_error("%s: the next restart of the bridge will sign everybody out", why);
    s->failing = true;
    if (state_file_remove(s->conf->bridge.state_dir, FILE_NAME, why) != 0)
        fed_log_error("%s: a restart could bring back sign-ins that have ended; remove it", why);
}

static void *
saver_main(void *arg)
{
    struct saver *s = arg;

    (void)pthread_mutex_lock(&s->lock);
    for (;;) {
        while (s->changes == s->on_disk && !s->stopping)
            (void)pthread_cond_wait(&s->told, &s->lock);
        if (s->changes == s->on_disk)
            break;
        uint64_t upto = s->changes;
        (void)pthread_mutex_unlock(&s->lock);
        save_or_remove(s);
        (void)pthread_mutex_lock(&s->lock);
        s->on_disk = upto;
        (void)pthread_cond_broadcast(&s->saved);
    }
    (void)pthread_mutex_unlock(&s->lock);
    return NULL;
}

int
saver_new(const struct conf *conf, struct tickets *tickets, struct saver **ret)
{
    struct saver *s = calloc(1, sizeof(*s));
    pthread_condattr_t attr;
    sigset_t all, old;

    if (s == NULL)
        return FED_E_NOMEM;
    s->conf = conf;
    s->tickets = tickets;
    s->changes = 1; /* the first thing is to write what was taken over */
    (void)pthread_mutex_init(&s->lock, NULL);
    (void)pthread_cond_init(&s->told, NULL);
    (void)pthread_condattr_init(&attr);
    (void)pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    (void)pthread_cond_init(&s->saved, &attr);
    (void)pthread_condattr_destroy(&attr);
    (void)sigfillset(&all);
    (void)pthread_sigmask(SIG_BLOCK, &all, &old);
    int error = pthread_create(&s->thread, NULL, saver_main, s);
    (void)pthread_sigmask(SIG_SETMASK, &old, NULL);
    if (error != 0) {
        free(s);
        return FED_E_SYSTEM;
    }
    *ret = s;
    return 0;
}

void
saver_changed(struct saver *s)
{
    if (s == NULL)
        return;
    (void)pthread_mutex_lock(&s->lock);
    s->changes++;
    (void)pthread_cond_signal(&s->told);
    (void)pthread_mutex_unlock(&s->lock);
}

void
saver_wait(struct saver *s)
{
    struct timespec until;

    if (s == NULL)
        return;
    (void)clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += SAVER_WAIT_MS / 1000;
    (void)pthread_mutex_lock(&s->lock);
    uint64_t upto = s->changes;
    while (s->on_disk < upto && pthread_cond_timedwait(&s->saved, &s->lock, &until) == 0)
        continue;
    bool late = s->on_disk < upto;
    (void)pthread_mutex_unlock(&s->lock);
    if (late)
        fed_log_warning("saving who is signed in takes more than %d ms", (int)SAVER_WAIT_MS);
}

void
saver_free(struct saver *s)
{
    if (s == NULL)
        return;
    (void)pthread_mutex_lock(&s->lock);
    s->stopping = true;
    (void)pthread_cond_signal(&s->told);
    (void)pthread_mutex_unlock(&s->lock);
    (void)pthread_join(s->thread, NULL);
    (void)pthread_cond_destroy(&s->told);
    (void)pthread_cond_destroy(&s->saved);
    (void)pthread_mutex_destroy(&s->lock);
    free(s);
}
