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
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"

enum { EVENTS_AT_ONCE = 64, SWEEP_MS = 1000 };

enum watched { WATCHED_LISTEN, WATCHED_WAKE, WATCHED_CONNECTION, WATCHED_OTHER };

/* What epoll's data points to: the first member of everything that is watched. */
struct watch {
    enum watched kind;
    int fd;
    void (*fn)(void *arg);
    void *arg;
    struct watch *next_dead;
};

enum state {
    WAITING, /* accepted, its uid has enough being served; not read */
    READING, /* a request is awaited */
    WORKING, /* its job is with the workers */
    HOLDING, /* its denial waits for its moment */
    GONE,    /* closed; freed at the end of the round */
};

struct connection {
    struct watch watch;
    struct peer peer;
    enum state state;
    int64_t idle_since_ms;
    struct job *job; /* WORKING, HOLDING */
    int64_t due_ms;  /* HOLDING */
    struct connection *next, *prev;
};

struct listener {
    struct listener_options options;
    int epoll_fd;
    struct watch listen_watch, wake_watch;
    struct connection *connections; /* newest first */
    unsigned n_connections;
    unsigned n_holding;
    int64_t next_sweep_ms;
    bool stopping;
    bool listen_paused;

    pthread_mutex_t lock; /* for what follows */
    struct job *finished;
    struct watch *dead_watches;
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

static void
wake(struct listener *l)
{
    uint64_t one = 1;
    ssize_t n = write(l->wake_watch.fd, &one, sizeof(one));
    (void)n; /* full means that it is awake already */
}

static int
watch_fd(struct listener *l, struct watch *w, uint32_t events)
{
    struct epoll_event event = {.events = events, .data.ptr = w};

    return epoll_ctl(l->epoll_fd, EPOLL_CTL_ADD, w->fd, &event) == 0 ? 0 : FED_E_SYSTEM;
}

static void
set_events(struct listener *l, struct connection *c, uint32_t events)
{
    struct epoll_event event = {.events = events, .data.ptr = c};

    (void)epoll_ctl(l->epoll_fd, EPOLL_CTL_MOD, c->watch.fd, &event);
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
    set_events(l, c, EPOLLIN | EPOLLRDHUP);
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
    (void)close(c->watch.fd);
    c->watch.fd = -1;
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

/* Was the peer in the group when it connected? The kernel's list, not one that NSS would give now. */
static bool
peer_in_group(int fd, gid_t main_gid, gid_t wanted)
{
    gid_t groups[256];
    socklen_t len = sizeof(groups);

    if (main_gid == wanted)
        return true;
    if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, groups, &len) != 0)
        return false;
    for (size_t i = 0; i < len / sizeof(groups[0]); i++) {
        if (groups[i] == wanted)
            return true;
    }
    return false;
}

static int
peer_of(const struct listener *l, int fd, struct peer *ret)
{
    struct ucred cred;
    socklen_t len = sizeof(cred);

    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &len) != 0 || len != sizeof(cred))
        return FED_E_SYSTEM;
    *ret = (struct peer){.uid = cred.uid, .gid = cred.gid, .pid = cred.pid};
    ret->is_admin = cred.uid == 0 || (l->options.has_admin_group &&
                                         peer_in_group(fd, cred.gid, l->options.admin_gid));
    return 0;
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

static void
accept_one(struct listener *l, int fd)
{
    struct peer peer;
    bool waits;

    if (peer_of(l, fd, &peer) != 0 || !has_room(l, &peer, &waits)) {
        (void)close(fd);
        return;
    }
    struct connection *c = calloc(1, sizeof(*c));
    if (c == NULL) {
        (void)close(fd);
        return;
    }
    c->watch = (struct watch){.kind = WATCHED_CONNECTION, .fd = fd};
    c->peer = peer;
    c->state = WAITING;
    c->idle_since_ms = clock_mono_ms();
    if (watch_fd(l, &c->watch, waits ? EPOLLRDHUP : EPOLLIN | EPOLLRDHUP) != 0) {
        (void)close(fd);
        free(c);
        return;
    }
    if (!waits)
        c->state = READING;
    c->next = l->connections;
    if (c->next != NULL)
        c->next->prev = c;
    l->connections = c;
    l->n_connections++;
}

