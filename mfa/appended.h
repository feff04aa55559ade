/*
 * One answer for two things: the password and, right after it, a code (prompt=append). Where the code begins the
 * answer does not say; a token knows by its digits, and a recovery code by its form. Pure; any bytes are safe.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef MFA_APPENDED_H
#define MFA_APPENDED_H

#include <stdbool.h>
#include <stddef.h>

/*
 * What a token of so many digits takes for its code: that many bytes of the end, with something before them. Too short an answer
 * gives none (ret_len 0), which is then checked like any other. Borrowed.
 */
const unsigned char *appended_code(
    const unsigned char *answer, size_t len, size_t digits, size_t *ret_len);

/*
 * A recovery code at the end, just as it is shown: "xxxxx-xxxxx", with something before it. Its hyphen stands where a code
 * of six digits or more has a digit, so no answer ends in both. False, and nothing written, when there is none. Borrowed.
 */
bool appended_recovery_code(
    const unsigned char *answer, size_t len, const unsigned char **ret_code, size_t *ret_len);

#endif
