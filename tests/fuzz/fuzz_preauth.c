/*
 * Any bytes as an answer of a Kerberos service that is looked at for how keys are to be made.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdlib.h>

#include "ldap/preauth.h"
#include "ldap/why.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char why[WHY_MAX] = "";
    int r = preauth_look(data, size, why);

    if ((r == 0) != (why[0] == '\0') || (size < 4 && r == 0))
        abort();
    return 0;
}
