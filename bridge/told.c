/*
 * Texts for people, by what went wrong.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "bridge/told.h"

#include <stdio.h>

#include "base/err.h"
#include "ldap/wording.h"

/*
 * What only somebody with the right password may read of their account (I-12). The rest is told by the status
 * alone.
 */
void
told_error(int error, struct answer *answer)
{
    switch (error) {
    case FED_E_DISABLED:
    case FED_E_EXPIRED:
    case FED_E_RESTRICTED:
    case FED_E_NOT_LISTED:
    case FED_E_LOCKED:
    case FED_E_DIRECTORY:
    case FED_E_STORE:
    case FED_E_CONFIG:
        (void)snprintf(answer->message, sizeof(answer->message), "%s", fed_strerror(error));
        break;
    case FED_E_CLOCK:
        (void)snprintf(answer->message, sizeof(answer->message),
            "one-time codes cannot be checked: %s; try again later", fed_strerror(error));
        break;
    default:
        break;
    }
}

/*
 * Without a service identity the password is changed by who has proved a code: who has not, or asks where no new password can be asked
 * for, changes it elsewhere. AD says that it has expired only to the right one (I-12).
 */
void
told_expired(int error, struct answer *answer)
{
    if (error == FED_E_PASSWORD_EXPIRED)
        (void)snprintf(answer->message, sizeof(answer->message),
            "Your password has expired or must be changed, and this host cannot do "
            "that: " WORDING_ELSEWHERE ", and log in again.");
}

void
told_days(int days, struct answer *answer)
{
    if (days == 0)
        (void)snprintf(
            answer->message, sizeof(answer->message), "Your password expires within a day.");
    else if (days > 0)
        (void)snprintf(answer->message, sizeof(answer->message),
            "Your password expires in %d day%s.", days, days == 1 ? "" : "s");
}
