/*
 * Every group that a configuration names, in one row: of roles, then of each domain's login-groups and deny-groups, then of
 * exempt-groups and rules; and in which domain each is looked for. A name alone is, in a domain's list, that domain's, and
 * elsewhere any one's. NETBIOS\name and a DN say whose they are (conf/home.h), and a person matches by SID, whichever domain is theirs.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef BRIDGE_MENTIONS_H
#define BRIDGE_MENTIONS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "conf/conf.h"
#include "ldap/addir.h"

enum mention_of { MENTION_ROLE, MENTION_LOGIN, MENTION_DENY, MENTION_EXEMPT, MENTION_RULE };

struct mention {
    enum mention_of of;
    size_t owner; /* the role, rule or domain whose key names it, an index of the configuration's */
    size_t
        at; /* its place: in its list, among all roles' groups, or those of exempt-groups and rules */
    int home;         /* the domain it is looked for in, an index; HOME_ANYWHERE in each */
    const char *name; /* for addir_groups; the configuration's */
    const char *text; /* as it is written */
};

struct mentions {
    struct mention *items;
    size_t n;
    size_t n_roles; /* the first so many are of roles */
};

/* How many there are of exempt-groups and rules. */
size_t mentions_of_demand(const struct conf *conf);

/* conf must outlive it. 0 or FED_E_NOMEM. */
FED_MUST_USE int mentions_make(const struct conf *conf, struct mentions *ret);
/* Those of one role alone. role must outlive it. */
FED_MUST_USE int mentions_of_role(
    const struct conf *conf, const struct conf_role *role, struct mentions *ret);
void mentions_done(struct mentions *mentions);

/* Is it one of exempt-groups or of a rule? */
bool mention_is_demand(const struct mention *mention);

/* Is it looked for in this domain? */
bool mention_is_of(const struct mention *mention, size_t domain);

/*
 * Ask a domain for all that are looked for in it, by as few searches as addir_groups makes.
 *   ret   one for each mention, len 0 where it is not this domain's, does not exist, or is ambiguous; the caller frees it
 * 0, FED_E_NOMEM, or an error of addir_groups with its text in why.
 */
FED_MUST_USE int mentions_ask(
    const struct mentions *mentions, struct addir *dir, size_t domain, struct sid **ret, char *why);

#endif
