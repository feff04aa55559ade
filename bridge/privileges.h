/*
 * Becoming the bridge's own user, once, and proving that there is no way back.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef BRIDGE_PRIVILEGES_H
#define BRIDGE_PRIVILEGES_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/err.h"

struct identity_ids {
    uid_t uid;
    gid_t gid;
};

/* The ids of an account; the caller's own when it is not root. FED_E_CONFIG with why when there is none. */
FED_MUST_USE int privileges_find(
    const char *user, struct identity_ids *ret, char *why, size_t why_size);

/*
 * Drop to these ids: no groups, no capabilities, no new privileges, no core dumps. Does nothing but
 * the last two when the caller is not root. 0 or FED_E_SYSTEM: the caller then ends.
 */
FED_MUST_USE int privileges_drop(const struct identity_ids *ids);

#endif
