/*
 * libkrb5 with settings of our own and no others: nothing comes from krb5.conf or the environment (I-56).
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef LDAP_PROFILE_H
#define LDAP_PROFILE_H

#include <krb5/krb5.h>

#include "base/err.h"

/*
 * A context of libkrb5 for one realm; one thread at a time.
 *   realm  must outlive it
 * 0 or FED_E_NOMEM. Free it with krb5_free_context.
 */
FED_MUST_USE int profile_context(const char *realm, krb5_context *ret);

#endif
