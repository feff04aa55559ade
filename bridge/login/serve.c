/*
 * A loop over poll(2): connections are few, short and one request each, and none can hold up another by being
 * silent.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "bridge/login/serve.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "base/clock.h"
#include "bridge/login/credentials.h"
#include "bridge/login/http.h"
#include "bridge/login/json.h"
#include "bridge/login/output.h"
#include "bridge/tcp_owner.h"

#define SERVE_PATH "/credentials"

enum {
    CONNECTIONS = 32,
    STRANGERS = 8,
    BACKLOG = 128,
    REQUEST_MS = 5000,
    SEND_S = 5,
    ERROR_TEXT_MAX = 2048
};

struct connection {
    int fd; /* -1: free */
    bool stranger;
    int64_t deadline_ms;
    size_t len;
    char bytes[HTTP_REQUEST_MAX];
};

static int
make_token(char *to)
{
    static const char hex[] = "0123456789abcdef";
    unsigned char bytes[(SERVE_TOKEN_SIZE - 1) / 2];

    if (getrandom(bytes, sizeof(bytes), 0) != (ssize_t)sizeof(bytes))
        return FED_E_SYSTEM;
    for (size_t i = 0; i < sizeof(bytes); i++) {
        to[2 * i] = hex[bytes[i] >> 4];
        to[2 * i + 1] = hex[bytes[i] & 15];
    }
    to[SERVE_TOKEN_SIZE - 1] = '\0';
    explicit_bzero(bytes, sizeof(bytes));
    return 0;
}

int
serve_open(struct serve *ret_serve)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct serve s = {.listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)};
    socklen_t len = sizeof(address);

    if (s.listener < 0)
        return FED_E_SYSTEM;
    if (bind(s.listener, (struct sockaddr *)&address, sizeof(address)) != 0 ||
        listen(s.listener, BACKLOG) != 0 ||
        getsockname(s.listener, (struct sockaddr *)&address, &len) != 0 ||
        make_token(s.token) != 0) {
        (void)close(s.listener);
        return FED_E_SYSTEM;
    }
    (void)snprintf(s.host, sizeof(s.host), "127.0.0.1:%u", (unsigned)ntohs(address.sin_port));
    (void)snprintf(s.uri, sizeof(s.uri), "http://%s" SERVE_PATH, s.host);
    *ret_serve = s;
    return 0;
}

void
serve_close(struct serve *serve)
{
    if (serve->listener >= 0)
        (void)close(serve->listener);
    serve->listener = -1;
    explicit_bzero(serve->token, sizeof(serve->token));
}

/* ---- What is answered ---- */

struct reply {
    unsigned status;
    const char *reason;
    struct json body;
};

static void
refuse(struct reply *r, unsigned status, const char *reason, const char *code, const char *text)
{
    r->status = status;
    r->reason = reason;
    json_open(&r->body, NULL, '{');
    json_text(&r->body, "code", code);
    json_text(&r->body, "message", text);
    json_close(&r->body, '}');
}

/* SDKs try again after a 5xx, and take a 4xx for final. */
static void
refuse_by(struct reply *r, const struct answer *a)
{
    struct fed_secret text = FED_SECRET_INIT(ERROR_TEXT_MAX);
    bool later = fed_error_class(a->error) == FED_CLASS_UNAVAILABLE;
    const char *why = answer_text(a, &text) == 0 ? fed_secret_str(&text) : fed_strerror(a->error);

    refuse(r, later ? 503 : 403, later ? "Service Unavailable" : "Forbidden",
        fed_error_name(a->error), why);
    fed_secret_done(&text);
}

static void
hand_out(struct reply *r, const struct options *o)
{
    struct answer a = ANSWER_INIT;
    struct credentials c;

    credentials_ask(o, &a);
    if (a.error == 0)
        a.error = credentials_read(&a, &c);
    if (a.error != 0) {
        refuse_by(r, &a);
    } else {
        r->status = 200;
        r->reason = "OK";
        json_open(&r->body, NULL, '{');
        json_text(&r->body, "AccessKeyId", c.access_key);
        json_text(&r->body, "SecretAccessKey", c.secret_key);
        json_text(&r->body, "Token", c.session_token);
        json_text(&r->body, "Expiration", c.expiration);
        if (c.account != NULL)
            json_text(&r->body, "AccountId", c.account);
        json_close(&r->body, '}');
    }
    answer_done(&a);
}

/* Who has the token may ask, from no page of a browser, by the name that we gave (no rebinding). */
static void
decide(struct reply *r, const struct serve *s, const struct options *o,
    const struct http_request *request)
{
    if (!http_is(&request->host, s->host) || request->from_page)
        refuse(r, 403, "Forbidden", "Host", "not for browsers, and by no other name");
    else if (!fed_secret_equal(request->authorization.text, request->authorization.len, s->token,
                 SERVE_TOKEN_SIZE - 1))
        refuse(r, 401, "Unauthorized", "Token", "AWS_CONTAINER_AUTHORIZATION_TOKEN is not right");
    else if (!http_is(&request->method, "GET"))
        refuse(r, 405, "Method Not Allowed", "Method", "GET only");
    else if (!http_is(&request->target, SERVE_PATH))
        refuse(r, 404, "Not Found", "Path", "credentials are at " SERVE_PATH);
    else
        hand_out(r, o);
}

