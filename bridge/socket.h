/*
 * The bridge's place in the file system: its listening socket, and beside it the list of local users, by which
 * the PAM module lets break-glass accounts pass while no bridge runs (I-23).
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef BRIDGE_SOCKET_H
#define BRIDGE_SOCKET_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "conf/conf.h"

/*
 * The socket that systemd passed, which must be the one at path (FED_E_CONFIG), or one made there: its folder is
 * created (0755) if it is missing, a stale socket is replaced, a live one is FED_E_EXISTS. It does not block.
 * Everybody may connect: the bridge asks the kernel who it is. Called as root before privileges are dropped. Nobody
 * is answered yet, and at one that was made nobody can connect. why gets a line on failure.
 */
FED_MUST_USE int socket_open(const char *path, int *ret_fd, char *why, size_t why_size);

/* Let people connect: when everything that an answer takes is there. 0 or FED_E_SYSTEM. */
FED_MUST_USE int socket_listen(int fd);

/* Publish the names, one a line, as "local-users" in the socket's folder, atomically. */
FED_MUST_USE int socket_publish_local_users(
    const char *path, const struct conf_list *users, char *why, size_t why_size);

#endif
