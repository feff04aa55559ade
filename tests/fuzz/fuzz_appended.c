/*
 * The end of an answer that is password and code: any bytes; what is taken lies inside, and is never two things.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "mfa/appended.h"
#include "mfa/recovery.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* As many digits, and nothing else? */
static bool
is_code(const unsigned char *code, size_t len, size_t digits)
{
    for (size_t i = 0; i < len; i++) {
        if (code[i] < '0' || code[i] > '9')
            return false;
    }
    return len == digits;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const unsigned char *recovery = NULL, *code;
    size_t recovery_len = 0, len;
    bool found = appended_recovery_code(data, size, &recovery, &recovery_len);

    if (found && (recovery_len >= size || recovery + recovery_len != data + size ||
                     !recovery_has_form(recovery, recovery_len)))
        abort();
    for (size_t digits = 6; digits <= 8; digits++) {
        code = appended_code(data, size, digits, &len);
        if (len != (size > digits ? digits : 0) || (size > 0 && code + len != data + size))
            abort();
        if (found && is_code(code, len, digits))
            abort();
    }
    return 0;
}