static void
send_all(int fd, const struct fed_secret *bytes)
{
    static const struct timeval most = {.tv_sec = SEND_S};
    size_t done = 0;

    (void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &most, sizeof(most));
    while (done < bytes->len) {
        ssize_t n = send(fd, bytes->data + done, bytes->len - done, MSG_NOSIGNAL);
        if (n > 0)
            done += (size_t)n;
        else if (n == 0 || errno != EINTR)
            return;
    }
}

static void
answer(int fd, const struct serve *s, const struct options *o, const struct http_request *request)
{
    struct reply r = {.status = 500};
    struct fed_secret head = FED_SECRET_INIT(OUTPUT_MAX);

    json_init(&r.body, OUTPUT_MAX);
    if (request != NULL)
        decide(&r, s, o, request);
    else
        refuse(&r, 400, "Bad Request", "Request", "not a request that this endpoint takes");
    if (json_finish(&r.body) == 0 &&
        fed_secret_addf(&head,
            "HTTP/1.1 %u %s\r\nContent-Type: application/json\r\nContent-Length: %zu\r\n"
            "Cache-Control: no-store\r\nConnection: close\r\n\r\n",
            r.status, r.reason, r.body.bytes.len) == 0 &&
        fed_secret_add(&head, r.body.bytes.data, r.body.bytes.len) == 0)
        send_all(fd, &head);
    json_done(&r.body);
    fed_secret_done(&head);
}

/* ---- The loop ---- */

static void
drop(struct connection *c)
{
    (void)close(c->fd);
    c->fd = -1;
    explicit_bzero(c->bytes, c->len);
    c->len = 0;
}

/* Another uid may have been given the token (a container's, say); but it must not take all places (I-55). */
static bool
is_stranger(struct tcp_owner *owner, int fd)
{
    struct sockaddr_in peer, local;
    socklen_t peer_len = sizeof(peer), local_len = sizeof(local);
    uid_t uid;

    if (owner == NULL)
        return false;
    if (getpeername(fd, (struct sockaddr *)&peer, &peer_len) != 0 ||
        getsockname(fd, (struct sockaddr *)&local, &local_len) != 0 ||
        tcp_owner_find(owner, &peer, &local, &uid) != 0)
        return true;
    return uid != getuid() && uid != 0;
}

static void
take(int listener, struct tcp_owner *owner, struct connection *all)
{
    int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
    struct connection *place = NULL;
    unsigned strangers = 0;

    if (fd < 0)
        return;
    bool stranger = is_stranger(owner, fd);
    for (size_t i = 0; i < CONNECTIONS; i++) {
        if (all[i].fd < 0)
            place = &all[i];
        else
            strangers += all[i].stranger;
    }
    if (place == NULL || (stranger && strangers >= STRANGERS)) {
        (void)close(fd);
        return;
    }
    place->fd = fd;
    place->stranger = stranger;
    place->deadline_ms = clock_mono_ms() + REQUEST_MS;
}

static void
read_on(struct connection *c, const struct serve *s, const struct options *o)
{
    struct http_request request;
    ssize_t n = recv(c->fd, c->bytes + c->len, sizeof(c->bytes) - c->len, MSG_DONTWAIT);

    if (n < 0 && (errno == EINTR || errno == EAGAIN))
        return;
    if (n <= 0) {
        drop(c);
        return;
    }
    c->len += (size_t)n;
    int r = http_parse(c->bytes, c->len, &request);
    if (r == HTTP_MORE && c->len < sizeof(c->bytes))
        return;
    answer(c->fd, s, o, r == 0 ? &request : NULL);
    drop(c);
}

_Noreturn void
serve_run(const struct serve *serve, const struct options *o)
{
    static struct connection all[CONNECTIONS];
    struct pollfd p[CONNECTIONS + 1];
    struct tcp_owner *owner = NULL;

    if (tcp_owner_new(&owner) != 0)
        owner = NULL; /* nobody is told from anybody else then */
    for (size_t i = 0; i < CONNECTIONS; i++)
        all[i].fd = -1;
    for (;;) {
        int64_t now_ms = clock_mono_ms();
        bool waiting = false, full = true;
        for (size_t i = 0; i < CONNECTIONS; i++) {
            if (all[i].fd >= 0 && all[i].deadline_ms <= now_ms)
                drop(&all[i]);
            p[i] = (struct pollfd){.fd = all[i].fd, .events = POLLIN};
            waiting = waiting || all[i].fd >= 0;
            full = full && all[i].fd >= 0;
        }
        p[CONNECTIONS] = (struct pollfd){.fd = full ? -1 : serve->listener, .events = POLLIN};
        if (poll(p, CONNECTIONS + 1, waiting ? 1000 : -1) <= 0)
            continue;
        for (size_t i = 0; i < CONNECTIONS; i++) {
            if (all[i].fd >= 0 && p[i].revents != 0)
                read_on(&all[i], serve, o);
        }
        if (p[CONNECTIONS].revents != 0)
            take(serve->listener, owner, all);
    }
}
