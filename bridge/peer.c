/*
 * Asking the kernel for a peer's credentials.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "bridge/peer.h"

#include <stddef.h>
#include <sys/socket.h>

enum { GROUPS_MAX = 1024 };

/* The kernel's list of the time of connecting, not one that NSS would give now. */
static bool
in_group(int fd, gid_t main_gid, gid_t wanted)
{
    gid_t groups[GROUPS_MAX];
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

int
peer_of(int fd, const gid_t *admin_gid, struct peer *ret)
{
    struct ucred cred;
    socklen_t len = sizeof(cred);

    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &len) != 0 || len != sizeof(cred))
        return FED_E_SYSTEM;
    *ret = (struct peer){.uid = cred.uid, .gid = cred.gid, .pid = cred.pid};
    ret->is_admin = cred.uid == 0 || (admin_gid != NULL && in_group(fd, cred.gid, *admin_gid));
    return 0;
}
