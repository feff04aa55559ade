/*
 * When does AD lock an account out? The domain's policy, by the service identity.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef LDAP_POLICY_H
#define LDAP_POLICY_H

#include "base/err.h"
#include "ldap/domain.h"

/* See addir_lockout_threshold. */
FED_MUST_USE int policy_threshold(struct domain *domain, const char *base_dn,
    const struct domain_budget *budget, unsigned *ret, char *why);

#endif
