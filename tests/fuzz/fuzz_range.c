/*
 * Any bytes as the names of pieces of an attribute, one a line: what is accepted goes on without a gap and stays in bounds.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "ldap/range.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct range_progress progress = {0};

    while (size > 0) {
        const uint8_t *end = memchr(data, '\n', size);
        size_t len = end != NULL ? (size_t)(end - data) : size, before = progress.next;
        char *copy = malloc(len != 0 ? len : 1); /* of its own size, so that reading on is seen */
        struct range range;
        if (copy == NULL)
            abort();
        memcpy(copy, data, len);
        int r = range_parse(copy, len, "tokenGroups", &range);
        free(copy);
        if (r == 0 && !range.is_last && range.last < range.first)
            abort();
        if (r == 0 &&
            range_take(&progress, &range, range.is_last ? 1 : range.last - range.first + 1) == 0 &&
            (range.first != before || progress.next <= before))
            abort();
        data += len + (end != NULL);
        size -= len + (end != NULL);
    }
    if (progress.next > RANGE_VALUES_MAX || progress.pieces > RANGE_PIECES_MAX)
        abort();
    return 0;
}
