/*
 * Any bytes as a keytab: no account, or one whose keys lie within them.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "ldap/keytab.h"
#include "ldap/why.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct keytab_account account;
    char why[WHY_MAX] = "";

    if (keytab_find(data, size, "CORP.EXAMPLE.COM", NULL, &account, why) != 0)
        return why[0] == '\0' ? abort(), 0 : 0;
    if (account.n_keys == 0 || account.n_keys > KEYTAB_KEYS ||
        strlen(account.name) > KEYTAB_NAME_MAX)
        abort();
    for (size_t i = 0; i < account.n_keys; i++)
        if (account.keys[i].data < data || account.keys[i].len > size ||
            account.keys[i].data > data + size - account.keys[i].len)
            abort();
    return 0;
}
