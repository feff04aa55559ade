/*
 * The roles used last, so that the picker has them on top. A convenience: where it cannot be kept, nothing fails.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef BRIDGE_LOGIN_RECENT_H
#define BRIDGE_LOGIN_RECENT_H

#include <stddef.h>

#include "base/secret.h"

enum { RECENT_MAX = 16 * 1024, RECENT_ROLES_MAX = 50 };

/* Names, a line each, the last used first. */
struct recent {
    struct fed_secret names;
};

#define RECENT_INIT ((struct recent){.names = FED_SECRET_INIT(RECENT_MAX)})

/* Read $XDG_STATE_HOME/awsfed/recent, or the one in ~/.local/state; empty when it cannot be read. */
void recent_load(struct recent *recent);
void recent_done(struct recent *recent);

/* The place of a name, from 0; RECENT_ROLES_MAX when it is not there. */
size_t recent_rank(const struct recent *recent, const char *name);

/* Put a name first, on the disk. */
void recent_note(const char *name);

#endif
