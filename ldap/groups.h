/*
 * Configured groups (names, DNs, SIDs) and the searches that turn them into SIDs.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef LDAP_GROUPS_H
#define LDAP_GROUPS_H

#include <stddef.h>

#include "base/err.h"
#include "base/secret.h"
#include "ldap/addir.h"
#include "ldap/conn.h"
#include "ldap/domain.h"
#include "ldap/sid.h"

enum {
    GROUPS_CHUNK = 200, /* names in one search: far below AD's page of 1,000 answers */
    GROUPS_FILTER_MAX = 256 * 1024,
    GROUPS_PAGE = 500,
    GROUPS_LIKE_MAX = 20000, /* of one prefix; a domain with more names them by another */
};

enum groups_form {
    GROUPS_SID,
    GROUPS_DN,
    GROUPS_NAME,   /* a sAMAccountName in ASCII: matched here, without regard to case */
    GROUPS_FOREIGN /* one with other letters: only AD knows which are equal, so it is asked alone */
};

/* The form of a configured group: a DN has '=', a SID begins with S-1-. */
enum groups_form groups_form(const char *group);

/* (&(objectClass=group)(|(sAMAccountName=…)…)) for the names among n groups, n at most GROUPS_CHUNK. */
FED_MUST_USE int groups_filter(char *const *groups, size_t n, struct fed_secret *filter);

/*
 * See addir_groups: all the names in as few searches as can be, then each DN, and each name that only AD can
 * compare, by itself. Blocks up to the budget's end.
 */
FED_MUST_USE int groups_search(struct domain *domain, const char *base_dn, char *const *groups,
    size_t n, const struct domain_budget *budget, struct sid *ret_sids, char *why);

/*
 * The groups whose sAMAccountName begins with a prefix, in one paged search; see addir_groups_like.
 *   ret   the caller frees it; NULL when there is none
 */
FED_MUST_USE int groups_like(struct domain *domain, const char *base_dn, const char *prefix,
    size_t prefix_len, const struct domain_budget *budget, struct addir_group **ret, size_t *ret_n,
    char *why);

#endif
