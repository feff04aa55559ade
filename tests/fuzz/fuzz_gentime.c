/*
 * Any bytes as a domain controller's time: refused, or in years of four digits.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdint.h>
#include <stdlib.h>

#include "ldap/gentime.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    int64_t t;

    /* The seconds of the years 0 and 10000. */
    if (gentime_parse(data, size, &t) == 0 && (t < -62167219200 || t >= 253402300800))
        abort();
    return 0;
}
