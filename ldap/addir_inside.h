/*
 * What the sources of a domain share: its inside, and whose entry it is. For addir*.c alone.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef LDAP_ADDIR_INSIDE_H
#define LDAP_ADDIR_INSIDE_H

#include "ldap/addir.h"
#include "ldap/domain.h"
#include "ldap/identity.h"
#include "ldap/names.h"
#include "ldap/policy.h"
#include "ldap/tries.h"
#include "ldap/wanted.h"

struct addir {
    const struct conf_domain *conf;
    struct names names;
    _Atomic(struct wanted *) wanted;
    struct domain *domain;
    struct identity_cache *identities;
    struct tries *tries;
    struct policy_cache policy;
};

/*
 * Is this the entry of the person we mean (I-8)? It may have been deleted and made anew, or moved. Else the entry is
 * freed, and error comes back with why.
 */
FED_MUST_USE int addir_check_sid(struct addir *dir, const struct addir_person *person,
    struct addir_entry *entry, int error, char *why);

#endif
