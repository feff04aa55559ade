/*
 * Logins on this host: their processes, and the tokens of their endpoints.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "bridge/tickets_table.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "base/log.h"
#include "base/secret.h"

static void
unwatch(struct tickets *t, struct session *s)
{
    if (s->watch != NULL)
        loop_unwatch(listener_loop(t->options.listener), s->watch);
    if (s->pidfd >= 0)
        (void)close(s->pidfd);
    s->watch = NULL;
    s->pidfd = -1;
}

static void
session_free(struct tickets *t, struct session *s)
{
    unwatch(t, s);
    free(s);
}

void
sessions_free(struct tickets *t)
{
    struct session *next;

    for (struct session *s = t->sessions; s != NULL; s = next) {
        next = s->next;
        session_free(t, s);
    }
    t->sessions = NULL;
}

unsigned
sessions_count(const struct tickets *t, uid_t uid)
{
    unsigned n = 0;

    for (const struct session *s = t->sessions; s != NULL; s = s->next)
        n += s->uid == uid && !s->lingers;
    return n;
}

void
sessions_drop_lingering(struct tickets *t, uid_t uid)
{
    for (struct session **at = &t->sessions; *at != NULL;) {
        struct session *s = *at;
        if (s->uid == uid && s->lingers) {
            *at = s->next;
            session_free(t, s);
        } else {
            at = &s->next;
        }
    }
}

/* Does its endpoint serve on when a session closes? Only as long as there is a ticket for it. */
static bool
may_linger(struct tickets *t, const struct session *s)
{
    return t->options.linger && s->has_endpoint && tickets_find_uid(t, s->uid) != NULL;
}

/*
 * The session at *at is over. The last one of its uid takes the ticket along, unless tickets linger. Afterwards *at is the
 * next one, or the same where its endpoint serves on. Lock held.
 */
static void
end_session(struct tickets *t, struct session **at)
{
    struct session *s = *at;
    uid_t uid = s->uid;

    tickets_changed(t);
    if (may_linger(t, s)) {
        s->lingers = true;
        unwatch(t, s);
        return;
    }
    *at = s->next;
    session_free(t, s);
    if (t->options.linger || sessions_count(t, uid) > 0)
        return;
    struct slot **slot = tickets_find_uid(t, uid);
    if (slot != NULL)
        tickets_end_slot(t, slot);
}

/*
 * Some session's process has ended. It looks for which, rather than being told, since the session may be closed
 * by another thread at this very moment.
 */
static void
close_dead_sessions(void *arg)
{
    struct tickets *t = arg;

    (void)pthread_mutex_lock(&t->lock);
    for (struct session **at = &t->sessions; *at != NULL;) {
        struct pollfd p = {.fd = (*at)->pidfd, .events = POLLIN};
        if ((*at)->pidfd >= 0 && poll(&p, 1, 0) == 1) {
            fed_log_info(
                "a session of uid %u is closed: its process is gone", (unsigned)(*at)->uid);
            end_session(t, at); /* what lingers is met once more, without a descriptor */
        } else {
            at = &(*at)->next;
        }
    }
    (void)pthread_mutex_unlock(&t->lock);
}

/* A process that is killed closes nothing. Its pidfd becomes readable when it ends, and then we close for it. */
bool
sessions_watch(struct tickets *t, struct session *s)
{
    s->pidfd = process_open(&s->process);
    if (s->pidfd < 0)
        return false;
    if (t->options.listener == NULL)
        return true;
    if (loop_watch(listener_loop(t->options.listener), s->pidfd, EPOLLIN, close_dead_sessions, t,
            &s->watch) != 0)
        fed_log_warning("cannot watch process %d: its session ends only when it is closed",
            (int)s->process.pid);
    return true;
}

