/*
 * The end of an answer.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "mfa/appended.h"

#include "mfa/recovery.h"

const unsigned char *
appended_code(const unsigned char *answer, size_t len, size_t digits, size_t *ret_len)
{
    size_t n = len > digits ? digits : 0;

    *ret_len = n;
    return len > 0 ? answer + (len - n) : answer;
}

bool
appended_recovery_code(
    const unsigned char *answer, size_t len, const unsigned char **ret_code, size_t *ret_len)
{
    const size_t shown = RECOVERY_TEXT_SIZE - 1, group = shown / 2;

    if (len <= shown || answer[len - group - 1] != '-' ||
        !recovery_has_form(answer + len - shown, shown))
        return false;
    *ret_code = answer + len - shown;
    *ret_len = shown;
    return true;
}
