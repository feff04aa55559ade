/*
 * Who is at the other end of a Unix socket: the kernel's word, fixed when the peer connected (I-53).
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef BRIDGE_PEER_H
#define BRIDGE_PEER_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/err.h"

struct peer {
    uid_t uid;
    gid_t gid;
    pid_t pid;
    bool is_admin; /* uid 0, or in the admin group when it connected */
};

/*
 * From SO_PEERCRED and SO_PEERGROUPS. admin_gid NULL: root alone is an administrator. 0 or FED_E_SYSTEM: then
 * nothing is known, and the connection is not to be served. Never blocks.
 */
FED_MUST_USE int peer_of(int fd, const gid_t *admin_gid, struct peer *ret);

#endif
