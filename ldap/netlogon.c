/*
 * Reading NETLOGON_SAM_LOGON_RESPONSE_EX, for example (from offset 24 on, names as in DNS, compressed):
 *
 *     17 00 00 00 fd 33 00 00 <GUID of the domain, 16 bytes>
 *     04 corp 07 example 03 com 00      the forest
 *     c0 18                             the domain: as at offset 24
 *     03 dc1 c0 18                      the host, then NetBIOS names of domain and host, the user,
 *     …                                 the site of the server, the site of the client
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ldap/netlogon.h"

#include <arpa/nameser.h>
#include <string.h>

enum { RESPONSE_EX = 23, NAMES_AT = 24, NAMES_BEFORE_SITE = 7 };

int
netlogon_parse(const void *data, size_t len, char ret_site[NETLOGON_SITE_SIZE])
{
    static const char allowed[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_";
    const unsigned char *start = data, *end = start + len, *p = start + NAMES_AT;
    char name[NS_MAXDNAME];

    if (len <= NAMES_AT || len > NS_MAXMSG || start[0] != RESPONSE_EX || start[1] != 0)
        return FED_E_DIRECTORY;
    for (int i = 0; i <= NAMES_BEFORE_SITE; i++) {
        int n = ns_name_uncompress(start, end, p, name, sizeof(name));
        if (n <= 0)
            return FED_E_DIRECTORY;
        p += n;
    }
    /* The root, ".", is how "none" looks. */
    if (strcmp(name, ".") == 0)
        name[0] = '\0';
    if (strlen(name) >= NETLOGON_SITE_SIZE || strspn(name, allowed) != strlen(name))
        return FED_E_DIRECTORY;
    memcpy(ret_site, name, strlen(name) + 1);
    return 0;
}
