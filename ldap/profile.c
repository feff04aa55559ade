/*
 * A krb5.conf that is a table here. No file is written or read, so no name has to be escaped for one.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ldap/profile.h"

#include <errno.h>
#include <profile.h>
#include <stdlib.h>
#include <string.h>

/* All is of [libdefaults]. */
static const struct setting {
    const char *name;
    const char *value; /* NULL = the realm */
} settings[] = {
    {"default_realm", NULL},
    {"permitted_enctypes", "aes256-cts aes128-cts aes256-sha2 aes128-sha2"},
    {"allow_weak_crypto", "false"},
    /* A server is called what the configuration calls it; DNS, which can be forged, has no say. */
    {"dns_canonicalize_hostname", "false"},
    {"rdns", "false"},
    {"dns_lookup_realm", "false"},
    {"dns_lookup_kdc", "false"},
    {"canonicalize", "false"},
    {"forwardable", "false"},
    {"proxiable", "false"},
    /* A clock that is wrong is said to be: one-time codes would not work with it either. */
    {"kdc_timesync", "0"},
    /* What is there is built in; nothing else is loaded into this process. */
    {"plugin_base_dir", "/nonexistent"},
};

static long
get_values(void *arg, const char *const *names, char ***ret)
{
    const char *realm = arg, *value = NULL;
    char **values;

    for (size_t i = 0; i < sizeof(settings) / sizeof(settings[0]) && value == NULL; i++)
        if (strcmp(names[0], "libdefaults") == 0 && names[1] != NULL && names[2] == NULL &&
            strcmp(names[1], settings[i].name) == 0)
            value = settings[i].value != NULL ? settings[i].value : realm;
    if (value == NULL)
        return PROF_NO_RELATION; /* also where not even the section is there: not all callers know the other code */
    values = calloc(2, sizeof(*values));
    if (values == NULL || (values[0] = strdup(value)) == NULL) {
        free(values);
        return ENOMEM;
    }
    *ret = values;
    return 0;
}

static void
free_values(void *arg, char **values)
{
    (void)arg;
    free(values[0]);
    free(values);
}

/* The realm is lent to every copy. */
static long
copy_profile(void *arg, void **ret)
{
    *ret = arg;
    return 0;
}

void
profile_realm(const char *domain, char ret[PROFILE_REALM_MAX + 1])
{
    size_t i;

    for (i = 0; domain[i] != '\0' && i < PROFILE_REALM_MAX; i++)
        ret[i] = (char)(domain[i] >= 'a' && domain[i] <= 'z' ? domain[i] - 'a' + 'A' : domain[i]);
    ret[i] = '\0';
}

int
profile_context(const char *realm, krb5_context *ret)
{
    struct profile_vtable table = {
        .minor_ver = 1, .get_values = get_values, .free_values = free_values, .copy = copy_profile};
    krb5_context context = NULL;
    profile_t profile;

    if (profile_init_vtable(&table, (void *)realm, &profile) != 0)
        return FED_E_NOMEM;
    krb5_error_code code = krb5_init_context_profile(profile, KRB5_INIT_CONTEXT_SECURE, &context);
    profile_release(profile);
    if (code != 0)
        return FED_E_NOMEM;
    *ret = context;
    return 0;
}