int
tickets_open_session(struct tickets *t, uid_t uid, pid_t pid, char ret_session[TOKEN_SIZE])
{
    struct session *s = calloc(1, sizeof(*s));
    char name[TOKEN_SIZE];
    int r;

    if (s == NULL)
        return FED_E_NOMEM;
    if ((r = token_make(name)) != 0 || (r = token_hash(name, TOKEN_SIZE - 1, s->name_hash)) != 0) {
        free(s);
        return r;
    }
    s->uid = uid;
    /* It is the process that waits for our reply, so its number cannot have been given to another yet. */
    s->process = (struct process){.pid = pid, .started = process_started(pid)};
    memcpy(ret_session, name, TOKEN_SIZE);

    (void)pthread_mutex_lock(&t->lock);
    s->next = t->sessions;
    t->sessions = s;
    if (!sessions_watch(t, s))
        fed_log_warning(
            "cannot watch process %d: its session ends only when it is closed", (int)pid);
    tickets_changed(t);
    (void)pthread_mutex_unlock(&t->lock);
    return 0;
}

/* The open session of a name, NULL without one. Lock held. */
static struct session **
find_session(struct tickets *t, const char *name)
{
    unsigned char hash[TOKEN_HASH_SIZE];

    if (token_hash(name, strlen(name), hash) != 0)
        return NULL;
    for (struct session **at = &t->sessions; *at != NULL; at = &(*at)->next) {
        if (!(*at)->lingers &&
            fed_secret_equal((*at)->name_hash, TOKEN_HASH_SIZE, hash, TOKEN_HASH_SIZE))
            return at;
    }
    return NULL;
}

int
tickets_close_session(struct tickets *t, const char *session)
{
    (void)pthread_mutex_lock(&t->lock);
    struct session **at = find_session(t, session);
    if (at != NULL)
        end_session(t, at);
    (void)pthread_mutex_unlock(&t->lock);
    return at != NULL ? 0 : FED_E_NOT_FOUND;
}

/* ---- Endpoints ---- */

int
tickets_add_endpoint(struct tickets *t, const char *session, char ret_token[TOKEN_SIZE])
{
    unsigned char hash[TOKEN_HASH_SIZE];
    char token[TOKEN_SIZE];
    int r;

    if ((r = token_make(token)) != 0 || (r = token_hash(token, TOKEN_SIZE - 1, hash)) != 0)
        return r;
    (void)pthread_mutex_lock(&t->lock);
    struct session **at = find_session(t, session);
    if (at == NULL) {
        r = FED_E_NOT_FOUND;
    } else if (tickets_find_live(t, (*at)->uid) == NULL) {
        r = FED_E_NO_TICKET;
    } else {
        memcpy((*at)->endpoint_hash, hash, sizeof(hash));
        (*at)->has_endpoint = true;
        memcpy(ret_token, token, TOKEN_SIZE);
        tickets_changed(t);
    }
    (void)pthread_mutex_unlock(&t->lock);
    explicit_bzero(token, sizeof(token));
    return r;
}

/* All are compared, so that time tells nothing of how far down the list a near miss stands. Lock held. */
static struct session *
find_endpoint(struct tickets *t, const unsigned char hash[TOKEN_HASH_SIZE])
{
    struct session *found = NULL;

    for (struct session *s = t->sessions; s != NULL; s = s->next) {
        if (s->has_endpoint &&
            fed_secret_equal(s->endpoint_hash, TOKEN_HASH_SIZE, hash, TOKEN_HASH_SIZE))
            found = s;
    }
    return found;
}

int
tickets_find_endpoint(struct tickets *t, const unsigned char hash[TOKEN_HASH_SIZE], uid_t *ret_uid)
{
    (void)pthread_mutex_lock(&t->lock);
    const struct session *s = find_endpoint(t, hash);
    if (s != NULL)
        *ret_uid = s->uid;
    (void)pthread_mutex_unlock(&t->lock);
    return s != NULL ? 0 : FED_E_DENIED;
}

bool
tickets_endpoint_handed(
    struct tickets *t, const unsigned char hash[TOKEN_HASH_SIZE], const char *role)
{
    bool first = false;
    size_t len = strlen(role);

    (void)pthread_mutex_lock(&t->lock);
    struct session *s = find_endpoint(t, hash);
    if (s != NULL && len < sizeof(s->handed) && strcmp(s->handed, role) != 0) {
        memcpy(s->handed, role, len + 1);
        first = true;
    }
    (void)pthread_mutex_unlock(&t->lock);
    return first;
}
