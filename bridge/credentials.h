/*
 * A ticket and a role to AWS credentials: from the cache, or by one call of STS.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef BRIDGE_CREDENTIALS_H
#define BRIDGE_CREDENTIALS_H

#include "bridge/bridge.h"

/* Another job's call is under way: the job was kept and comes again when it has landed. Not an error of base/err.h. */
enum { CREDENTIALS_WAIT = 1 };

/* What a person does about a sign-in that ends soon. */
#define CREDENTIALS_RENEW "to go on, run awsfed-login logout, then awsfed-login"

/*
 * Which role is meant? name NULL: the one chosen with ASK_USE; else the only one, or the only one with default = yes, of the
 * ticket's roles. ret_role lives as long as the ticket. 0, or with why (BRIDGE_WHY_MAX) saying what to do FED_E_ROLE, or
 * FED_E_FRESH_CODE where there is none for want of a code (bridge/roleless.h). Blocks on the store then.
 */
FED_MUST_USE int credentials_role(struct bridge *b, const struct ticket *t, const char *name,
    const struct conf_role **ret_role, char *why);

/* The name of the role that role-less calls give, NULL when they give none. It lives as long as the ticket. */
const char *credentials_shown_role(const struct ticket *t);

/* Does this role want a fresher code than the ticket has (mfa-age)? */
bool credentials_needs_code(const struct ticket *t, const struct conf_role *role, int64_t now_s);

/*
 * Credentials of a role of the ticket.
 *   *ticket      as in standing_check
 *   *role        of the ticket (credentials_role); afterwards the same role of *ticket, or NULL when that has it no more
 *   duration_s   wanted by the asker, 0 = the role's; more than the role's is cut to it
 *   ret          on success; freed with sts_credential_done
 *   why          on failure one line for the person (BRIDGE_WHY_MAX)
 * Returns 0, CREDENTIALS_WAIT, FED_E_NO_TICKET (also: ends too soon), FED_E_ROLE, FED_E_FRESH_CODE, and what standing_check and STS give.
 * Never issued past the role's duration and the ticket's end (I-59).
 */
FED_MUST_USE int credentials_get(struct bridge *b, struct job *job, struct ticket **ticket,
    const struct conf_role **role, int64_t duration_s, struct sts_credential *ret, char *why);

#endif
