/*
 * Any bytes as a diagnostic message: a known code or none, and never a success.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdlib.h>
#include <string.h>

#include "ldap/account.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    /* A copy of just that size, without a NUL, so that reading on is seen. */
    char *text = malloc(size + 1);
    enum addata code;

    if (text == NULL)
        return 0;
    memcpy(text + 1, data, size);
    code = addata_parse(text + 1, size);
    if (fed_error_class(addata_error(code)) != FED_CLASS_DENIED)
        abort();
    if (code != ADDATA_NONE && memmem(data, size, ", data ", 7) == NULL)
        abort();
    free(text);
    return 0;
}
