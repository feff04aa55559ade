/*
 * One exchange with the bridge. Every wait is a poll(2) bounded by the one deadline.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "base/client.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/clock.h"

/* How long to wait before a full listen queue is tried again; it drains in microseconds. */
enum { RETRY_MS = 5 };

uint64_t
client_request_number(void)
{
    uint64_t number = 0;

    /* Not a secret: when the pool is not ready yet, the clock will do. */
    if (getrandom(&number, sizeof(number), GRND_NONBLOCK) != (ssize_t)sizeof(number))
        number = (uint64_t)clock_mono_ms() ^ ((uint64_t)getpid() << 40);
    return number != 0 ? number : 1;
}

static int
wait_for(int fd, short events, int64_t deadline_ms)
{
    for (;;) {
        struct pollfd p = {.fd = fd, .events = events};
        int n = poll(&p, 1, clock_left_ms(deadline_ms));
        if (n > 0)
            return 0;
        if (n == 0)
            return FED_E_TIMEOUT;
        if (errno != EINTR)
            return FED_E_SYSTEM;
    }
}

/* A Unix connect is done at once or, while the listen queue is full, refused with EAGAIN. */
static int
connect_until(int fd, const struct sockaddr_un *address, int64_t deadline_ms)
{
    while (connect(fd, (const struct sockaddr *)address, sizeof(*address)) != 0) {
        if (errno == EISCONN)
            return 0;
        if (errno != EAGAIN && errno != EINTR)
            return FED_E_BRIDGE;
        int left = clock_left_ms(deadline_ms);
        if (left == 0)
            return FED_E_TIMEOUT;
        (void)poll(NULL, 0, left < RETRY_MS ? left : RETRY_MS);
    }
    return 0;
}

static int
send_all(int fd, const struct fed_secret *bytes, int64_t deadline_ms)
{
    for (;;) {
        ssize_t n = send(fd, bytes->data, bytes->len, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (n >= 0)
            return (size_t)n == bytes->len ? 0 : FED_E_SYSTEM;
        if (errno == EAGAIN || errno == EWOULDBLOCK) {
            int r = wait_for(fd, POLLOUT, deadline_ms);
            if (r != 0)
                return r;
        } else if (errno != EINTR) {
            return FED_E_BRIDGE;
        }
    }
}

static int
receive(int fd, struct fed_secret *bytes, int64_t deadline_ms)
{
    for (;;) {
        int r = wait_for(fd, POLLIN, deadline_ms);
        if (r != 0)
            return r;
        /* The packet's whole length first, so that a small reply takes a small buffer. */
        ssize_t whole = recv(fd, NULL, 0, MSG_PEEK | MSG_TRUNC | MSG_DONTWAIT);
        if (whole == 0)
            return FED_E_BRIDGE;
        if (whole > WIRE_MESSAGE_MAX)
            return FED_E_PROTO;
        if (whole > 0) {
            r = fed_secret_resize(bytes, (size_t)whole);
            if (r != 0)
                return r;
            ssize_t n = recv(fd, bytes->data, bytes->len, MSG_DONTWAIT);
            if (n == whole)
                return 0;
        }
        if (errno != EINTR && errno != EAGAIN && errno != EWOULDBLOCK)
            return FED_E_BRIDGE;
    }
}

static int
exchange(int fd, const struct wire_out *out, int64_t deadline_ms, struct client_reply *reply)
{
    struct wire_msg asked;
    int r;

    if ((r = wire_parse(out->bytes.data, out->bytes.len, &asked)) != 0)
        return FED_E_INVALID;
    if ((r = send_all(fd, &out->bytes, deadline_ms)) != 0 ||
        (r = receive(fd, &reply->bytes, deadline_ms)) != 0 ||
        (r = wire_parse(reply->bytes.data, reply->bytes.len, &reply->msg)) != 0)
        return r;
    if (reply->msg.type != (asked.type | WIRE_REPLY_BIT) || reply->msg.request != asked.request)
        return FED_E_PROTO;
    return 0;
}

int
client_ask(const char *socket_path, const struct wire_out *out, int timeout_ms,
    struct client_reply *ret_reply)
{
    struct client_reply reply = {.bytes = FED_SECRET_INIT(WIRE_MESSAGE_MAX)};
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int64_t deadline_ms = clock_mono_ms() + timeout_ms;
    size_t len = strlen(socket_path);
    int fd = -1, r;

    if (len == 0 || len >= sizeof(address.sun_path))
        return FED_E_INVALID;
    memcpy(address.sun_path, socket_path, len);

    fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0) {
        r = FED_E_SYSTEM;
        goto out;
    }
    if ((r = connect_until(fd, &address, deadline_ms)) != 0 ||
        (r = exchange(fd, out, deadline_ms, &reply)) != 0)
        goto out;
    *ret_reply = reply;
    reply.bytes = FED_SECRET_INIT(0);

out:
    if (fd >= 0)
        (void)close(fd);
    client_reply_done(&reply);
    return r;
}

void
client_reply_done(struct client_reply *reply)
{
    if (reply != NULL)
        fed_secret_done(&reply->bytes);
}
