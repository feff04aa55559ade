/*
 * The keys of one account from a keytab that is root's, and that others rewrite while we run: opened as root, kept
 * open, read again at need. One thread at a time.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef LDAP_HOSTKEYS_H
#define LDAP_HOSTKEYS_H

#include <stdbool.h>

#include <krb5/krb5.h>

#include "base/err.h"
#include "ldap/keytab.h"

struct hostkeys;

/*
 * Open and read a keytab.
 *   path           must outlive it
 *   realm, wanted  as for keytab_find; the realm must outlive it
 * 0, FED_E_CONFIG, FED_E_NOMEM; why on failure, WHY_MAX bytes: "PATH": what: remedy.
 */
FED_MUST_USE int hostkeys_new(
    const char *path, const char *realm, const char *wanted, struct hostkeys **ret, char *why);
void hostkeys_free(struct hostkeys *keys);

const struct keytab_account *hostkeys_account(const struct hostkeys *keys);
const char *hostkeys_path(const struct hostkeys *keys);

/*
 * Read what the file is now, for the same account; on failure what was read before stays. 0, FED_E_CONFIG, FED_E_BUSY
 * (somebody is writing it), FED_E_NOMEM; why on failure.
 */
FED_MUST_USE int hostkeys_refresh(struct hostkeys *keys, char *why);

/* Is the file that we have open no longer the one of that name? Then it will not change any more. */
bool hostkeys_was_replaced(const struct hostkeys *keys);

/* As a keytab of libkrb5's, which wipes it when the caller closes it. 0 or libkrb5's code. */
FED_MUST_USE krb5_error_code hostkeys_lend(
    const struct hostkeys *keys, krb5_context context, krb5_principal principal, krb5_keytab *ret);

#endif
