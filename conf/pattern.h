/*
 * Naming conventions of groups: what [role-pattern] sections match, and the roles that they make. A pattern is a group's
 * name with {account} (12 digits) and {role} (1 to 64 of [\w+=,.@-]) in the place of what differs:
 *
 *     match = AWS-{account}-{role}        and the group AWS-111122223333-Admin
 *     arn   = arn:aws:iam::{account}:role/{role}
 *
 * make the role 111122223333-Admin. Nothing here blocks or keeps state; any thread.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef CONF_PATTERN_H
#define CONF_PATTERN_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "conf/conf.h"

enum { PATTERN_ROLE_MAX = 64, PATTERN_PREFIX_MAX = 256, PATTERN_WHY_MAX = 256 };

/* What stood in a group's name where the pattern has its placeholders; "" for one that it does not have. */
struct pattern_found {
    char account[13];
    char role[PATTERN_ROLE_MAX + 1];
};

/* Is this a pattern: {account} or {role} or both, each once, and no other brace? why (PATTERN_WHY_MAX) on FED_E_INVALID. */
FED_MUST_USE int pattern_check(const char *match, char *why);

/* Does a group's name follow the pattern? Letters of the pattern match in either case, as names do in AD. */
bool pattern_fits(const char *match, const char *group, struct pattern_found *ret);

/* The text before the first placeholder: what a search for the groups asks for. */
size_t pattern_prefix(const char *match);

/*
 * A text with placeholders, as it is for one group; the caller frees it. One that the pattern does not find is left
 * as it stands, and no ARN takes a brace. NULL: out of memory.
 */
char *pattern_expand(const char *text, const struct pattern_found *found);

/* Something in the place of the placeholders, so that a pattern can be checked before there is a group. */
extern const struct pattern_found pattern_sample;

/*
 * The role that a pattern makes of a group: its own name (ACCOUNT-ROLE, by the ARN), arn, account, partition, provider,
 * alias and policy-arns; everything else is the pattern's, lent. Freed with pattern_role_done, before the pattern.
 * Returns 0, FED_E_INVALID (AWS knows no such ARN, or people cannot type the name), FED_E_NOMEM.
 */
FED_MUST_USE int pattern_role(
    const struct conf_pattern *pattern, const struct pattern_found *found, struct conf_role *ret);
void pattern_role_done(struct conf_role *role);

#endif
