/*
 * The event loop. Connections and holds belong to the main thread alone; workers touch nothing but
 * the list of finished jobs, under its lock.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "bridge/listener.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"

enum { ACCEPT_AT_ONCE = 64, SWEEP_MS = 1000, MALFORMED_REST_MS = 1000 };

enum state {
    WAITING, /* accepted, its uid has enough being served; not read */
    READING, /* a request is awaited */
    WORKING, /* its job is with the workers */
    HOLDING, /* its denial waits for its moment */
    GONE,    /* closed; freed at the end of the round */
};

struct connection {
    struct listener *listener;
    int fd;
    struct watch *watch;
    struct peer peer;
    enum state state;
    int64_t idle_since_ms;
    struct job *job; /* WORKING, HOLDING */
    int64_t due_ms;  /* HOLDING */
    struct connection *next, *prev;
};

struct listener {
    struct listener_options options;
    struct loop *loop;
    struct watch *listen_watch;     /* NULL while it rests */
    struct connection *connections; /* newest first */
    unsigned n_connections;
    unsigned n_holding;
    int64_t next_sweep_ms;
    int64_t malformed_ms; /* when one was last written about; 0 = never */
    unsigned n_unwritten; /* since then */
    bool stopping;

    pthread_mutex_t lock; /* for what follows */
    struct job *finished;
    bool stop_asked;
};

static void
job_free(struct job *job)
{
    if (job == NULL)
        return;
    job_done(job);
    free(job);
}

/* ---- Connections ---- */

struct uid_count {
    unsigned served, waiting;
};

static struct uid_count
count_uid(const struct listener *l, uid_t uid)
{
    struct uid_count n = {0, 0};

    for (const struct connection *c = l->connections; c != NULL; c = c->next) {
        if (c->peer.uid != uid || c->state == GONE)
            continue;
        if (c->state == WAITING)
            n.waiting++;
        else
            n.served++;
    }
    return n;
}

static void
serve(struct listener *l, struct connection *c)
{
    c->state = READING;
    c->idle_since_ms = clock_mono_ms();
    loop_rewatch(l->loop, c->watch, EPOLLIN | EPOLLRDHUP);
}

/* A place of this uid has become free: the one of its connections that has waited longest gets it. */
static void
serve_next(struct listener *l, uid_t uid)
{
    struct connection *oldest = NULL;

    for (struct connection *c = l->connections; c != NULL; c = c->next) {
        if (c->peer.uid == uid && c->state == WAITING)
            oldest = c;
    }
    if (oldest != NULL)
        serve(l, oldest);
}

static void
connection_close(struct listener *l, struct connection *c)
{
    bool served = c->state != WAITING && c->state != GONE;

    if (c->state == GONE)
        return;
    if (c->state == HOLDING) {
        l->n_holding--;
        job_free(c->job);
    } else if (c->state == WORKING) {
        c->job->from = NULL; /* the worker's result will find nobody */
    }
    c->job = NULL;
    c->state = GONE;
    loop_unwatch(l->loop, c->watch);
    (void)close(c->fd);
    c->fd = -1;
    if (served && c->peer.uid != 0)
        serve_next(l, c->peer.uid);
}

/* Closed connections are freed between rounds, when no event can still point to them. */
static void
free_gone(struct listener *l)
{
    struct connection *next;

    for (struct connection *c = l->connections; c != NULL; c = next) {
        next = c->next;
        if (c->state != GONE)
            continue;
        if (c->prev != NULL)
            c->prev->next = c->next;
        else
            l->connections = c->next;
        if (c->next != NULL)
            c->next->prev = c->prev;
        l->n_connections--;
        free(c);
    }
}

static bool
has_room(const struct listener *l, const struct peer *peer, bool *ret_wait)
{
    unsigned most = LISTENER_CONNECTIONS_MAX;

    *ret_wait = false;
    if (peer->uid == 0)
        return l->n_connections < most;
    if (l->n_connections >= most - LISTENER_ROOT_RESERVE)
        return false;
    struct uid_count n = count_uid(l, peer->uid);
    *ret_wait = n.served >= l->options.max_per_uid;
    return n.waiting < l->options.max_per_uid * LISTENER_WAITING_FACTOR;
}

static void on_connection(void *arg);

