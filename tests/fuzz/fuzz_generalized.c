/*
 * Any bytes as GeneralizedTime: what is accepted lies between the years 0 and 9999.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdlib.h>

#include "ldap/generalized.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    int64_t s;

    if (generalized_read(data, size, &s) == 0 && (s < -62167219200 || s > 253402300799))
        abort();
    return 0;
}
