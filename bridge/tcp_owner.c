/*
 * sock_diag(7) for one socket.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "bridge/tcp_owner.h"

#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct tcp_owner {
    int fd;
    uint32_t number;
};

struct request {
    struct nlmsghdr header;
    struct inet_diag_req_v2 diag;
};

enum { REPLY_MAX = 8192 };

int
tcp_owner_new(struct tcp_owner **ret)
{
    struct tcp_owner *o = calloc(1, sizeof(*o));

    if (o == NULL)
        return FED_E_NOMEM;
    o->fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_SOCK_DIAG);
    if (o->fd < 0) {
        free(o);
        return FED_E_SYSTEM;
    }
    *ret = o;
    return 0;
}

void
tcp_owner_free(struct tcp_owner *o)
{
    if (o == NULL)
        return;
    (void)close(o->fd);
    free(o);
}

/*
 * A socket that was closed while its connection still winds down belongs to nobody, and the kernel then says uid 0: only
 * one with an inode has an owner.
 */
int
tcp_owner_parse(
    const void *data, size_t len, uint32_t number, const struct sockaddr_in *peer, uid_t *ret_uid)
{
    struct nlmsghdr header;
    struct inet_diag_msg msg;

    if (len < sizeof(header))
        return FED_E_PROTO;
    memcpy(&header, data, sizeof(header));
    if (header.nlmsg_seq != number || header.nlmsg_len < sizeof(header) || header.nlmsg_len > len)
        return FED_E_PROTO;
    if (header.nlmsg_type == NLMSG_ERROR)
        return FED_E_NOT_FOUND;
    if (header.nlmsg_type != SOCK_DIAG_BY_FAMILY || header.nlmsg_len - sizeof(header) < sizeof(msg))
        return FED_E_PROTO;
    memcpy(&msg, (const char *)data + sizeof(header), sizeof(msg));
    if (msg.id.idiag_sport != peer->sin_port)
        return FED_E_PROTO;
    if (msg.idiag_inode == 0)
        return FED_E_NOT_FOUND;
    *ret_uid = msg.idiag_uid;
    return 0;
}

int
tcp_owner_find(struct tcp_owner *o, const struct sockaddr_in *peer, const struct sockaddr_in *local,
    uid_t *ret_uid)
{
    struct sockaddr_nl kernel = {.nl_family = AF_NETLINK};
    struct request request = {.header = {.nlmsg_len = sizeof(request),
                                  .nlmsg_type = SOCK_DIAG_BY_FAMILY,
                                  .nlmsg_flags = NLM_F_REQUEST,
                                  .nlmsg_seq = ++o->number},
        .diag = {.sdiag_family = AF_INET,
            .sdiag_protocol = IPPROTO_TCP,
            .idiag_states = UINT32_MAX,
            .id = {.idiag_sport = peer->sin_port,
                .idiag_dport = local->sin_port,
                .idiag_cookie = {INET_DIAG_NOCOOKIE, INET_DIAG_NOCOOKIE}}}};
    char reply[REPLY_MAX];

    if (peer->sin_family != AF_INET || local->sin_family != AF_INET)
        return FED_E_NOT_FOUND;
    request.diag.id.idiag_src[0] = peer->sin_addr.s_addr;
    request.diag.id.idiag_dst[0] = local->sin_addr.s_addr;
    if (sendto(o->fd, &request, sizeof(request), 0, (struct sockaddr *)&kernel, sizeof(kernel)) !=
        (ssize_t)sizeof(request))
        return FED_E_SYSTEM;
    /* The answer is there when sendto returns; what is older is of a request that was given up. */
    for (;;) {
        ssize_t n = recv(o->fd, reply, sizeof(reply), MSG_DONTWAIT);
        if (n < 0)
            return FED_E_SYSTEM;
        int r = tcp_owner_parse(reply, (size_t)n, o->number, peer, ret_uid);
        if (r != FED_E_PROTO)
            return r;
    }
}
