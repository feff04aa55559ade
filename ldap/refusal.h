/*
 * What Kerberos refuses, in plain words and with the remedy.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef LDAP_REFUSAL_H
#define LDAP_REFUSAL_H

#include <stdint.h>

#include <krb5/krb5.h>

#include "base/err.h"
#include "ldap/hostkeys.h"

/*
 * An error of libkrb5's as one of ours, with its line in why (WHY_MAX bytes).
 *   name      whose ticket was asked for, with the realm
 *   host      for which domain controller; NULL for our own ticket
 *   keys      by which keys
 *   server_s  what the domain controller's clock shows, 0 = not known
 * FED_E_DENIED (the key is wrong, and trying it elsewhere could lock the account), FED_E_NOT_FOUND (it refuses us, or no
 * controller is called host; nothing is wrong with it, and another may not), FED_E_CLOCK (its clock is not ours),
 * FED_E_DIRECTORY (it does not do), FED_E_NOMEM.
 */
FED_MUST_USE int refusal(krb5_context context, krb5_error_code code, const char *name,
    const char *host, const struct hostkeys *keys, int64_t server_s, char *why);

/* The clocks differ; the same server_s. Returns FED_E_CLOCK with the line in why. */
int refusal_clock(int64_t server_s, char *why);

#endif
