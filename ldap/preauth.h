/*
 * How the Kerberos service wants a key to be made of the password (RFC 4120 5.2.7.5, RFC 3962 section 4). The answers that say it
 * come in the clear, from whoever sits in between: with a small count of rounds what we send would be guessed the sooner, with a great one making the
 * key would take longer than any deadline.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef LDAP_PREAUTH_H
#define LDAP_PREAUTH_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

/* AD and Samba always say 4096, the default of AES. */
enum { PREAUTH_ROUNDS_LEAST = 4096, PREAUTH_ROUNDS_MOST = 65536 };

/*
 * May libkrb5 read this answer, an AS-REP or a KRB-ERROR? Any bytes are safe. 0, or
 * FED_E_DIRECTORY with why (WHY_MAX bytes). Never blocks; any thread.
 */
FED_MUST_USE int preauth_look(const uint8_t *answer, size_t len, char *why);

#endif
