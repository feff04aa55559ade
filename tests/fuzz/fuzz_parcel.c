/*
 * Fuzz: a parcel's lines, and what its pieces hold, as anybody may have left them. What is read is written again
 * as the same bytes.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "mfa/parcel.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_same(const void *again, size_t again_len, const uint8_t *data, size_t size)
{
    if (again_len != size || memcmp(again, data, size) != 0)
        abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fed_secret piece = FED_SECRET_INIT(PARCEL_PIECE_MAX);
    struct fed_secret again = FED_SECRET_INIT(PARCEL_LINE_MAX + 1);
    char shown[PARCEL_HEAD_MAX];
    struct parcel_head head;
    struct store_row row;
    uint64_t people;

    if (parcel_head_read(data, size, &head) == 0) {
        parcel_head_show(&head, shown);
        check_same(shown, strlen(shown), data, size);
    }
    if (parcel_line_read(data, size, &piece) == 0) {
        if (parcel_line_show(piece.data, piece.len, &again) != 0)
            abort();
        check_same(again.data, again.len - 1, data, size);
    }
    if (parcel_person_unpack(data, size, &row) == 0) {
        if (parcel_person_pack(&row, &again) != 0)
            abort();
        check_same(again.data, again.len, data, size);
    }
    if (parcel_end_unpack(data, size, &people) == 0 && parcel_end_pack(people, &again) == 0)
        check_same(again.data, again.len, data, size);
    fed_secret_done(&piece);
    fed_secret_done(&again);
    return 0;
}
