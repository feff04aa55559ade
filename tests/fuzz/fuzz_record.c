/*
 * Records of the second-factor store: any bytes are safe, and what is read is written as the same bytes.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "mfa/record.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    unsigned char again[RECORD_MAX];
    struct record r;
    size_t len = 0;

    if (record_decode(data, size, &r) != 0)
        return 0;
    if (record_encode(&r, again, &len) != 0 || len != size || memcmp(again, data, size) != 0)
        abort();
    return 0;
}
