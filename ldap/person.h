/*
 * Who has a name? The search of addir_resolve, and of a login in a domain without a service identity.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef LDAP_PERSON_H
#define LDAP_PERSON_H

#include "ldap/addir.h"
#include "ldap/domain.h"
#include "ldap/names.h"

/*
 * The one entry of a name (as names_own gave it): by the service identity when conn is NULL, else on conn, as
 * whoever it is bound as. Zero or more than one is FED_E_UNKNOWN_USER (I-10). Other errors as for domain_search.
 */
FED_MUST_USE int person_search(struct domain *domain, struct conn *conn, const struct names *names,
    const char *base_dn, const char *name, const struct domain_budget *budget,
    struct addir_person *ret, char *why);

#endif
