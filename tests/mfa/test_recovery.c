/*
 * Recovery codes: what is none, what is used, what people type.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <ctype.h>
#include <string.h>

#include <cmocka.h>

#include "mfa/recovery.h"

static struct record record;
static struct fed_secret text = {.limit = RECOVERY_ALL_MAX};

static int
make(void **state)
{
    struct recovery_set set;

    (void)state;
    record_init(&record);
    assert_int_equal(recovery_make(&set, &text), 0);
    recovery_put(&record, &set);
    return 0;
}

static int
done(void **state)
{
    (void)state;
    fed_secret_done(&text);
    return 0;
}

static const char *
code(size_t at)
{
    return (const char *)text.data + at * RECOVERY_TEXT_SIZE;
}

static void
test_other_strings_are_none(void **state)
{
    static const char *const others[] = {"", "123456", "12345678", "-", "00000-0000",
        "00000-000000", "0000u-00000", "00000_00000", "00000-0000\xc3"};
    size_t index = 77;

    (void)state;
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        assert_false(recovery_has_form(others[i], strlen(others[i])));
        assert_int_equal(
            recovery_find(&record, others[i], strlen(others[i]), &index), FED_E_DENIED);
    }
    assert_int_equal(recovery_find(&record, "00000-00000", 11, &index), FED_E_DENIED);
    assert_int_equal(index, 77);
}

/* I-30: what is kept is not what was shown; each is found, once. */
static void
test_each_once_and_hashed_i30(void **state)
{
    size_t index;

    (void)state;
    assert_int_equal(text.len, RECOVERY_ALL_MAX);
    for (size_t i = 0; i < RECORD_CODES_MAX; i++) {
        assert_null(memmem(record.codes, sizeof(record.codes), code(i), 5));
        index = 77;
        assert_int_equal(recovery_find(&record, code(i), 11, &index), 0);
        assert_int_equal(index, i);
    }
    assert_int_equal(record_use_code(&record, 3), 0);
    assert_int_equal(recovery_find(&record, code(3), 11, &index), FED_E_REPLAY);
}

static void
test_as_people_type_them(void **state)
{
    char typed[16];
    size_t n = 0, index = 77;

    (void)state;
    for (const char *p = code(9); *p != '\n'; p++) {
        if (*p == '-')
            continue;
        typed[n++] = *p == '0' ? 'O' : *p == '1' ? 'l' : (char)toupper((unsigned char)*p);
        if (n == 3)
            typed[n++] = ' ';
    }
    assert_int_equal(recovery_find(&record, typed, n, &index), 0);
    assert_int_equal(index, 9);
}

static void
test_a_new_set_ends_the_old(void **state)
{
    struct fed_secret fresh = FED_SECRET_INIT(RECOVERY_ALL_MAX);
    struct recovery_set set;
    size_t index;

    (void)state;
    assert_int_equal(recovery_make(&set, &fresh), 0);
    recovery_put(&record, &set);
    assert_int_equal(record_codes_left(&record), RECORD_CODES_MAX);
    assert_int_equal(recovery_find(&record, code(0), 11, &index), FED_E_DENIED);
    assert_int_equal(recovery_find(&record, fresh.data, 11, &index), 0);
    fed_secret_done(&fresh);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_other_strings_are_none),
        cmocka_unit_test(test_each_once_and_hashed_i30),
        cmocka_unit_test(test_as_people_type_them),
        cmocka_unit_test(test_a_new_set_ends_the_old),
    };

    return cmocka_run_group_tests(tests, make, done);
}
