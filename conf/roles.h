/*
 * Checks across the keys of [role NAME] and [role-pattern NAME]: accounts and partitions, tags, policies, placeholders; and what
 * is derived from them. A part of conf/crosscheck.c.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef CONF_ROLES_H
#define CONF_ROLES_H

#include "base/err.h"
#include "conf/conf.h"
#include "conf/sections.h"

/* Complete role (account, partition, policy_text, digest) and report what is wrong with it. 0 or FED_E_NOMEM. */
FED_MUST_USE int roles_check(const struct conf *conf, struct conf_role *role,
    const struct section *section, struct conf_errors *errors);

/* The same of a pattern: it is right when the role is that it makes of some group. */
FED_MUST_USE int roles_check_pattern(const struct conf *conf, struct conf_pattern *pattern,
    const struct section *section, struct conf_errors *errors);

#endif
