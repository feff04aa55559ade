/*
 * The role book: all roles that there are and who has them, as one reading of the configuration and of the directory's
 * groups gave them. It never changes; a new one takes its place, and whoever holds the old one keeps it whole. So
 * a ticket holds the book that its roles were found in, and an index into it stays true as long as the ticket lives.
 *
 * Making one asks nobody: the groups are handed in. A match costs one binary search a group of the person's,
 * however many roles there are.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef BRIDGE_BOOK_H
#define BRIDGE_BOOK_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "conf/conf.h"
#include "ldap/addir.h"

struct book;

/*
 * What the directory said about one domain's groups; all of it stays the caller's. A group counts by its SID for the people of
 * every domain (a universal group of another domain is in their tokenGroups), a built-in one for its own domain's alone.
 */
struct book_groups {
    bool known;
    struct sid *roles; /* of every role's groups, role after role; len 0 = it has no such group */
    struct sid *login,
        *deny; /* of its login-groups and deny-groups, whichever domain's; len 0 = not known */
    struct book_like {
        struct addir_group *groups;
        size_t n;
    } * like; /* one a pattern: the groups that begin like it */
    struct sid
        *demand; /* of exempt-groups, then of rule after rule; len 0 = it has no such group */
};

/*
 *   conf     a reference is kept
 *   domains  one each of conf's
 *   quiet    log nothing: the same was said before
 * Returns 0 or FED_E_NOMEM.
 */
FED_MUST_USE int book_new(
    struct conf *conf, const struct book_groups *domains, bool quiet, struct book **ret);
struct book *book_ref(struct book *book);
void book_unref(struct book *book);

/* Do two books give the same people the same? */
bool book_equal(const struct book *a, const struct book *b);

size_t book_size(const struct book *book);
const struct conf_role *book_role(const struct book *book, unsigned index);

/* By name, whatever its case; NULL when there is none. */
const struct conf_role *book_find(const struct book *book, const char *name);

/*
 * The roles of a person of domain (an index), ascending.
 *   ret_roles   the caller frees it; NULL when there are none
 * Returns 0, FED_E_DIRECTORY (the groups are not known yet), FED_E_NOMEM. Never blocks; any thread.
 */
FED_MUST_USE int book_roles(const struct book *book, size_t domain,
    const struct addir_person *person, const struct addir_entry *entry, unsigned **ret_roles,
    size_t *ret_n);

/* What gives a person this role: a group's SID (len 0: their name in users does), and where that is said. */
bool book_why(const struct book *book, size_t domain, const struct addir_entry *entry,
    unsigned role, struct sid *ret_group);

/*
 * May this person log in here by login-groups and deny-groups? 0, FED_E_NOT_LISTED, FED_E_DIRECTORY (not known yet), and
 * FED_E_CONFIG where a group of deny-groups was never found: who is in it cannot be told, so nobody may.
 */
FED_MUST_USE int book_may_login(
    const struct book *book, size_t domain, const struct addir_entry *entry);

#endif
