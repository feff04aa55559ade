/*
 * Names as people type them.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ldap/names.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "ldap/escape.h"

void
names_init(struct names *names, const char *domain, const char *netbios)
{
    int len = netbios != NULL ? (int)strlen(netbios) : (int)strcspn(domain, ".");

    names->domain = domain;
    (void)snprintf(
        names->netbios, sizeof(names->netbios), "%.*s", len, netbios != NULL ? netbios : domain);
}

/* "NETBIOS\user": the part after the backslash, NULL when it is of another domain or no such form. */
static const char *
after_netbios(const struct names *names, const char *name, const char *slash)
{
    size_t len = strlen(names->netbios);
    char prefix[sizeof(names->netbios)];

    if ((size_t)(slash - name) != len || slash[1] == '\0' || strpbrk(slash + 1, "\\@") != NULL)
        return NULL;
    memcpy(prefix, name, len);
    prefix[len] = '\0';
    return text_equal_nocase(prefix, names->netbios) ? slash + 1 : NULL;
}

bool
names_own(const struct names *names, const char *name, char *bare, bool *ret_bare_name)
{
    const char *at = strrchr(name, '@'), *slash = strchr(name, '\\');

    if (name[0] == '\0' || strlen(name) > TEXT_NAME_MAX)
        return false;
    if (slash != NULL)
        name = after_netbios(names, name, slash);
    else if (at != NULL && (at == name || !text_equal_nocase(at + 1, names->domain)))
        name = NULL;
    if (name == NULL)
        return false;
    memcpy(bare, name, strlen(name) + 1);
    *ret_bare_name = slash == NULL && at == NULL;
    return true;
}

static int
add_test(struct fed_secret *filter, const char *attribute, const char *value, size_t len)
{
    int r = fed_secret_addf(filter, "(%s=", attribute);

    if (r == 0)
        r = escape_filter(filter, value, len);
    return r != 0 ? r : fed_secret_add_byte(filter, ')');
}

/*
 * A UPN with the domain's own suffix may be a userPrincipalName or, as AD itself reads it, a
 * sAMAccountName; when these are two people, two entries come and nobody logs in (I-10). A bare name is a
 * sAMAccountName alone.
 */
int
names_filter(const struct names *names, const char *name, struct fed_secret *filter)
{
    const char *at = strrchr(name, '@');
    size_t local = at != NULL ? (size_t)(at - name) : strlen(name);
    int r = fed_secret_add_str(filter, "(&(objectCategory=person)(objectClass=user)(|");

    if (r == 0 && (at == NULL || text_equal_nocase(at + 1, names->domain)))
        r = add_test(filter, "sAMAccountName", name, local);
    if (r == 0 && at != NULL)
        r = add_test(filter, "userPrincipalName", name, strlen(name));
    return r != 0 ? r : fed_secret_add_str(filter, "))");
}
