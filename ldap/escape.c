/*
 * Escapes by allowance: a short list of harmless bytes stays, everything else becomes a backslash
 * and two hex digits, which both grammars allow for any byte.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ldap/escape.h"

#include <stdbool.h>
#include <string.h>

static bool
is_plain(unsigned char c, const char *also)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           (c != '\0' && strchr(also, c) != NULL);
}

static int
escape(struct fed_secret *to, const void *value, size_t len, const char *also)
{
    static const char hex[] = "0123456789abcdef";
    const unsigned char *p = value;
    int r = 0;

    for (size_t i = 0; i < len && r == 0; i++) {
        const char coded[3] = {'\\', hex[p[i] >> 4], hex[p[i] & 15]};
        r = is_plain(p[i], also) ? fed_secret_add_byte(to, p[i])
                                 : fed_secret_add(to, coded, sizeof(coded));
    }
    return r;
}

int
escape_filter(struct fed_secret *to, const void *value, size_t len)
{
    return escape(to, value, len, ".-_@ ");
}

/* A blank is escaped wherever it stands, so that no rule about first and last is needed. */
int
escape_dn(struct fed_secret *to, const void *value, size_t len)
{
    return escape(to, value, len, ".-_@");
}
