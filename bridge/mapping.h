/*
 * From groups to roles. The groups that the configuration names are resolved to SIDs when the bridge starts and
 * again every group-refresh; a login matches the SIDs of its tokenGroups against them and looks up no name
 * (I-21). A match costs one binary search a group of the person's, however many roles there are.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef BRIDGE_MAPPING_H
#define BRIDGE_MAPPING_H

#include <stddef.h>

#include "base/err.h"
#include "conf/conf.h"
#include "ldap/addir.h"

struct mapper;

/* conf and dirs outlive the mapper. Nothing is resolved yet. 0 or FED_E_NOMEM. */
FED_MUST_USE int mapper_new(
    const struct conf *conf, struct addir *const *dirs, struct mapper **ret);
void mapper_free(struct mapper *mapper);

/*
 * Resolve all groups again; blocks on the directory. A domain that does not answer keeps what was known of
 * it. Groups that do not exist are named in the log with file and line. 0, or the error of a domain
 * that did not answer. One thread at a time.
 */
FED_MUST_USE int mapper_refresh(struct mapper *mapper);

/*
 * The roles of a person of domain (an index), ascending indices into conf->roles.
 *   ret_roles   the caller frees it; NULL when there are none
 * Returns 0, FED_E_DIRECTORY (the groups are not known yet), FED_E_NOMEM. Any thread.
 */
FED_MUST_USE int mapper_roles(struct mapper *mapper, size_t domain,
    const struct addir_person *person, const struct addir_entry *entry, unsigned **ret_roles,
    size_t *ret_n);

/* May this person log in here by login-groups and deny-groups? 0, FED_E_NOT_LISTED, FED_E_DIRECTORY. */
FED_MUST_USE int mapper_may_login(
    struct mapper *mapper, size_t domain, const struct addir_entry *entry);

#endif
