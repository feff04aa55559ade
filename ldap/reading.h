/*
 * One read of a person's entry: state, groups, extra attributes, whole or not at all. A read is one search; where AD gives
 * tokenGroups in pieces (ldap/range.h), one more for each further piece, on the same connection, and a list with a gap, an
 * overlap or no end denies (I-16).
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef LDAP_READING_H
#define LDAP_READING_H

#include "ldap/addir.h"
#include "ldap/domain.h"
#include "ldap/wanted.h"

/*
 * The entry at dn, as whoever conn is bound as.
 * 0 (ret is the caller's, addir_entry_done), FED_E_UNKNOWN_USER (no such entry), FED_E_DIRECTORY, FED_E_NOMEM; why on failure.
 */
FED_MUST_USE int reading_on(struct conn *conn, const char *dn, const struct wanted *wanted,
    const struct domain_budget *budget, struct addir_entry *ret, char *why);

/* The same as the service identity, on another connection when one dies. Errors of domain_take too. */
FED_MUST_USE int reading_by_service(struct domain *domain, const char *dn,
    const struct wanted *wanted, const struct domain_budget *budget, struct addir_entry *ret,
    char *why);

#endif
