/*
 * From a group as it is written to its domain.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "conf/home.h"

#include <stdbool.h>
#include <string.h>

#include "base/text.h"

void
home_netbios(const struct conf_domain *domain, char ret[HOME_NETBIOS_MAX])
{
    const char *name = domain->netbios_name != NULL ? domain->netbios_name : domain->name;

    (void)text_lower(ret, HOME_NETBIOS_MAX, name);
    ret[strcspn(ret, ".")] = '\0';
}

enum { PLAIN_MAX = 2048 };

/* A DN in lower case and without blanks beside its commas (RFC 4514 has none, people write them). False: too long. */
static bool
plain_dn(const char *dn, char to[PLAIN_MAX])
{
    size_t n = 0;

    if (strlen(dn) >= PLAIN_MAX)
        return false;
    for (; *dn != '\0'; dn++) {
        if (*dn == ',')
            while (n > 0 && to[n - 1] == ' ')
                n--;
        if (*dn == ' ' && (n == 0 || to[n - 1] == ','))
            continue;
        to[n++] = *dn;
    }
    to[n] = '\0';
    (void)text_lower(to, PLAIN_MAX, to);
    return true;
}

static bool
ends_in(const char *dn, const char *end)
{
    size_t len = strlen(dn), end_len = strlen(end);

    if (end_len == 0 || end_len > len || strcmp(dn + len - end_len, end) != 0)
        return false;
    return end_len == len || dn[len - end_len - 1] == ',';
}

static int
home_of_dn(const struct conf *conf, const char *group)
{
    char dn[PLAIN_MAX], base[PLAIN_MAX];
    int home = HOME_ANYWHERE;
    size_t longest = 0;

    if (!plain_dn(group, dn))
        return HOME_ANYWHERE;
    for (size_t i = 0; i < conf->n_domains; i++) {
        if (conf->domains[i].base_dn == NULL || !plain_dn(conf->domains[i].base_dn, base) ||
            !ends_in(dn, base) || strlen(base) <= longest)
            continue;
        longest = strlen(base);
        home = (int)i;
    }
    return home;
}

int
home_of_group(const struct conf *conf, const char *group, const char **ret_name)
{
    const char *slash = strchr(group, '\\');
    char netbios[HOME_NETBIOS_MAX], prefix[HOME_NETBIOS_MAX];

    *ret_name = group;
    if (strchr(group, '=') != NULL)
        return home_of_dn(conf, group);
    if (slash == NULL)
        return HOME_ANYWHERE;
    if ((size_t)(slash - group) >= sizeof(prefix))
        return HOME_NOWHERE;
    memcpy(prefix, group, (size_t)(slash - group));
    prefix[slash - group] = '\0';
    for (size_t i = 0; i < conf->n_domains; i++) {
        home_netbios(&conf->domains[i], netbios);
        if (!text_equal_nocase(prefix, netbios))
            continue;
        *ret_name = slash + 1;
        return (int)i;
    }
    return HOME_NOWHERE;
}
