/*
 * Lists of attributes: what another reading of the configuration adds, and that whoever reads by the old list may go on.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "ldap/wanted.h"
#include "ldap/why.h"

static struct conf_list
list(char **items, size_t n)
{
    return (struct conf_list){items, n};
}

static bool
asks_for(const struct wanted *w, const char *name)
{
    for (size_t i = 0; w->names[i] != NULL; i++)
        if (strcmp(w->names[i], name) == 0)
            return true;
    return false;
}

static void
names_that_are_none_are_refused(void **state)
{
    char *bad[] = {(char *)"", (char *)"a b", (char *)"a)(b", (char *)"l;binary"},
         why[WHY_MAX] = "";
    struct conf_list good = {0};
    struct wanted *first = NULL, *next = NULL;
    (void)state;

    assert_int_equal(wanted_new(&good, NULL, &first, why), 0);
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct conf_list one = list(&bad[i], 1);
        assert_int_equal(wanted_new(&one, first, &next, why), FED_E_CONFIG);
        assert_null(next);
    }
    assert_null(first->before);
    wanted_free(first);
}

static void
a_list_grows_and_the_old_one_stays(void **state)
{
    char *one[] = {(char *)"department"}, *two[] = {(char *)"Title", (char *)"DEPARTMENT"},
         why[WHY_MAX] = "";
    struct conf_list a = list(one, 1), b = list(two, 2);
    struct wanted *first = NULL, *second = NULL;
    (void)state;

    assert_int_equal(wanted_new(&a, NULL, &first, why), 0);
    assert_true(asks_for(first, "department") && asks_for(first, "tokenGroups"));
    assert_true(wanted_has(first, &a) && wanted_has(first, NULL) && !wanted_has(first, &b));
    assert_int_equal(wanted_new(&b, first, &second, why), 0);
    assert_true(wanted_has(second, &a) && wanted_has(second, &b));
    assert_int_equal(second->extra.n, 2);
    assert_true(asks_for(second, "Title") && !asks_for(first, "Title"));
    assert_true(asks_for(first, "department"));
    wanted_free(second);
    wanted_free(NULL);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_that_are_none_are_refused),
        cmocka_unit_test(a_list_grows_and_the_old_one_stays),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
