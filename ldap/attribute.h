/*
 * One attribute of people's entries as a place to keep a value in: read, and exchanged for another where it still
 * is what was read. All on one pinned server, since a comparison on another could be with an older value.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef LDAP_ATTRIBUTE_H
#define LDAP_ATTRIBUTE_H

#include <stddef.h>

#include "base/err.h"
#include "base/secret.h"
#include "ldap/domain.h"
#include "ldap/sid.h"

enum { ATTRIBUTE_VALUE_MAX = 8 * 1024 };

/*
 * The value that somebody's entry has, "" when it has none. Found by their SID.
 *   ret  initialised by the caller; replaced
 * 0, FED_E_UNKNOWN_USER (no such entry), FED_E_TOO_BIG, FED_E_DIRECTORY (also: more than one value; or none, where the
 * service identity could not write one: it may be hidden), …; why on failure.
 */
FED_MUST_USE int attribute_read(struct domain *domain, const struct sid *sid, const char *attribute,
    const struct domain_budget *budget, struct fed_secret *ret, char *why);

/*
 * One modify that deletes old_value and adds new_value; "" = none. AD refuses all of it when the old one is not
 * there, so one of N callers with the same old one succeeds. The attribute must be single-valued for this to hold for
 * the first value. Sent once: FED_E_DIRECTORY leaves open whether it was done.
 * 0, FED_E_REPLAY (it has another value by now), FED_E_UNKNOWN_USER, FED_E_DIRECTORY, …; why on failure.
 */
FED_MUST_USE int attribute_exchange(struct domain *domain, const struct sid *sid,
    const char *attribute, const struct fed_secret *old_value, const struct fed_secret *new_value,
    const struct domain_budget *budget, char *why);

/* Everybody with a value, in no order, until fn returns non-zero, which is then returned. Pages of 500. */
typedef int attribute_fn(void *arg, const struct sid *sid, const void *value, size_t len);
FED_MUST_USE int attribute_each(struct domain *domain, const char *base_dn, const char *attribute,
    const struct domain_budget *budget, attribute_fn *fn, void *arg, char *why);

#endif
