/*
 * A line of the audit trail, of any bytes: no crash, and one that is taken has what every line has.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdint.h>
#include <stdlib.h>

#include "bridge/audit_line.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct audit_line line;

    if (audit_line_parse(data, size, &line) != 0)
        return 0;
    if (line.event == NULL || !json_is_object(line.root))
        abort();
    audit_line_done(&line);
    return 0;
}
