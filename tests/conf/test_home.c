/*
 * conf/home.c: whose a group is, by the form that it is written in.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "conf/home.h"

static void
test_groups(void **state)
{
    static const struct {
        const char *group;
        int home;
        const char *name; /* NULL: as it is written */
    } table[] = {
        {"Admins", HOME_ANYWHERE, NULL}, {"S-1-5-21-1-2-3-512", HOME_ANYWHERE, NULL},
        {"CORP\\Admins", 0, "Admins"}, {"corp\\Admins", 0, "Admins"},
        {"LABS\\Jump Users", 1, "Jump Users"}, {"SUB\\x", 2, "x"}, {"OTHER\\x", HOME_NOWHERE, NULL},
        {"COR\\x", HOME_NOWHERE, NULL},
        {"a-name-that-is-much-longer-than-any-netbios-name-of-any-domain-may-be-at-all\\x",
            HOME_NOWHERE, NULL},
        {"CN=A,OU=G,DC=corp,DC=example", 0, NULL}, {"cn=a,ou=g,dc=CORP,dc=Example", 0, NULL},
        {"CN=A , OU=G, DC=corp ,DC=example", 0, NULL}, {"CN=A,DC=labs,DC=example", 1, NULL},
        {"CN=A,DC=sub,DC=corp,DC=example", 2, NULL}, /* the longest base DN of two */
        {"CN=A,OU=DC=corp,DC=example", HOME_ANYWHERE, NULL},
        {"CN=A,DC=xcorp,DC=example", HOME_ANYWHERE, NULL},
        {"CN=A,DC=other,DC=net", HOME_ANYWHERE, NULL}, {"DC=corp,DC=example", 0, NULL},
        {"CN=A\\\\B,DC=labs,DC=example", 1, NULL}, /* a backslash of a DN is no domain's end */
    };
    struct conf_domain domains[] = {
        {.name = (char *)"corp.example", .base_dn = (char *)"DC=corp,DC=example"},
        {.name = (char *)"x.example",
            .netbios_name = (char *)"Labs",
            .base_dn = (char *)"DC=labs, DC=example"},
        {.name = (char *)"sub.corp.example", .base_dn = (char *)"DC=sub,DC=corp,DC=example"}};
    const struct conf conf = {.domains = domains, .n_domains = 3};

    (void)state;
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        const char *name = NULL;
        if (home_of_group(&conf, table[i].group, &name) != table[i].home)
            fail_msg("%s", table[i].group);
        assert_string_equal(name, table[i].name != NULL ? table[i].name : table[i].group);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_groups)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
