/*
 * Credentials that are lying about: keys in the environment or in ~/.aws that the SDKs take before anything that
 * awsfed gives. Nobody notices until the wrong account is changed, or a job dies of keys from last year.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef BRIDGE_LOGIN_STALE_H
#define BRIDGE_LOGIN_STALE_H

#include <stdbool.h>

#include "base/wire.h"
#include "bridge/login/edit.h"
#include "bridge/login/json.h"
#include "bridge/login/options.h"

enum { STALE_FOUND_MAX = 4, STALE_TEXT_MAX = EDIT_WHY_MAX + 256 };

/* What was found: a line each, with the remedy. */
struct stale {
    size_t count;
    char text[STALE_FOUND_MAX][STALE_TEXT_MAX];
};

/* Look at the environment and at the profile that role-less commands use. Blocks for reading two small files. */
void stale_find(const struct options *o, struct stale *ret_found);

/*
 * Look at this shell too, for a person who has just chosen a role for all of them: a profile or keys in its environment, however
 * good, come before the session endpoint.
 */
void stale_find_of_shell(const struct options *o, struct stale *ret_found);

/* Find, and tell. */
void stale_warn(const struct options *o);

/* The same for the profiles that `configure` makes of a reply to ASK_ROLES. */
void stale_find_of_profiles(
    const struct options *o, const struct wire_msg *roles, struct stale *ret_found);

/* Tell what was found on standard error; nothing with o->quiet. */
void stale_tell(const struct options *o, const struct stale *found);

/* The same for a machine: a member "warnings", an array of texts, only where there is something to warn of. */
void stale_json(struct json *j, const struct stale *found);

/* Has the default profile in this file any source of credentials? Then the SDKs never ask an endpoint. */
bool stale_default_has_source(enum edit_which which);

#endif
