/*
 * The tables of tickets and sessions, under one lock.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "bridge/tickets.h"

#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "base/secret.h"
#include "base/wire.h"

struct session {
    char id[TOKEN_SIZE];
    uid_t uid;
    int pidfd; /* -1 = not watched */
    struct watch *watch;
    struct session *next;
};

struct slot {
    struct ticket *ticket;
    struct slot *next;
};

struct tickets {
    struct tickets_options options;
    pthread_mutex_t lock;
    struct slot *slots;
    struct session *sessions;
};

void
ticket_unref(struct ticket *t)
{
    if (t == NULL || atomic_fetch_sub(&t->refs, 1) != 1)
        return;
    proof_done(&t->proof);
    explicit_bzero(t->id, sizeof(t->id));
    free(t);
}

static struct ticket *
ticket_ref(struct ticket *t)
{
    (void)atomic_fetch_add(&t->refs, 1);
    return t;
}

int
tickets_new(const struct tickets_options *options, struct tickets **ret)
{
    struct tickets *t = calloc(1, sizeof(*t));

    if (t == NULL)
        return FED_E_NOMEM;
    t->options = *options;
    (void)pthread_mutex_init(&t->lock, NULL);
    *ret = t;
    return 0;
}

static void
session_free(struct tickets *t, struct session *s)
{
    if (s->watch != NULL)
        listener_unwatch(t->options.listener, s->watch);
    if (s->pidfd >= 0)
        (void)close(s->pidfd);
    free(s);
}

/* Take the slot at *at out and end its ticket. Lock held. */
static void
end_slot(struct tickets *t, struct slot **at)
{
    struct slot *slot = *at;

    *at = slot->next;
    if (t->options.ended != NULL)
        t->options.ended(t->options.arg, slot->ticket->id);
    ticket_unref(slot->ticket);
    free(slot);
}

void
tickets_free(struct tickets *t)
{
    struct session *next;

    if (t == NULL)
        return;
    while (t->slots != NULL)
        end_slot(t, &t->slots);
    for (struct session *s = t->sessions; s != NULL; s = next) {
        next = s->next;
        session_free(t, s);
    }
    (void)pthread_mutex_destroy(&t->lock);
    free(t);
}

static struct slot **
find_uid(struct tickets *t, uid_t uid)
{
    for (struct slot **at = &t->slots; *at != NULL; at = &(*at)->next) {
        if ((*at)->ticket->uid == uid)
            return at;
    }
    return NULL;
}

/* A live slot of the uid; one past its end is ended on the way. Lock held. */
static struct slot **
find_live(struct tickets *t, uid_t uid)
{
    struct slot **at = find_uid(t, uid);

    if (at != NULL && (*at)->ticket->ends_s <= (int64_t)time(NULL)) {
        end_slot(t, at);
        return NULL;
    }
    return at;
}

static int
make_ticket(
    uid_t uid, const char *user, struct proof *proof, int64_t lifetime_s, struct ticket **ret)
{
    struct ticket *fresh = calloc(1, sizeof(*fresh));
    size_t len = strlen(user);

    if (fresh == NULL || len >= sizeof(fresh->user)) {
        free(fresh);
        return fresh == NULL ? FED_E_NOMEM : FED_E_NAME;
    }
    int r = token_make(fresh->id);
    if (r != 0) {
        free(fresh);
        return r;
    }
    atomic_init(&fresh->refs, 1);
    fresh->uid = uid;
    memcpy(fresh->user, user, len + 1);
    fresh->started_s = fresh->checked_s = (int64_t)time(NULL);
    fresh->ends_s = fresh->started_s + lifetime_s;
    fresh->proof = *proof;
    *proof = (struct proof){0};
    *ret = fresh;
    return 0;
}

static bool
weaker(unsigned factors, unsigned than)
{
    return (than & ~factors) != 0;
}

int
tickets_sign_in(
    struct tickets *t, uid_t uid, const char *user, struct proof *proof, struct ticket **ret_ticket)
{
    struct ticket *fresh = NULL;
    struct slot *spare = calloc(1, sizeof(*spare));

    if (spare == NULL)
        return FED_E_NOMEM;
    int r = make_ticket(uid, user, proof, t->options.lifetime_s, &fresh);
    if (r != 0) {
        free(spare);
        return r;
    }

    (void)pthread_mutex_lock(&t->lock);
    struct slot **at = find_live(t, uid);
    if (at != NULL && strcmp((*at)->ticket->proof.sid, fresh->proof.sid) != 0) {
        end_slot(t, at); /* the uid is somebody else's now */
        at = NULL;
    }
    if (at != NULL && weaker(fresh->proof.factors, (*at)->ticket->proof.factors)) {
        ticket_unref(fresh);
        fresh = (*at)->ticket;
    } else if (at != NULL) {
        memcpy(fresh->id, (*at)->ticket->id, TOKEN_SIZE);
        ticket_unref((*at)->ticket);
        (*at)->ticket = fresh;
    } else {
        spare->ticket = fresh;
        spare->next = t->slots;
        t->slots = spare;
        spare = NULL;
    }
    if (ret_ticket != NULL)
        *ret_ticket = ticket_ref(fresh);
    (void)pthread_mutex_unlock(&t->lock);
    free(spare);
    return 0;
}

int
tickets_get(struct tickets *t, uid_t uid, struct ticket **ret)
{
    int r = FED_E_NO_TICKET;

    (void)pthread_mutex_lock(&t->lock);
    struct slot **at = find_live(t, uid);
    if (at != NULL) {
        *ret = ticket_ref((*at)->ticket);
        r = 0;
    }
    (void)pthread_mutex_unlock(&t->lock);
    return r;
}

