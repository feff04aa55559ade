/*
 * Names, as far as there is room.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "bridge/refused.h"

#include <stdio.h>

void
refused_add(struct refused *refused, const char *name)
{
    if (refused->n < REFUSED_NAMED)
        (void)snprintf(refused->names[refused->n], STORE_NAME_MAX, "%s", name);
    refused->n++;
}

void
refused_put(struct wire_out *out, const struct refused *refused, const char *why)
{
    char line[STORE_NAME_MAX + 64];

    for (size_t i = 0; i < refused->n && i < REFUSED_NAMED; i++) {
        (void)snprintf(line, sizeof(line), "%s: %s", refused->names[i], why);
        wire_put_text(out, WIRE_MESSAGE, line);
    }
}
