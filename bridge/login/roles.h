/*
 * The roles that a person may take, as a table for people and as JSON for programs.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef BRIDGE_LOGIN_ROLES_H
#define BRIDGE_LOGIN_ROLES_H

#include "bridge/login/ask.h"
#include "bridge/login/options.h"

/* The word roles. */
enum outcome roles_run(const struct options *o);

/*
 * Append the table of a reply to ASK_ROLES, or the line that says there are none.
 * 0, FED_E_TOO_BIG, FED_E_NOMEM.
 */
FED_MUST_USE int roles_add_table(
    struct fed_secret *to, const struct wire_msg *reply, uint64_t now_s);

/* Does the role of this name want a fresher code than the ticket has? False when it is not there. */
bool roles_want_code(const struct wire_msg *reply, const char *name);

/* The role of a reply to ASK_ROLES that a mistyped name was meant to be; NULL when none is near. Borrowed from the reply. */
const char *roles_nearest(const struct wire_msg *reply, const char *typed);

#endif
