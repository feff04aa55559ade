/*
 * The sign-in service's JSON: any bytes are read or refused, and a token is printable and bounded.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "bridge/federation.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fed_secret token = FED_SECRET_INIT(FEDERATION_TOKEN_MAX);

    if (federation_read_token(data, size, &token) == 0) {
        if (token.len == 0 || strlen(fed_secret_str(&token)) != token.len)
            abort();
        for (size_t i = 0; i < token.len; i++) {
            if (token.data[i] < 0x21 || token.data[i] > 0x7e)
                abort();
        }
    }
    fed_secret_done(&token);
    return 0;
}
