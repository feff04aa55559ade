/*
 * The server of the session endpoint, on libmicrohttpd. Callers belong to its thread; visits also to the workers, so the
 * lists of them have a lock.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "bridge/endpoint.h"

#include <microhttpd.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "bridge/endpoint_audit.h"
#include "bridge/endpoint_rules.h"
#include "bridge/tcp_owner.h"

/* A connection, and whose it is. */
struct caller {
    uid_t uid;
    struct caller *next, *prev;
};

/* A request that was let in. Its connection is suspended while running or waiting, so it cannot be freed then. */
struct visit {
    struct job job; /* first: answers get this back */
    struct endpoint *endpoint;
    struct MHD_Connection *connection;
    uid_t caller_uid;
    unsigned char token_hash[TOKEN_HASH_SIZE];
    unsigned status; /* of the answer; 0 = none yet */
    struct fed_secret body;
    struct visit *next;
};

struct endpoint {
    struct endpoint_options options;
    struct sockaddr_in address;
    struct tcp_owner *owner;
    struct MHD_Daemon *daemon;
    struct endpoint_audit audit;
    struct caller *callers;

    pthread_mutex_t lock;            /* for what follows */
    struct visit *running, *waiting; /* oldest first in waiting */
    bool closing;
};

/* ---- Callers ---- */

static int
find_owner(struct endpoint *e, const struct sockaddr *peer, uid_t *ret_uid)
{
    struct sockaddr_in address;

    if (peer->sa_family != AF_INET)
        return FED_E_NOT_FOUND;
    memcpy(&address, peer, sizeof(address));
    return tcp_owner_find(e->owner, &address, &e->address, ret_uid);
}

static enum MHD_Result
on_accept(void *cls, const struct sockaddr *peer, socklen_t len)
{
    struct endpoint *e = cls;
    unsigned own = 0, all = 0;
    uid_t uid;

    if (len < sizeof(struct sockaddr_in) || find_owner(e, peer, &uid) != 0)
        return MHD_NO;
    for (const struct caller *c = e->callers; c != NULL; c = c->next, all++)
        own += c->uid == uid;
    return endpoint_has_place(own, all) ? MHD_YES : MHD_NO;
}

static void
on_connection(void *cls, struct MHD_Connection *connection, void **socket_context,
    enum MHD_ConnectionNotificationCode what)
{
    struct endpoint *e = cls;
    struct caller *c = *socket_context;

    if (what == MHD_CONNECTION_NOTIFY_STARTED) {
        const union MHD_ConnectionInfo *info =
            MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
        c = calloc(1, sizeof(*c));
        if (c == NULL || info == NULL || find_owner(e, info->client_addr, &c->uid) != 0) {
            free(c); /* without a caller, its requests are refused */
            return;
        }
        c->next = e->callers;
        if (c->next != NULL)
            c->next->prev = c;
        e->callers = c;
        *socket_context = c;
    } else if (c != NULL) {
        if (c->prev != NULL)
            c->prev->next = c->next;
        else
            e->callers = c->next;
        if (c->next != NULL)
            c->next->prev = c->prev;
        *socket_context = NULL;
        free(c);
    }
}

/* ---- Answers ---- */

static void
free_body(void *cls)
{
    struct fed_secret *body = cls;

    fed_secret_done(body);
    free(body);
}

/* Queue a body, which is consumed. */
static enum MHD_Result
respond(struct MHD_Connection *connection, unsigned status, struct fed_secret *body)
{
    struct fed_secret *kept = calloc(1, sizeof(*kept));

    if (kept == NULL)
        return MHD_NO;
    fed_secret_init(kept, body->limit);
    fed_secret_move(kept, body);
    struct MHD_Response *response = MHD_create_response_from_buffer_with_free_callback_cls(
        kept->len, kept->data, free_body, kept);
    if (response == NULL) {
        free_body(kept);
        return MHD_NO;
    }
    enum MHD_Result r = MHD_NO;
    if (MHD_add_response_header(response, "Content-Type", "application/json") == MHD_YES &&
        MHD_add_response_header(response, "Cache-Control", "no-store") == MHD_YES &&
        MHD_add_response_header(response, "Connection", "close") == MHD_YES &&
        (status != 405 || MHD_add_response_header(response, "Allow", "GET") == MHD_YES))
        r = MHD_queue_response(connection, status, response);
    MHD_destroy_response(response);
    return r;
}

