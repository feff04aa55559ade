/*
 * TCP with a deadline, as a layer that libldap reads and writes through.
 *
 * libldap's own layer uses write(2), which raises SIGPIPE, and its waiting blocks inside a half-read TLS
 * record for as long as the peer likes. MSG_DONTWAIT and MSG_NOSIGNAL make both impossible. Its TLS
 * handshake, as Debian builds it, knows no time limit at all; there the waiting is done here.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ldap/sock.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"

/* A peer that vanished without a word is noticed within two minutes of silence. */
static void
set_keepalive(int fd)
{
    static const int on = 1, idle_s = 60, every_s = 15, probes = 4;

    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    (void)setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
    (void)setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &idle_s, sizeof(idle_s));
    (void)setsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &every_s, sizeof(every_s));
    (void)setsockopt(fd, IPPROTO_TCP, TCP_KEEPCNT, &probes, sizeof(probes));
}

int
sock_ready(int fd, short events, int64_t deadline_ms)
{
    struct pollfd p = {.fd = fd, .events = events};
    int n;

    do {
        int left = clock_left_ms(deadline_ms);
        if (left == 0)
            return ETIMEDOUT;
        n = poll(&p, 1, left);
    } while (n == 0 || (n < 0 && errno == EINTR));
    return n > 0 ? 0 : errno;
}

/* Wait for a connection in progress; 0 or an errno. */
static int
finish_connect(int fd, int64_t deadline_ms)
{
    int error = sock_ready(fd, POLLOUT, deadline_ms);
    socklen_t len = sizeof(error);

    if (error == 0 && getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len) != 0)
        return errno;
    return error;
}

int
sock_connect(const struct sockaddr *address, socklen_t len, int64_t deadline_ms, int *ret_fd)
{
    int fd = socket(address->sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    int error = 0;

    if (fd < 0)
        return FED_E_SYSTEM;
    set_keepalive(fd);
    if (connect(fd, address, len) != 0)
        error = errno == EINPROGRESS ? finish_connect(fd, deadline_ms) : errno;
    if (error != 0) {
        (void)close(fd);
        errno = error;
        return FED_E_DIRECTORY;
    }
    *ret_fd = fd;
    return 0;
}

static int
io_setup(Sockbuf_IO_Desc *desc, void *arg)
{
    desc->sbiod_pvt = arg;
    return 0;
}

static int
io_remove(Sockbuf_IO_Desc *desc)
{
    desc->sbiod_pvt = NULL;
    return 0;
}

/* Nothing is ever buffered here, so to every question (is data ready?) the answer is no. */
static int
io_ctrl(Sockbuf_IO_Desc *desc, int option, void *arg)
{
    (void)desc;
    (void)option;
    (void)arg;
    return 0;
}

/*
 * A call said EAGAIN: true when it is to be made again, since something can now be read (or written).
 */
static bool
wait_for_peer(struct sock *sock, short events)
{
    struct pollfd p = {.fd = sock->fd, .events = events};

    if (sock->wait_until_ms == 0)
        return false;
    if (clock_left_ms(sock->wait_until_ms) == 0) {
        sock->late = sock->ended = true;
        errno = ETIMEDOUT;
        return false;
    }
    (void)poll(&p, 1, clock_left_ms(sock->wait_until_ms));
    return true;
}

static ber_slen_t
io_read(Sockbuf_IO_Desc *desc, void *to, ber_len_t len)
{
    struct sock *sock = desc->sbiod_pvt;
    ssize_t n;

    do {
        n = sock->late ? 0 : recv(sock->fd, to, len, MSG_DONTWAIT);
    } while (n < 0 && errno == EAGAIN && wait_for_peer(sock, POLLIN));
    if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
        sock->ended = true;
    return n;
}

static ber_slen_t
io_write(Sockbuf_IO_Desc *desc, void *from, ber_len_t len)
{
    struct sock *sock = desc->sbiod_pvt;
    ssize_t n;

    if (sock->ended) {
        errno = EPIPE;
        return -1;
    }
    do {
        n = send(sock->fd, from, len, MSG_DONTWAIT | MSG_NOSIGNAL);
    } while (n < 0 && errno == EAGAIN && wait_for_peer(sock, POLLOUT));
    sock->want_write = n < 0 && errno == EAGAIN;
    if (n < 0 && errno != EAGAIN && errno != EINTR)
        sock->ended = true;
    return n;
}

static int
io_close(Sockbuf_IO_Desc *desc)
{
    struct sock *sock = desc->sbiod_pvt;

    if (sock->fd >= 0)
        (void)close(sock->fd);
    sock->fd = -1;
    return 0;
}

Sockbuf_IO sock_io = {
    .sbi_setup = io_setup,
    .sbi_remove = io_remove,
    .sbi_ctrl = io_ctrl,
    .sbi_read = io_read,
    .sbi_write = io_write,
    .sbi_close = io_close,
};

/* ---- The layer that wipes ---- */

static int
wiping_ctrl(Sockbuf_IO_Desc *desc, int option, void *arg)
{
    return LBER_SBIOD_CTRL_NEXT(desc, option, arg);
}

static ber_slen_t
wiping_read(Sockbuf_IO_Desc *desc, void *to, ber_len_t len)
{
    return LBER_SBIOD_READ_NEXT(desc, to, len);
}

/* libldap keeps a written request only to send it again after a referral, which never happens (I-5). */
static ber_slen_t
wiping_write(Sockbuf_IO_Desc *desc, void *from, ber_len_t len)
{
    ber_slen_t n = LBER_SBIOD_WRITE_NEXT(desc, from, len);

    if (n > 0)
        explicit_bzero(from, (size_t)n);
    return n;
}

static int
wiping_close(Sockbuf_IO_Desc *desc)
{
    (void)desc;
    return 0;
}

Sockbuf_IO sock_wiping_io = {
    .sbi_setup = io_setup,
    .sbi_remove = io_remove,
    .sbi_ctrl = wiping_ctrl,
    .sbi_read = wiping_read,
    .sbi_write = wiping_write,
    .sbi_close = wiping_close,
};

bool
sock_wait(const struct sock *sock, int64_t deadline_ms)
{
    struct pollfd p = {.fd = sock->fd, .events = POLLIN};
    int left = clock_left_ms(deadline_ms);

    if (left == 0)
        return false;
    if (sock->want_write)
        p.events |= POLLOUT;
    (void)poll(&p, 1, left);
    return true;
}

bool
sock_is_quiet(const struct sock *sock)
{
    struct pollfd p = {.fd = sock->fd, .events = POLLIN | POLLRDHUP};

    return !sock->ended && poll(&p, 1, 0) == 0;
}
