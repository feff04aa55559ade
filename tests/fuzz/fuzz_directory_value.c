/*
 * Fuzz: an attribute's value, and what a sealed row holds, as anybody may have left them. What is read is
 * written again as the same bytes.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "mfa/store_directory.h"
#include "mfa/store_directory_value.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fed_secret blob = FED_SECRET_INIT(SEAL_OVERHEAD + SEAL_RECORD_MAX);
    struct fed_secret again = FED_SECRET_INIT(STORE_DIRECTORY_VALUE_MAX);
    struct store_row row;

    if (store_directory_from_text(data, size, &blob) == 0 &&
        (store_directory_to_text(blob.data, blob.len, &again) != 0 || again.len != size ||
            memcmp(again.data, data, size) != 0))
        abort();
    if (store_directory_unpack(data, size, "S-1-5-21-1-2-3-1104", &row) == 0 &&
        (store_directory_pack(&row, row.version, &again) != 0 || again.len != size ||
            memcmp(again.data, data, size) != 0))
        abort();
    fed_secret_done(&blob);
    fed_secret_done(&again);
    return 0;
}
