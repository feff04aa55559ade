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

/*
 * "NETBIOS\user", and "NETBIOS+user" as winbind names people on a host whose `winbind separator` is +: AD allows a + in no
 * sAMAccountName, and what has an @ is a userPrincipalName, which may have one. The part after the separator, NULL when it is
 * of another domain or no such form.
 */
static const char *
after_netbios(const struct names *names, const char *name, const char *separator)
{
    size_t len = strlen(names->netbios);
    char prefix[sizeof(names->netbios)];

    if ((size_t)(separator - name) != len || separator[1] == '\0' ||
        strpbrk(separator + 1, "\\@") != NULL)
        return NULL;
    memcpy(prefix, name, len);
    prefix[len] = '\0';
    return text_equal_nocase(prefix, names->netbios) ? separator + 1 : NULL;
}

bool
names_own(const struct names *names, const char *name, char *bare, bool *ret_bare_name)
{
    const char *at = strrchr(name, '@'), *separator = strchr(name, '\\');
    const char *plus = strchr(name, '+');

    if (name[0] == '\0' || strlen(name) > TEXT_NAME_MAX)
        return false;
    if (separator == NULL && at == NULL && plus != NULL && after_netbios(names, name, plus) != NULL)
        separator = plus;
    if (separator != NULL)
        name = after_netbios(names, name, separator);
    else if (at != NULL && (at == name || !text_equal_nocase(at + 1, names->domain)))
        name = NULL;
    if (name == NULL)
        return false;
    memcpy(bare, name, strlen(name) + 1);
    *ret_bare_name = separator == NULL && at == NULL;
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