static enum MHD_Result
refuse(struct MHD_Connection *connection, const struct endpoint_error *error)
{
    struct fed_secret body = FED_SECRET_INIT(ENDPOINT_MESSAGE_MAX);
    enum MHD_Result r = MHD_NO;

    if (endpoint_put_error(&body, error->code, error->message) == 0)
        r = respond(connection, error->status, &body);
    fed_secret_done(&body);
    return r;
}

/* ---- Visits, to the workers and back ---- */

static void
put_failure(struct visit *v, int error, const char *message)
{
    struct endpoint_error e = endpoint_error_of(error);

    fed_secret_clear(&v->body);
    v->status = e.status;
    if (endpoint_put_error(&v->body, e.code, message != NULL ? message : fed_strerror(error)) != 0)
        fed_secret_clear(&v->body); /* no memory: the status alone has to do */
}

static void
put_answer(struct visit *v)
{
    struct endpoint *e = v->endpoint;
    const struct wire_out *reply = &v->job.reply;
    struct wire_msg msg;
    int r = FED_E_BUSY;

    if (reply->bytes.len == 0 || wire_parse(reply->bytes.data, reply->bytes.len, &msg) != 0) {
        put_failure(v, r, NULL); /* the bridge ends */
        return;
    }
    if ((r = wire_status(&msg)) != 0) {
        put_failure(v, r, wire_text(&msg, WIRE_MESSAGE));
        return;
    }
    uid_t uid;
    if (tickets_find_endpoint(e->options.tickets, v->token_hash, &uid) != 0) {
        put_failure(v, FED_E_NO_TICKET, NULL); /* the session was closed meanwhile */
        return;
    }
    if ((r = endpoint_audit_hand_out(e->options.audit, e->options.tickets, v->caller_uid,
             v->job.peer.uid, v->token_hash, &msg)) != 0 ||
        (r = endpoint_put_credential(&v->body, &msg)) != 0) {
        put_failure(v, r, NULL);
        return;
    }
    v->status = 200;
}

static bool
may_run(const struct endpoint *e, uid_t uid)
{
    unsigned n = 0;

    for (const struct visit *v = e->running; v != NULL; v = v->next)
        n += v->job.peer.uid == uid;
    return n < ENDPOINT_PER_UID;
}

/* The next visit in the queue of this uid, now running; NULL when there is none. Lock held. */
static struct visit *
run_next(struct endpoint *e, uid_t uid)
{
    for (struct visit **at = &e->waiting; *at != NULL; at = &(*at)->next) {
        struct visit *v = *at;
        if (v->job.peer.uid != uid)
            continue;
        *at = v->next;
        v->next = e->running;
        e->running = v;
        return v;
    }
    return NULL;
}

static void
on_job_done(void *arg, struct job *job)
{
    struct endpoint *e = arg;
    struct visit *v = (struct visit *)job;

    put_answer(v);
    (void)pthread_mutex_lock(&e->lock);
    for (struct visit **at = &e->running; *at != NULL; at = &(*at)->next) {
        if (*at == v) {
            *at = v->next;
            break;
        }
    }
    struct visit *next = e->closing ? NULL : run_next(e, v->job.peer.uid);
    if (next != NULL)
        e->options.request(e->options.arg, &next->job);
    (void)pthread_mutex_unlock(&e->lock);
    MHD_resume_connection(v->connection); /* from here on the visit is the server's */
}

