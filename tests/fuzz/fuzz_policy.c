/*
 * Any bytes as a session policy's file: an error with a reason, or ASCII that is read again as itself.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "conf/policy.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char why[POLICY_WHY_MAX] = "", *text = NULL, *again = NULL;
    int r = policy_parse(data, size, &text, why);

    if (r != 0) {
        if (why[0] == '\0')
            abort();
        return 0;
    }
    for (const char *p = text; *p != '\0'; p++)
        if (*p < 0x20) /* what is beyond ASCII is negative */
            abort();
    if (policy_parse(text, strlen(text), &again, why) != 0 || strcmp(text, again) != 0)
        abort();
    free(text);
    free(again);
    return 0;
}
