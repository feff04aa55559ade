/*
 * Files to be imported: any bytes are safe; who is read without an error can be enrolled. The first byte chooses the format.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdint.h>
#include <stdlib.h>

#include "mfa/import.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct import_list list;
    int r;

    if (size == 0)
        return 0;
    import_init(&list);
    if (data[0] == 'g')
        r = import_google(&list, "f", "alice", data + 1, size - 1);
    else if (data[0] == 'o')
        r = import_oath(&list, "f", data + 1, size - 1);
    else
        r = import_csv(&list, "f", data + 1, size - 1);
    if (r == 0)
        r = import_check(&list, "f");
    for (size_t i = 0; r == 0 && list.n_errors == 0 && i < list.n; i++) {
        const struct import_item *item = &list.items[i];
        if (item->name[0] == '\0' || item->seed.len < TOTP_SEED_MIN ||
            item->seed.len > TOTP_SEED_MAX || item->used_until_s < 0)
            abort();
    }
    import_done(&list);
    return 0;
}
