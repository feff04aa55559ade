/*
 * Asking a Kerberos service.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ldap/kdc.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "ldap/sock.h"
#include "ldap/why.h"

enum { HEAD = 4 };

void
kdc_set_port(struct kdc *kdc, unsigned port)
{
    if (kdc->address.ss_family == AF_INET6)
        ((struct sockaddr_in6 *)&kdc->address)->sin6_port = htons((uint16_t)port);
    else
        ((struct sockaddr_in *)&kdc->address)->sin_port = htons((uint16_t)port);
}

static int
send_all(int fd, const unsigned char *p, size_t len, int64_t deadline_ms)
{
    while (len > 0) {
        ssize_t n = send(fd, p, len, MSG_NOSIGNAL);
        int error = n < 0 ? errno : 0;
        if (error == EAGAIN)
            error = sock_ready(fd, POLLOUT, deadline_ms);
        if (error != 0 && error != EINTR)
            return error;
        if (n > 0) {
            p += n;
            len -= (size_t)n;
        }
    }
    return 0;
}

static int
receive_all(int fd, unsigned char *p, size_t len, int64_t deadline_ms)
{
    while (len > 0) {
        ssize_t n = recv(fd, p, len, 0);
        int error = n < 0 ? errno : n == 0 ? ECONNRESET : 0;
        if (error == EAGAIN)
            error = sock_ready(fd, POLLIN, deadline_ms);
        if (error != 0 && error != EINTR)
            return error;
        if (n > 0) {
            p += n;
            len -= (size_t)n;
        }
    }
    return 0;
}

static unsigned
port_of(const struct kdc *kdc)
{
    return ntohs(kdc->address.ss_family == AF_INET6
                     ? ((const struct sockaddr_in6 *)&kdc->address)->sin6_port
                     : ((const struct sockaddr_in *)&kdc->address)->sin_port);
}

static int
lost(const struct kdc *kdc, char *why, int error)
{
    return why_not(why, FED_E_DIRECTORY, "the Kerberos service (port %u, TCP): %s", port_of(kdc),
        error == ETIMEDOUT ? "no answer in time" : strerrordesc_np(error));
}

int
kdc_connect(const struct kdc *kdc, int64_t deadline_ms, int *ret_fd, char *why)
{
    int r = sock_connect((const struct sockaddr *)&kdc->address, kdc->len, deadline_ms, ret_fd);

    return r == 0 ? 0 : lost(kdc, why, errno);
}

int
kdc_talk(int fd, const struct kdc *kdc, const void *request, size_t len, int64_t deadline_ms,
    struct fed_secret *ret, bool *ret_sent, char *why)
{
    uint32_t size = htonl((uint32_t)len);
    unsigned char head[HEAD];
    int error;

    *ret_sent = false;
    memcpy(head, &size, HEAD);
    if ((error = send_all(fd, head, HEAD, deadline_ms)) != 0 ||
        (error = send_all(fd, request, len, deadline_ms)) != 0)
        return lost(kdc, why, error);
    *ret_sent = true;
    if ((error = receive_all(fd, head, HEAD, deadline_ms)) != 0)
        return lost(kdc, why, error);
    memcpy(&size, head, HEAD);
    size = ntohl(size);
    if (size == 0 || size > ret->limit)
        return why_not(why, FED_E_DIRECTORY,
            "the Kerberos service (port %u, TCP): an answer of %u bytes cannot be one",
            port_of(kdc), size);
    fed_secret_clear(ret);
    int r = fed_secret_resize(ret, size);
    if (r != 0)
        return why_not(why, r, "out of memory");
    error = receive_all(fd, ret->data, size, deadline_ms);
    return error == 0 ? 0 : lost(kdc, why, error);
}

int
kdc_ask(const struct kdc *kdc, const void *request, size_t len, int64_t deadline_ms,
    struct fed_secret *ret, char *why)
{
    bool sent;
    int fd = -1;
    int r = kdc_connect(kdc, deadline_ms, &fd, why);

    if (r != 0)
        return r;
    r = kdc_talk(fd, kdc, request, len, deadline_ms, ret, &sent, why);
    (void)close(fd);
    return r;
}