static void
accept_all(struct listener *l)
{
    for (int i = 0; i < EVENTS_AT_ONCE; i++) {
        int fd = accept4(l->listen_watch.fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
        if (fd >= 0) {
            accept_one(l, fd);
            continue;
        }
        if (errno == EMFILE || errno == ENFILE) {
            /* Without a descriptor the event would come again at once: rest until the next sweep. */
            fed_log_warning("out of file descriptors; raise LimitNOFILE of awsfed-bridge");
            (void)epoll_ctl(l->epoll_fd, EPOLL_CTL_DEL, l->listen_watch.fd, NULL);
            l->listen_paused = true;
        }
        return;
    }
}

/* ---- Requests ---- */

static void
drop_malformed(struct listener *l, struct connection *c, const char *what)
{
    fed_log_warning(
        "%s from uid %u, pid %d: connection closed", what, (unsigned)c->peer.uid, (int)c->peer.pid);
    connection_close(l, c);
}

/* 0, or an error that ends the connection; FED_E_BRIDGE is the peer's own goodbye. */
static int
read_request(struct connection *c, struct job **ret)
{
    unsigned char packet[WIRE_REQUEST_MAX + 1];
    struct job *job = NULL;
    int r;

    ssize_t n = recv(c->watch.fd, packet, sizeof(packet), MSG_DONTWAIT | MSG_TRUNC);
    if (n <= 0)
        return n < 0 && (errno == EAGAIN || errno == EINTR) ? FED_E_BUSY : FED_E_BRIDGE;
    if ((size_t)n > WIRE_REQUEST_MAX) {
        r = FED_E_TOO_BIG;
        goto out;
    }
    job = calloc(1, sizeof(*job));
    if (job == NULL) {
        r = FED_E_NOMEM;
        goto out;
    }
    fed_secret_init(&job->bytes, WIRE_REQUEST_MAX);
    if ((r = fed_secret_add(&job->bytes, packet, (size_t)n)) != 0 ||
        (r = wire_parse(job->bytes.data, job->bytes.len, &job->msg)) != 0)
        goto out;
    if (job->msg.type & WIRE_REPLY_BIT) {
        r = FED_E_PROTO;
        goto out;
    }
    *ret = job;
    job = NULL;

out:
    explicit_bzero(packet, sizeof(packet));
    job_free(job);
    return r;
}

static void
on_readable(struct listener *l, struct connection *c)
{
    struct job *job = NULL;

    int r = read_request(c, &job);
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
    set_events(l, c, EPOLLRDHUP); /* one request at a time; but notice when the asker goes */
    l->options.request(l->options.arg, job);
}

static void
on_connection(struct listener *l, struct connection *c, uint32_t events)
{
    if (c->state == GONE)
        return;
    if (c->state == READING && (events & EPOLLIN))
        on_readable(l, c);
    else if (events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR))
        connection_close(l, c);
}

/* ---- Replies ---- */

