/*
 * The line for the log that goes with an error: written where the error arises, handed upward with it.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef LDAP_WHY_H
#define LDAP_WHY_H

#include "base/err.h"

enum { WHY_MAX = 256 };

/*
 * Write the line into why (WHY_MAX bytes; cleaned of control characters, cut) and return error, so that a
 * failure is one statement. Never given a secret.
 */
int why_not(char *why, int error, const char *format, ...) FED_PRINTF(3, 4);

#endif
