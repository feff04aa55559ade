/*
 * When does AD lock an account out? The domain's policy, by the service identity.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef LDAP_POLICY_H
#define LDAP_POLICY_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "ldap/addir.h"
#include "ldap/domain.h"

/* See addir_lockout_threshold. */
FED_MUST_USE int policy_threshold(struct domain *domain, const char *base_dn,
    const struct domain_budget *budget, unsigned *ret, char *why);

struct policy {
    unsigned threshold; /* 0 = never */
    int64_t window_nt;  /* as in AD: negative; INT64_MIN = for ever */
    bool others; /* some people have password settings (a PSO) of their own that we may read */
};

/* The domain's policy, and whether there are others, as read in the last quarter of an hour. Any thread. */
struct policy_cache {
    pthread_mutex_t lock; /* the two below */
    struct policy policy;
    int64_t until_ms; /* 0 = never read */
};

void policy_cache_init(struct policy_cache *cache);
void policy_cache_done(struct policy_cache *cache);
FED_MUST_USE int policy_cached(struct policy_cache *cache, struct domain *domain,
    const char *base_dn, const struct domain_budget *budget, struct policy *ret, char *why);

/*
 * See addir_tries. One read, and another where password settings (a PSO) hold for the person.
 *   now_nt  100 ns since 1601
 */
FED_MUST_USE int policy_tries(struct domain *domain, const struct policy *of_domain,
    const char *person_dn, int64_t now_nt, const struct domain_budget *budget,
    struct addir_tries *ret, char *why);

#endif
