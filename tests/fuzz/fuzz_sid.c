/*
 * Any bytes as a SID, binary and text: what is accepted comes back the same by the other form.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdlib.h>
#include <string.h>

#include "ldap/sid.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char text[256], again_text[SID_TEXT_MAX];
    struct sid sid, again;

    if (sid_parse(data, size, &sid) == 0) {
        if (sid.len != size || sid_from_text(sid_to_text(&sid, text), &again) != 0 ||
            !sid_equal(&sid, &again) || sid_compare(&sid, &again) != 0)
            abort();
    }
    if (size < sizeof(text)) {
        memcpy(text, data, size);
        text[size] = '\0';
        if (sid_from_text(text, &sid) == 0 && strcmp(sid_to_text(&sid, again_text), text) != 0)
            abort();
    }
    return 0;
}
