/*
 * Refused passwords in plain words (I-14): those of the directory where it has some, else its rules.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ldap/wording.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "ldap/why.h"

static const struct wording_rules strict = {12, 24, true, 86400};
static char text[WHY_MAX];

static void
says(
    const char *said, const struct wording_rules *rules, const char *password, const char *expected)
{
    struct fed_secret new = FED_SECRET_INIT(64);

    assert_int_equal(fed_secret_add_str(&new, password), 0);
    assert_int_equal(wording_refused(said, rules, &new, text), FED_E_PASSWORD_REFUSED);
    assert_string_equal(text, expected);
    /* A refusal never says what was refused. */
    assert_null(strstr(text, password));
    fed_secret_done(&new);
}

static void
a_refusal_says_what_it_can(void **state)
{
    (void)state;
    says("too weak", &strict, "Geheim", "too weak");
    says("", &strict, "\xc3\xa4\xc3\xb6\xc3\xbc\xc3\xa4\xc3\xb6\xc3\xbc",
        "the new password is too short: it needs at least 12 characters");
    says(NULL, &strict, "Correct horse 7",
        "the new password does not meet the domain's rules for length, complexity, history or age: "
        "at least 12 characters, three of capital letters, small letters, digits and signs, "
        "without "
        "your name, none of the last 24, no change within 1 day");
    says(NULL, &(struct wording_rules){0, 3, false, 5400}, "Correct horse 7",
        "the new password does not meet the domain's rules for length, complexity, history or age: "
        "none of the last 3, no change within 2 hours");
    says(NULL, NULL, "Correct horse 7",
        "the new password does not meet the domain's rules for length, complexity, history or age");
}

/* Whatever a domain says fits; nothing is written past the end. */
static void
the_greatest_rules_fit(void **state)
{
    const struct wording_rules greatest = {0, UINT32_MAX, true, INT64_MAX};
    (void)state;

    assert_int_equal(wording_refused(NULL, &greatest, NULL, text), FED_E_PASSWORD_REFUSED);
    assert_true(strlen(text) < WHY_MAX);
    assert_int_equal(wording_forbidden(text), FED_E_PASSWORD_REFUSED);
    assert_string_equal(text, "this account may not change its password");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_refusal_says_what_it_can),
        cmocka_unit_test(the_greatest_rules_fit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
