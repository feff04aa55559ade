/*
 * From groups to roles: who keeps the role book (bridge/book.h) true. The groups that the configuration names, and
 * those that follow its patterns, are resolved to SIDs when the bridge starts, again every group-refresh, and when
 * the configuration is read again; each time that makes a difference a new book takes the place of the old. A
 * login matches the SIDs of its tokenGroups against the book and looks up no name (I-21).
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef BRIDGE_MAPPING_H
#define BRIDGE_MAPPING_H

#include <stddef.h>

#include "base/err.h"
#include "bridge/book.h"
#include "conf/conf.h"
#include "ldap/addir.h"

struct mapper;

/* dirs outlive the mapper; of conf a reference is kept. Nothing is resolved yet. 0 or FED_E_NOMEM. */
FED_MUST_USE int mapper_new(struct conf *conf, struct addir *const *dirs, struct mapper **ret);
void mapper_free(struct mapper *mapper);

/* The book of now, referenced; never NULL. Any thread. */
struct book *mapper_book(struct mapper *mapper);

/* Is this the book of now? */
bool mapper_is_now(struct mapper *mapper, const struct book *book);

/*
 * Resolve all groups again; blocks on the directory. A domain that does not answer keeps what was known of
 * it. Groups that do not exist are named in the log with file and line. 0, or the error of a domain
 * that did not answer. One thread at a time, together with mapper_reload.
 */
FED_MUST_USE int mapper_refresh(struct mapper *mapper);

/*
 * Take the roles, patterns, login-groups and deny-groups of another reading of the configuration, all or nothing: every
 * domain must answer and every group that is named must exist; else the old ones stay and the log says why, with file and line. What
 * else differs is named, and waits for a restart. Of conf a reference is kept on success.
 * Returns 0, FED_E_CONFIG, FED_E_NOMEM, or the error of a domain that did not answer.
 */
FED_MUST_USE int mapper_reload(struct mapper *mapper, struct conf *conf);

/* As book_roles and book_may_login, of the book of now; ret_book is it, referenced. Any thread. */
FED_MUST_USE int mapper_roles(struct mapper *mapper, size_t domain,
    const struct addir_person *person, const struct addir_entry *entry, struct book **ret_book,
    unsigned **ret_roles, size_t *ret_n);
FED_MUST_USE int mapper_may_login(
    struct mapper *mapper, size_t domain, const struct addir_entry *entry);

#endif
