/*
 * Roles that somebody took lately and is not known to have any more: what AWS gave of them goes on until it expires, whoever was
 * taken out of which group before. The audit trail of this host says which they are.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef BRIDGE_ADMIN_LOST_ROLES_H
#define BRIDGE_ADMIN_LOST_ROLES_H

#include <stdbool.h>

#include "bridge/admin/ask.h"

enum { LOST_ROLES_MOST = 32, LOST_ROLES_WHY_MAX = 640 };

struct lost_role {
    char name[129], arn[2049];
};

struct lost_roles {
    struct lost_role of[LOST_ROLES_MOST];
    size_t n;
    char why
        [LOST_ROLES_WHY_MAX]; /* why these are not all, fit for a terminal; "" = they are all that this host's trail has */
};

/*
 * Those of a SID whose credentials may be good still. known: a reply to ASK_REVOKE; what it has is left out. Blocks on files.
 * Large: it has no place on a stack. Never fails: what could not be read is in why.
 */
void lost_roles_find(const struct admin *admin, const char *sid, const struct wire_msg *known,
    struct lost_roles *ret);

#endif
