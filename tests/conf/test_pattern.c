/*
 * conf/pattern.c: which names fit, and what they make.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "conf/pattern.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void
check_why(const char *match, int wanted, const char *says)
{
    char why[PATTERN_WHY_MAX] = "";
    int r = pattern_check(match, why);

    if (r != wanted || strstr(why, says) == NULL)
        fail_msg("%s: %d, \"%s\"", match, r, why);
}

static void
test_refused(void **state)
{
    (void)state;
    check_why("AWS-Admins", FED_E_INVALID, "write {account}, {role} or both");
    check_why("", FED_E_INVALID, "write {account}");
    check_why("{role}-{role}", FED_E_INVALID, "each once");
    check_why("{account}{account}", FED_E_INVALID, "each once");
    check_why("AWS-{acount}-{role}", FED_E_INVALID, "{acount}-{role}");
    check_why("AWS-{role", FED_E_INVALID, "neither");
    check_why("AWS-}{role}", FED_E_INVALID, "neither");
}

static void
test_taken(void **state)
{
    (void)state;
    check_why("AWS-{account}-{role}", 0, "");
    check_why("ADFS-{role}", 0, "");
    check_why("{role}{account}", 0, "");
    check_why("{account}", 0, "");
}

static const struct {
    const char *match, *group; /* account NULL = does not fit */
    const char *account, *role;
} names[] = {
    {"AWS-{account}-{role}", "AWS-111122223333-Admin", "111122223333", "Admin"},
    {"AWS-{account}-{role}", "aws-111122223333-Admin", "111122223333", "Admin"},
    {"AWS-{account}-{role}", "AWS-111122223333-a-b-c", "111122223333", "a-b-c"},
    {"AWS-{account}-{role}", "AWS-111122223333-a+b=c,d.e@f_g", "111122223333", "a+b=c,d.e@f_g"},
    {"AWS-{account}-{role}", "AWS-11112222333-Admin", NULL, NULL},
    {"AWS-{account}-{role}", "AWS-1111222233334-Admin", NULL, NULL},
    {"AWS-{account}-{role}", "AWS-111122223333-", NULL, NULL},
    {"AWS-{account}-{role}", "AWS-111122223333", NULL, NULL},
    {"AWS-{account}-{role}", "XAWS-111122223333-Admin", NULL, NULL},
    {"AWS-{account}-{role}", "AWS-111122223333-Ad min", NULL, NULL},
    {"AWS-{account}-{role}", "AWS-111122223333-Ad/min", NULL, NULL},
    {"AWS-{account}-{role}", "AWS-111122223333-Adm\xc3\xadn", NULL, NULL},
    {"AWS-{account}-{role}", "AWS-11112222333x-Admin", NULL, NULL},
    {"AWS-{account}-{role}", "", NULL, NULL},
    {"ADFS-{role}", "adfs-Admin", "", "Admin"},
    {"{role} ({account})", "Admin (111122223333)", "111122223333", "Admin"},
    {"{role}-{account}", "a-1-111122223333", "111122223333", "a-1"},
    {"{role}{account}", "999999999999111122223333", "111122223333", "999999999999"},
    {"{account}{role}", "999999999999111122223333", "999999999999", "111122223333"},
    {"{account}", "999999999999", "999999999999", ""},
    {"{account}", "9999999999990", NULL, NULL},
    {"{role}-x", "a-x-x", "", "a-x"},
};

static void
test_names(void **state)
{
    struct pattern_found found;

    (void)state;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        bool fits = pattern_fits(names[i].match, names[i].group, &found);
        if (fits != (names[i].account != NULL))
            fail_msg("%s and %s", names[i].match, names[i].group);
        if (fits) {
            assert_string_equal(found.account, names[i].account);
            assert_string_equal(found.role, names[i].role);
        }
    }
}

/* 64 characters are a role's name, 65 are not. */
static void
test_longest(void **state)
{
    char group[128] = "AWS-111122223333-";
    struct pattern_found found;

    (void)state;
    memset(group + 17, 'r', 64);
    assert_true(pattern_fits("AWS-{account}-{role}", group, &found));
    assert_int_equal(strlen(found.role), 64);
    group[17 + 64] = 'r';
    assert_false(pattern_fits("AWS-{account}-{role}", group, &found));
}

static struct conf_pattern
pattern(const char *arn)
{
    return (struct conf_pattern){.match = (char *)"AWS-{account}-{role}",
        .role = {.arn = (char *)arn,
            .provider = (char *)"arn:aws:iam::{account}:saml-provider/awsfed",
            .alias = (char *)"{role} of {account}",
            .duration_s = 7200,
            .digest = 1}};
}

static void
test_a_role(void **state)
{
    struct conf_pattern p = pattern("arn:aws-cn:iam::{account}:role/path/{role}");
    struct pattern_found found = {.account = "111122223333", .role = "Admin"},
                         other = {.account = "111122223333", .role = "Other"};
    struct conf_role role, second;

    (void)state;
    assert_int_equal(pattern_role(&p, &found, &role), 0);
    assert_string_equal(role.name, "111122223333-Admin");
    assert_string_equal(role.arn, "arn:aws-cn:iam::111122223333:role/path/Admin");
    assert_string_equal(role.account, "111122223333");
    assert_string_equal(role.partition, "aws-cn");
    assert_string_equal(role.provider, "arn:aws:iam::111122223333:saml-provider/awsfed");
    assert_string_equal(role.alias, "Admin of 111122223333");
    assert_int_equal(role.duration_s, 7200);
    assert_int_equal(pattern_role(&p, &other, &second), 0);
    assert_true(role.digest != second.digest);
    pattern_role_done(&role);
    pattern_role_done(&second);
}

static void
test_no_role(void **state)
{
    struct conf_pattern p = pattern("arn:aws:iam::{account}:role/{role}");
    struct pattern_found comma = {.account = "111122223333", .role = "a,b"},
                         nothing = {.account = "", .role = "Admin"};
    struct conf_role role;

    (void)state;
    assert_int_equal(pattern_role(&p, &comma, &role), FED_E_INVALID); /* no name to type */
    assert_int_equal(pattern_role(&p, &nothing, &role), FED_E_INVALID);
    p.role.arn = (char *)"nonsense";
    assert_int_equal(pattern_role(&p, &comma, &role), FED_E_INVALID);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_taken),
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_longest),
        cmocka_unit_test(test_a_role),
        cmocka_unit_test(test_no_role),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