int
tickets_rechecked(
    struct tickets *t, const struct ticket *old, struct proof *proof, struct ticket **ret)
{
    struct ticket *fresh = NULL;
    int r = make_ticket(old->uid, old->user, proof, t->options.lifetime_s, &fresh);

    if (r != 0)
        return r;
    memcpy(fresh->id, old->id, TOKEN_SIZE);
    fresh->started_s = old->started_s;
    fresh->ends_s = old->ends_s;

    (void)pthread_mutex_lock(&t->lock);
    struct slot **at = find_live(t, old->uid);
    if (at == NULL || strcmp((*at)->ticket->id, old->id) != 0) {
        r = FED_E_NO_TICKET; /* it ended meanwhile */
        ticket_unref(fresh);
    } else if ((*at)->ticket != old) {
        *ret = ticket_ref((*at)->ticket); /* renewed meanwhile by a sign-in, which knows better */
        ticket_unref(fresh);
    } else {
        ticket_unref((*at)->ticket);
        (*at)->ticket = fresh;
        *ret = ticket_ref(fresh);
    }
    (void)pthread_mutex_unlock(&t->lock);
    return r;
}

unsigned
tickets_end_uid(struct tickets *t, uid_t uid)
{
    unsigned n = 0;

    (void)pthread_mutex_lock(&t->lock);
    struct slot **at = find_uid(t, uid);
    if (at != NULL) {
        end_slot(t, at);
        n = 1;
    }
    (void)pthread_mutex_unlock(&t->lock);
    return n;
}

unsigned
tickets_end_sid(struct tickets *t, const char *sid)
{
    unsigned n = 0;

    (void)pthread_mutex_lock(&t->lock);
    for (struct slot **at = &t->slots; *at != NULL;) {
        if (strcmp((*at)->ticket->proof.sid, sid) == 0) {
            end_slot(t, at);
            n++;
        } else {
            at = &(*at)->next;
        }
    }
    (void)pthread_mutex_unlock(&t->lock);
    return n;
}

void
tickets_sweep(struct tickets *t)
{
    int64_t now_s = (int64_t)time(NULL);

    (void)pthread_mutex_lock(&t->lock);
    for (struct slot **at = &t->slots; *at != NULL;) {
        if ((*at)->ticket->ends_s <= now_s)
            end_slot(t, at);
        else
            at = &(*at)->next;
    }
    (void)pthread_mutex_unlock(&t->lock);
}

/* ---- Sessions ---- */

static unsigned
count_sessions(const struct tickets *t, uid_t uid)
{
    unsigned n = 0;

    for (const struct session *s = t->sessions; s != NULL; s = s->next)
        n += s->uid == uid;
    return n;
}

/* Take the session at *at out; the last one of its uid takes the ticket along. Lock held. */
static void
end_session(struct tickets *t, struct session **at)
{
    struct session *s = *at;
    uid_t uid = s->uid;

    *at = s->next;
    session_free(t, s);
    if (count_sessions(t, uid) > 0)
        return;
    struct slot **slot = find_uid(t, uid);
    if (slot != NULL)
        end_slot(t, slot);
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
            end_session(t, at);
        } else {
            at = &(*at)->next;
        }
    }
    (void)pthread_mutex_unlock(&t->lock);
}

/*
 * A process that is killed closes nothing. Its pidfd becomes readable when it ends, and then we close for it. The
 * process is the one that waits for our reply, so its number cannot have been given to another yet.
 */
static void
watch_process(struct tickets *t, struct session *s, pid_t pid)
{
    if (t->options.listener == NULL)
        return;
    s->pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
    if (s->pidfd < 0 ||
        listener_watch(t->options.listener, s->pidfd, close_dead_sessions, t, &s->watch) != 0)
        fed_log_warning(
            "cannot watch process %d: its session ends only when it is closed", (int)pid);
}

int
tickets_open_session(struct tickets *t, uid_t uid, pid_t pid, char ret_session[TOKEN_SIZE])
{
    struct session *s = calloc(1, sizeof(*s));

    if (s == NULL)
        return FED_E_NOMEM;
    int r = token_make(s->id);
    if (r != 0) {
        free(s);
        return r;
    }
    s->uid = uid;
    s->pidfd = -1;
    memcpy(ret_session, s->id, TOKEN_SIZE);

    (void)pthread_mutex_lock(&t->lock);
    s->next = t->sessions;
    t->sessions = s;
    watch_process(t, s, pid);
    (void)pthread_mutex_unlock(&t->lock);
    return 0;
}

int
tickets_close_session(struct tickets *t, const char *session)
{
    int r = FED_E_NOT_FOUND;
    size_t len = strlen(session);

    (void)pthread_mutex_lock(&t->lock);
    for (struct session **at = &t->sessions; *at != NULL; at = &(*at)->next) {
        if (!fed_secret_equal((*at)->id, TOKEN_SIZE - 1, session, len))
            continue;
        end_session(t, at);
        r = 0;
        break;
    }
    (void)pthread_mutex_unlock(&t->lock);
    return r;
}

void
tickets_each(struct tickets *t,
    void (*fn)(void *arg, const struct ticket *ticket, unsigned sessions), void *arg)
{
    (void)pthread_mutex_lock(&t->lock);
    for (const struct slot *slot = t->slots; slot != NULL; slot = slot->next)
        fn(arg, slot->ticket, count_sessions(t, slot->ticket->uid));
    (void)pthread_mutex_unlock(&t->lock);
}
