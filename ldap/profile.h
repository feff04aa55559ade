/*
 * libkrb5 with settings of our own and no others: nothing comes from krb5.conf or the environment (I-56).
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef LDAP_PROFILE_H
#define LDAP_PROFILE_H

#include <krb5/krb5.h>

#include "base/err.h"

enum { PROFILE_REALM_MAX = 255 };

/* The realm of a domain of AD: its name in upper case (MS-KILE 3.1.5.2). */
void profile_realm(const char *domain, char ret[PROFILE_REALM_MAX + 1]);

/*
 * A context of libkrb5 for one realm; one thread at a time.
 *   realm  must outlive it
 * 0 or FED_E_NOMEM. Free it with krb5_free_context.
 */
FED_MUST_USE int profile_context(const char *realm, krb5_context *ret);

#endif