/* Park the connection, and give the visit to a worker or to the queue. False when the endpoint closes. */
static bool
start(struct endpoint *e, struct visit *v)
{
    (void)pthread_mutex_lock(&e->lock);
    bool open = !e->closing;
    if (open) {
        MHD_suspend_connection(v->connection);
        struct visit **last = &e->waiting;
        while (*last != NULL)
            last = &(*last)->next;
        v->next = NULL;
        *last = v;
        if (may_run(e, v->job.peer.uid)) {
            struct visit *next = run_next(e, v->job.peer.uid);
            e->options.request(e->options.arg, &next->job);
        }
    }
    (void)pthread_mutex_unlock(&e->lock);
    return open;
}

/* ---- Requests ---- */

static enum MHD_Result
on_header(void *cls, enum MHD_ValueKind kind, const char *key, const char *value)
{
    struct endpoint_head *head = cls;

    (void)kind;
    if (strcasecmp(key, "Host") == 0) {
        head->n_host++;
        head->host = value;
    } else if (strcasecmp(key, "Authorization") == 0) {
        head->n_authorization++;
        head->authorization = value;
    } else if (strcasecmp(key, "Origin") == 0) {
        head->has_origin = true;
    } else if (strcasecmp(key, "Transfer-Encoding") == 0 ||
               (strcasecmp(key, "Content-Length") == 0 &&
                   (value == NULL || strcmp(value, "0") != 0))) {
        head->has_body = true;
    }
    return MHD_YES;
}

/*
 * Whose session, and is it the caller's? Root may ask with anybody's token, since root may read it anyway.
 */
static int
find_session(struct endpoint *e, const struct caller *c, const char *token,
    unsigned char hash[TOKEN_HASH_SIZE], uid_t *ret_uid, const char **ret_why)
{
    int r = token_hash(token, strlen(token), hash);

    if (r == 0)
        r = tickets_find_endpoint(e->options.tickets, hash, ret_uid);
    if (r != 0) {
        *ret_why = "the token is not one of a live session";
        return r;
    }
    if (c->uid != *ret_uid && c->uid != 0) {
        *ret_why = "the token of another uid's session";
        return FED_E_PERMISSION;
    }
    return 0;
}

static struct visit *
visit_new(struct endpoint *e, struct MHD_Connection *connection, uid_t caller_uid, uid_t uid,
    const unsigned char hash[TOKEN_HASH_SIZE])
{
    struct visit *v = calloc(1, sizeof(*v));

    if (v == NULL)
        return NULL;
    v->endpoint = e;
    v->connection = connection;
    v->caller_uid = caller_uid;
    memcpy(v->token_hash, hash, TOKEN_HASH_SIZE);
    fed_secret_init(&v->body, ENDPOINT_JSON_MAX);
    if (job_ask_credentials(&v->job, uid, NULL, 0) != 0) {
        free(v);
        return NULL;
    }
    v->job.answer = on_job_done;
    v->job.answer_arg = e;
    return v;
}

/* The head of a request is there: refuse it, or make it a visit. */
static enum MHD_Result
begin(struct endpoint *e, struct MHD_Connection *connection, struct endpoint_head *head,
    void **request_context)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    const struct caller *c = info != NULL ? info->socket_context : NULL;
    unsigned char hash[TOKEN_HASH_SIZE];
    const char *why = "a request that no SDK sends";
    uid_t uid = (uid_t)-1;

    if (c == NULL)
        return refuse(connection, &endpoint_forbidden);
    (void)MHD_get_connection_values(connection, MHD_HEADER_KIND, on_header, head);
    const struct endpoint_error *error = endpoint_judge(head, e->options.port);
    if (error == NULL && find_session(e, c, head->authorization, hash, &uid, &why) != 0)
        error = &endpoint_forbidden;
    if (error != NULL) {
        endpoint_audit_refusal(&e->audit, e->options.audit, c->uid, why);
        return refuse(connection, error);
    }
    *request_context = visit_new(e, connection, c->uid, uid, hash);
    return *request_context != NULL ? MHD_YES : MHD_NO;
}

