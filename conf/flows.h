/*
 * Checks of how each role is taken: its flow, the role that it is taken via, and what AWS allows of a chain.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef CONF_FLOWS_H
#define CONF_FLOWS_H

#include <stdbool.h>

#include "conf/conf.h"
#include "conf/sections.h"

/* AWS: a session that is assumed with the keys of another lasts an hour at most. */
enum { FLOWS_CHAINED_MOST_S = 3600, FLOWS_HOPS_MOST = 8 };

/* A role by its name, or NULL. */
const struct conf_role *flows_find_role(const struct conf *conf, const char *name);

/* Is a role asked for with keys of AWS's (AssumeRole), not with an assertion or a token? */
bool flows_is_chained(const struct conf_role *role);

/* Is this role the way to another? Such a one may be nobody's own. */
bool flows_is_hop(const struct conf *conf, const struct conf_role *role);

/* Fill base and base_file in from what base-credential says. */
void flows_split_base(struct conf_aws *aws);

/* Report what keeps a role from being taken as its section says; all roles are read by now. */
void flows_check(const struct conf *conf, const struct conf_role *role,
    const struct section *section, struct conf_errors *errors);

#endif
