/*
 * Whose is the other end of a connection over loopback? TCP has no SO_PEERCRED, so the kernel's table of sockets
 * is asked by sock_diag(7): one exact look-up, where /proc/net/tcp would be a text of every socket of the host, that a
 * peer who opens thousands of them makes slow, and in another file for IPv4 over an IPv6 socket.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef BRIDGE_TCP_OWNER_H
#define BRIDGE_TCP_OWNER_H

#include <netinet/in.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"

struct tcp_owner;

FED_MUST_USE int tcp_owner_new(struct tcp_owner **ret);
void tcp_owner_free(struct tcp_owner *o);

/*
 * The uid that made the socket at peer, which is connected to local. A socket that its owner has closed, or that is not of an
 * IPv4 connection, has no owner. One thread at a time; never blocks. 0, FED_E_NOT_FOUND, FED_E_SYSTEM.
 */
FED_MUST_USE int tcp_owner_find(struct tcp_owner *o, const struct sockaddr_in *peer,
    const struct sockaddr_in *local, uid_t *ret_uid);

/*
 * The kernel's answer to the request of this number, for tcp_owner_find and its tests. 0, FED_E_NOT_FOUND, FED_E_PROTO.
 * Any bytes are safe.
 */
FED_MUST_USE int tcp_owner_parse(
    const void *data, size_t len, uint32_t number, const struct sockaddr_in *peer, uid_t *ret_uid);

#endif
