/*
 * Changing an own password by Kerberos's change-password protocol (RFC 3244) over TCP: the one way that AD leaves to somebody whose
 * password has expired, since a ticket for that service alone is given for it all the same.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef LDAP_KPASSWD_H
#define LDAP_KPASSWD_H

#include <stdint.h>

#include "base/err.h"
#include "base/secret.h"
#include "ldap/kdc.h"

struct kpasswd {
    const char *domain; /* its realm is asked */
    const char *name;   /* whose password: sAMAccountName */
    const struct fed_secret *old_password, *new_password;
    struct kdc tickets, passwords; /* the two services of one domain controller */
};

/*
 * Change it. At most two requests go for the ticket, of which the second alone proves the old password, so one wrong password is the
 * most that can be counted (I-6); then one request for the change, which is not repeated. Only AES is spoken. Success
 * is what was verified by a key that nobody but the domain can know. Blocks up to the deadline.
 *   text  WHY_MAX bytes: what the person is told of a failure, "" = nothing but the error's own words
 * 0; FED_E_PASSWORD_REFUSED; FED_E_DENIED (the old password is not this name's); FED_E_CLOCK; FED_E_DIRECTORY (no service, no answer,
 * or none that can be verified: text says whether it may have been changed); FED_E_NOMEM. why on failure.
 */
FED_MUST_USE int kpasswd_change(
    const struct kpasswd *k, int64_t deadline_ms, char *text, char *why);

#endif
