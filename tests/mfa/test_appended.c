/*
 * Where the code begins in an answer that is password and code.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "mfa/appended.h"

static void
expect_code(const char *answer, size_t digits, const char *code)
{
    size_t len = 99;
    const unsigned char *found =
        appended_code((const unsigned char *)answer, strlen(answer), digits, &len);

    assert_int_equal(len, strlen(code));
    assert_memory_equal(found, code, len);
}

static void
test_as_many_bytes_as_the_token_has_digits(void **state)
{
    size_t len = 99;

    (void)state;
    expect_code("hunter2123456", 6, "123456");
    expect_code("ends in 1234567812345678", 8, "12345678");
    expect_code("x1234567", 7, "1234567");
    expect_code("not a code", 6, "a code"); /* the token will say that it is none */
    expect_code("123456", 6, "");           /* nothing before it */
    expect_code("12345", 6, "");
    expect_code("", 6, "");
    (void)appended_code(NULL, 0, 6, &len);
    assert_int_equal(len, 0);
}

static bool
has_recovery_code(const char *answer)
{
    const unsigned char *code = NULL;
    size_t len = 99;

    if (!appended_recovery_code((const unsigned char *)answer, strlen(answer), &code, &len))
        return code != NULL || len != 99; /* must be as it was */
    assert_int_equal(len, 11);
    assert_ptr_equal(code, answer + strlen(answer) - 11);
    return true;
}

static void
test_a_recovery_code_just_as_it_is_shown(void **state)
{
    (void)state;
    assert_true(has_recovery_code("hunter2-3z1ad-wj1ng"));
    assert_true(has_recovery_code("x3Z1AD-WJ1NG"));
    static const char *const none[] = {"3z1ad-wj1ng", "hunter23z1adwj1ng", "hunter2 3z1ad wj1ng",
        "hunter2-3z1ad-wj1n", "hunter2-3z1ad-wj1ng ", "hunter2-3z1-d-wj1ng", "hunter2-3z1ad-wj1nu",
        "hunter2-3z1ad-123456", "-", ""};
    for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++)
        assert_false(has_recovery_code(none[i]));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_as_many_bytes_as_the_token_has_digits),
        cmocka_unit_test(test_a_recovery_code_just_as_it_is_shown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