static void
accept_one(struct listener *l, int fd)
{
    const gid_t *admin_gid = l->options.has_admin_group ? &l->options.admin_gid : NULL;
    struct connection *c = calloc(1, sizeof(*c));
    bool waits;

    if (c == NULL || peer_of(fd, admin_gid, &c->peer) != 0 || !has_room(l, &c->peer, &waits))
        goto out;
    c->listener = l;
    c->fd = fd;
    c->state = waits ? WAITING : READING;
    c->idle_since_ms = clock_mono_ms();
    if (loop_watch(l->loop, fd, waits ? EPOLLRDHUP : EPOLLIN | EPOLLRDHUP, on_connection, c,
            &c->watch) != 0)
        goto out;
    c->next = l->connections;
    if (c->next != NULL)
        c->next->prev = c;
    l->connections = c;
    l->n_connections++;
    return;

out:
    (void)close(fd);
    free(c);
}

static void
accept_all(void *arg)
{
    struct listener *l = arg;

    for (int i = 0; i < ACCEPT_AT_ONCE; i++) {
        int fd = accept4(l->options.fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
        if (fd >= 0) {
            accept_one(l, fd);
            continue;
        }
        if (errno == EMFILE || errno == ENFILE) {
            /* Without a descriptor the event would come again at once: rest until the next sweep. */
            fed_log_warning("out of file descriptors; raise LimitNOFILE of awsfed-bridge");
            loop_unwatch(l->loop, l->listen_watch);
            l->listen_watch = NULL;
        }
        return;
    }
}

/* ---- Requests ---- */

/* One line a second: whoever sends thousands must not drown the journal, where the audit trail may be. */
static void
drop_malformed(struct listener *l, struct connection *c, const char *what)
{
    int64_t now_ms = clock_mono_ms();

    if (l->malformed_ms != 0 && now_ms - l->malformed_ms < MALFORMED_REST_MS) {
        l->n_unwritten++;
    } else {
        fed_log_warning("%s from uid %u, pid %d: connection closed; %u more since the last line",
            what, (unsigned)c->peer.uid, (int)c->peer.pid, l->n_unwritten);
        l->malformed_ms = now_ms;
        l->n_unwritten = 0;
    }
    connection_close(l, c);
}

static void
on_readable(struct listener *l, struct connection *c)
{
    struct job *job = NULL;

    int r = job_receive(c->fd, &job);
    if (r == FED_E_BUSY)
        return;
    if (r == FED_E_BRIDGE) {
        connection_close(l, c);
        return;
    }
    if (r != 0) {
        drop_malformed(l, c, fed_strerror(r));
        return;
    }
    job->peer = c->peer;
    job->received_ms = clock_mono_ms();
    job->from = c;
    job->answer = listener_answer;
    job->answer_arg = l;
    c->job = job;
    c->state = WORKING;
    loop_rewatch(
        l->loop, c->watch, EPOLLRDHUP); /* one request at a time; but notice when the asker goes */
    l->options.request(l->options.arg, job);
}

/* While a connection is not read, the only event that it is watched for is its end. */
static void
on_connection(void *arg)
{
    struct connection *c = arg;

    if (c->state == READING)
        on_readable(c->listener, c);
    else if (c->state != GONE)
        connection_close(c->listener, c);
}

/* ---- Replies ---- */

static void
send_reply(struct listener *l, struct connection *c)
{
    struct job *job = c->job;

    /* The peer's buffer takes any reply whole, since it has no other outstanding. */
    ssize_t n =
        send(c->fd, job->reply.bytes.data, job->reply.bytes.len, MSG_DONTWAIT | MSG_NOSIGNAL);
    job_free(job);
    c->job = NULL;
    if (n < 0) {
        c->state = READING;
        connection_close(l, c);
        return;
    }
    serve(l, c);
}

static void
finish(struct listener *l, struct job *job)
{
    struct connection *c = job->from;

    if (c == NULL) {
        job_free(job);
        return;
    }
    if (job->reply.bytes.len == 0) {
        c->job = NULL;
        c->state = READING;
        job_free(job);
        connection_close(l, c);
        return;
    }
    if (job->held) {
        c->state = HOLDING;
        c->due_ms = job->received_ms + LISTENER_DENIAL_MS;
        while (c->due_ms < clock_mono_ms())
            c->due_ms += LISTENER_DENIAL_MS; /* late already: the next multiple tells least */
        l->n_holding++;
        return;
    }
    send_reply(l, c);
}

static void
finish_all(void *arg)
{
    struct listener *l = arg;

    (void)pthread_mutex_lock(&l->lock);
    struct job *list = l->finished, *next;
    l->finished = NULL;
    l->stopping = l->stopping || l->stop_asked;
    (void)pthread_mutex_unlock(&l->lock);

    for (struct job *job = list; job != NULL; job = next) {
        next = job->next;
        finish(l, job);
    }
}

/* Send what is due; the wait until the next one, -1 when nothing is held. */
static int
release_due(struct listener *l)
{
    int64_t now_ms = clock_mono_ms(), least = INT64_MAX;

    if (l->n_holding == 0)
        return -1;
    for (struct connection *c = l->connections; c != NULL; c = c->next) {
        if (c->state != HOLDING)
            continue;
        if (c->due_ms <= now_ms) {
            l->n_holding--;
            c->state = WORKING;
            send_reply(l, c);
        } else if (c->due_ms < least) {
            least = c->due_ms;
        }
    }
    return least == INT64_MAX ? -1 : (int)(least - now_ms);
}

static int
watch_listening(struct listener *l)
{
    return loop_watch(l->loop, l->options.fd, EPOLLIN, accept_all, l, &l->listen_watch);
}

static void
sweep(struct listener *l)
{
    int64_t now_ms = clock_mono_ms();

    if (now_ms < l->next_sweep_ms)
        return;
    l->next_sweep_ms = now_ms + SWEEP_MS;
    if (l->listen_watch == NULL)
        (void)!watch_listening(l); /* or at the next sweep */
    for (struct connection *c = l->connections; c != NULL; c = c->next) {
        if ((c->state == READING || c->state == WAITING) &&
            now_ms - c->idle_since_ms > LISTENER_IDLE_MS)
            connection_close(l, c);
    }
}

/* ---- The interface ---- */

int
listener_new(const struct listener_options *options, struct listener **ret)
{
    struct listener *l = calloc(1, sizeof(*l));
    int r;

    if (l == NULL) {
        (void)close(options->fd);
        return FED_E_NOMEM;
    }
    l->options = *options;
    (void)pthread_mutex_init(&l->lock, NULL);
    if ((r = loop_new(finish_all, l, &l->loop)) != 0 || (r = watch_listening(l)) != 0) {
        listener_free(l);
        return r;
    }
    *ret = l;
    return 0;
}

void
listener_free(struct listener *l)
{
    if (l == NULL)
        return;
    finish_all(l);
    for (struct connection *c = l->connections; c != NULL; c = c->next)
        connection_close(l, c);
    free_gone(l);
    if (l->loop != NULL)
        loop_unwatch(l->loop, l->listen_watch);
    loop_free(l->loop);
    (void)close(l->options.fd);
    (void)pthread_mutex_destroy(&l->lock);
    free(l);
}

void
listener_answer(void *arg, struct job *job)
{
    struct listener *l = arg;

    (void)pthread_mutex_lock(&l->lock);
    job->next = l->finished;
    l->finished = job;
    (void)pthread_mutex_unlock(&l->lock);
    loop_wake(l->loop);
}

struct loop *
listener_loop(struct listener *l)
{
    return l->loop;
}

int
listener_run_once(struct listener *l, int wait_ms)
{
    int hold_ms = release_due(l);

    if (hold_ms >= 0 && (wait_ms < 0 || hold_ms < wait_ms))
        wait_ms = hold_ms;
    int r = loop_run_once(l->loop, wait_ms);
    sweep(l);
    free_gone(l);
    return r;
}

int
listener_run(struct listener *l)
{
    int r = 0;

    while (r == 0 && !l->stopping)
        r = listener_run_once(l, l->n_connections > 0 || l->listen_watch == NULL ? SWEEP_MS : -1);
    return r;
}

void
listener_stop(struct listener *l)
{
    (void)pthread_mutex_lock(&l->lock);
    l->stop_asked = true;
    (void)pthread_mutex_unlock(&l->lock);
    loop_wake(l->loop);
}
