/*
 * Replies of IAM, of any bytes: no crash, and what is taken is what it says.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdint.h>
#include <stdlib.h>

#include "bridge/iam_reply.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const actions[] = {"PutRolePolicy", "GetCallerIdentity"};
    struct iam_reply reply;

    for (size_t i = 0; i < 2; i++) {
        int r = iam_reply_parse(actions[i], data, size, &reply);
        if (r == FED_E_AWS_REFUSED && reply.code[0] == '\0')
            abort();
        if (r == 0 && i == 0 && reply.account[0] != '\0')
            abort();
    }
    return 0;
}
