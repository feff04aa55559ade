/*
 * Changing an own password over LDAP (MS-ADTS 3.1.1.3.1.5): the value, the modify, the answer.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef LDAP_PASSWORD_H
#define LDAP_PASSWORD_H

#include "base/err.h"
#include "base/secret.h"
#include "ldap/conn.h"
#include "ldap/domain.h"

/* Room for the value: two quotes and 511 characters of at most two units each. */
enum { PASSWORD_VALUE_MAX = 2 * (2 + 2 * 511) };

/*
 * A value of unicodePwd: the password in double quotes, as UTF-16LE without a terminator.
 *   ret  initialised with room for PASSWORD_VALUE_MAX; replaced
 * 0, FED_E_INVALID (not UTF-8), FED_E_TOO_BIG, FED_E_NOMEM.
 */
FED_MUST_USE int password_value(const struct fed_secret *password, struct fed_secret *ret);

/*
 * The answer to a change as one of our errors: 0, FED_E_DENIED (the old password is wrong),
 * FED_E_PASSWORD_REFUSED (text, WHY_MAX bytes, is for the person), FED_E_DIRECTORY. text is always written.
 */
FED_MUST_USE int password_answer(const struct conn_answer *answer, char *text);

/* See addir_change_password; sent once, on conn, or by the service identity when conn is NULL. */
FED_MUST_USE int password_change(struct domain *domain, struct conn *conn, const char *dn,
    const struct fed_secret *old_password, const struct fed_secret *new_password,
    const struct domain_budget *budget, char *text, char *why);

#endif
