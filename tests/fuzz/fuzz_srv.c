/*
 * Any bytes as a DNS answer with SRV records, and as the answer to a netlogon ping.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdlib.h>
#include <string.h>

#include "ldap/netlogon.h"
#include "ldap/srv.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct srv_list list;
    char site[NETLOGON_SITE_SIZE];

    if (srv_parse(data, size, &list) == 0) {
        srv_order(&list, NULL);
        for (size_t i = 0; i < list.n; i++)
            if (strlen(list.items[i].host) >= SRV_HOST_SIZE ||
                strchr(list.items[i].host, '/') != NULL)
                abort();
    }
    if (netlogon_parse(data, size, site) == 0 && strpbrk(site, "./ ") != NULL)
        abort();
    return 0;
}