static enum MHD_Result
on_request(void *cls, struct MHD_Connection *connection, const char *url, const char *method,
    const char *version, const char *upload, size_t *upload_size, void **request_context)
{
    struct endpoint *e = cls;
    struct visit *v = *request_context;

    (void)version, (void)upload, (void)upload_size;
    if (v == NULL) {
        struct endpoint_head head = {.method = method, .path = url};
        return begin(e, connection, &head, request_context);
    }
    if (v->status == 0 && start(e, v))
        return MHD_YES;
    if (v->status == 0)
        put_failure(v, FED_E_BUSY, NULL);
    return respond(connection, v->status, &v->body);
}

static void
on_completed(void *cls, struct MHD_Connection *connection, void **request_context,
    enum MHD_RequestTerminationCode how)
{
    struct visit *v = *request_context;

    (void)cls, (void)connection, (void)how;
    *request_context = NULL;
    if (v == NULL)
        return;
    job_done(&v->job);
    fed_secret_done(&v->body);
    explicit_bzero(v->token_hash, sizeof(v->token_hash));
    free(v);
}

/* ---- Start and stop ---- */

static struct MHD_Daemon *
start_daemon(struct endpoint *e)
{
    sigset_t all, old;

    (void)sigfillset(&all);
    (void)pthread_sigmask(SIG_BLOCK, &all, &old);
    struct MHD_Daemon *daemon =
        MHD_start_daemon(MHD_USE_EPOLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME, 0, on_accept, e,
            on_request, e, MHD_OPTION_LISTEN_SOCKET, e->options.fd, MHD_OPTION_CONNECTION_LIMIT,
            (unsigned)ENDPOINT_PLACES, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
            (size_t)ENDPOINT_HEAD_MAX, MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)ENDPOINT_IDLE_S,
            MHD_OPTION_STRICT_FOR_CLIENT, 1, MHD_OPTION_NOTIFY_CONNECTION, on_connection, e,
            MHD_OPTION_NOTIFY_COMPLETED, on_completed, e, MHD_OPTION_END);
    (void)pthread_sigmask(SIG_SETMASK, &old, NULL);
    return daemon;
}

int
endpoint_new(const struct endpoint_options *options, struct endpoint **ret)
{
    struct endpoint *e = calloc(1, sizeof(*e));
    int r = FED_E_NOMEM;

    if (e == NULL) {
        (void)close(options->fd);
        return r;
    }
    e->options = *options;
    e->address = (struct sockaddr_in){.sin_family = AF_INET,
        .sin_port = htons((uint16_t)options->port),
        .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    (void)pthread_mutex_init(&e->lock, NULL);
    if ((r = tcp_owner_new(&e->owner)) == 0 && (e->daemon = start_daemon(e)) == NULL)
        r = FED_E_SYSTEM;
    if (r != 0) {
        (void)close(options->fd);
        endpoint_free(e);
        return r;
    }
    *ret = e;
    return 0;
}

void
endpoint_close(struct endpoint *e)
{
    if (e == NULL)
        return;
    (void)pthread_mutex_lock(&e->lock);
    e->closing = true;
    (void)pthread_mutex_unlock(&e->lock);
}

void
endpoint_free(struct endpoint *e)
{
    struct visit *next;

    if (e == NULL)
        return;
    endpoint_close(e);
    for (struct visit *v = e->waiting; v != NULL; v = next) {
        next = v->next;
        put_failure(v, FED_E_BUSY, NULL);
        MHD_resume_connection(v->connection);
    }
    if (e->daemon != NULL)
        MHD_stop_daemon(e->daemon); /* closes the socket */
    tcp_owner_free(e->owner);
    (void)pthread_mutex_destroy(&e->lock);
    free(e);
}