static void
send_reply(struct listener *l, struct connection *c)
{
    struct job *job = c->job;

    /* The peer's buffer takes any reply whole, since it has no other outstanding. */
    ssize_t n =
        send(c->watch.fd, job->reply.bytes.data, job->reply.bytes.len, MSG_DONTWAIT | MSG_NOSIGNAL);
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
finish_all(struct listener *l)
{
    uint64_t count;
    ssize_t n = read(l->wake_watch.fd, &count, sizeof(count));
    (void)n;

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

static void
sweep(struct listener *l)
{
    int64_t now_ms = clock_mono_ms();

    if (now_ms < l->next_sweep_ms)
        return;
    l->next_sweep_ms = now_ms + SWEEP_MS;
    if (l->listen_paused && watch_fd(l, &l->listen_watch, EPOLLIN) == 0)
        l->listen_paused = false;
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
    int r = FED_E_SYSTEM;

    if (l == NULL) {
        (void)close(options->fd);
        return FED_E_NOMEM;
    }
    l->options = *options;
    (void)pthread_mutex_init(&l->lock, NULL);
    l->listen_watch = (struct watch){.kind = WATCHED_LISTEN, .fd = options->fd};
    l->wake_watch =
        (struct watch){.kind = WATCHED_WAKE, .fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};
    l->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    if (l->epoll_fd < 0 || l->wake_watch.fd < 0)
        goto out;
    if ((r = watch_fd(l, &l->listen_watch, EPOLLIN)) != 0 ||
        (r = watch_fd(l, &l->wake_watch, EPOLLIN)) != 0)
        goto out;
    *ret = l;
    return 0;

out:
    listener_free(l);
    return r;
}

static void
free_dead_watches(struct listener *l)
{
    (void)pthread_mutex_lock(&l->lock);
    struct watch *list = l->dead_watches, *next;
    l->dead_watches = NULL;
    (void)pthread_mutex_unlock(&l->lock);
    for (struct watch *w = list; w != NULL; w = next) {
        next = w->next_dead;
        free(w);
    }
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
    free_dead_watches(l);
    if (l->epoll_fd >= 0)
        (void)close(l->epoll_fd);
    if (l->wake_watch.fd >= 0)
        (void)close(l->wake_watch.fd);
    (void)close(l->listen_watch.fd);
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
    wake(l);
}

int
listener_watch(struct listener *l, int fd, uint32_t events, void (*fn)(void *arg), void *arg,
    struct watch **ret)
{
    struct watch *w = calloc(1, sizeof(*w));

    if (w == NULL)
        return FED_E_NOMEM;
    *w = (struct watch){.kind = WATCHED_OTHER, .fd = fd, .fn = fn, .arg = arg};
    *ret = w; /* before the first event can come */
    int r = watch_fd(l, w, events);
    if (r != 0) {
        *ret = NULL;
        free(w);
    }
    return r;
}

void
listener_unwatch(struct listener *l, struct watch *w)
{
    if (w == NULL)
        return;
    (void)epoll_ctl(l->epoll_fd, EPOLL_CTL_DEL, w->fd, NULL);
    (void)pthread_mutex_lock(&l->lock);
    w->fn = NULL; /* an event of this round may still point here */
    w->next_dead = l->dead_watches;
    l->dead_watches = w;
    (void)pthread_mutex_unlock(&l->lock);
}

static void
on_other(struct listener *l, const struct watch *w)
{
    (void)pthread_mutex_lock(&l->lock);
    void (*fn)(void *) = w->fn;
    void *arg = w->arg;
    (void)pthread_mutex_unlock(&l->lock);
    if (fn != NULL)
        fn(arg);
}

static void
dispatch(struct listener *l, const struct epoll_event *event)
{
    struct watch *w = event->data.ptr;

    switch (w->kind) {
    case WATCHED_LISTEN:
        accept_all(l);
        break;
    case WATCHED_WAKE:
        finish_all(l);
        break;
    case WATCHED_CONNECTION:
        on_connection(l, (struct connection *)w, event->events);
        break;
    case WATCHED_OTHER:
        on_other(l, w);
        break;
    }
}

int
listener_run_once(struct listener *l, int wait_ms)
{
    struct epoll_event events[EVENTS_AT_ONCE];

    int hold_ms = release_due(l);
    if (hold_ms >= 0 && (wait_ms < 0 || hold_ms < wait_ms))
        wait_ms = hold_ms;
    int n = epoll_wait(l->epoll_fd, events, EVENTS_AT_ONCE, wait_ms);
    if (n < 0 && errno != EINTR)
        return FED_E_SYSTEM;
    for (int i = 0; i < n; i++)
        dispatch(l, &events[i]);
    sweep(l);
    free_gone(l);
    free_dead_watches(l);
    return 0;
}

int
listener_run(struct listener *l)
{
    int r = 0;

    while (r == 0 && !l->stopping)
        r = listener_run_once(l, l->n_connections > 0 || l->listen_paused ? SWEEP_MS : -1);
    return r;
}

void
listener_stop(struct listener *l)
{
    (void)pthread_mutex_lock(&l->lock);
    l->stop_asked = true;
    (void)pthread_mutex_unlock(&l->lock);
    wake(l);
}
