/*
 * Files of other systems: what must be refused, with its line, and what is taken.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "mfa/import.h"

#define SECRET "EBDHDQGPFKXWXJNLEUVLOGDTIY"
#define HEX    "3132333435363738393031323334353637383930"

static struct import_list list;

static int
google(const char *text)
{
    import_done(&list);
    return import_google(&list, "f", "alice", text, strlen(text));
}

static int
oath(const char *text)
{
    import_done(&list);
    return import_oath(&list, "f", text, strlen(text));
}

static int
csv(const char *text)
{
    import_done(&list);
    return import_csv(&list, "f", text, strlen(text));
}

static void
assert_error(int (*read)(const char *), const char *text, unsigned line, const char *says)
{
    assert_int_equal(read(text), 0);
    if (list.n_errors != 1 || list.errors[0].line != line ||
        strstr(list.errors[0].why, says) == NULL)
        fail_msg("%s: %zu errors, line %u: %s", text, list.n_errors,
            list.n_errors > 0 ? list.errors[0].line : 0,
            list.n_errors > 0 ? list.errors[0].why : "");
}

static void
test_refused_with_line_and_reason(void **state)
{
    (void)state;
    assert_error(google, "", 1, "base32");
    assert_error(google, "!!!\n\" TOTP_AUTH\n", 1, "base32");
    assert_error(google, "EBDHDQGP\n\" TOTP_AUTH\n", 1, "128 bits");
    assert_error(google, SECRET "\n\" HOTP_COUNTER 5\n", 2, "counter");
    assert_error(google, SECRET "\n\" RATE_LIMIT 3 30\n", 0, "TOTP_AUTH");
    assert_error(google, SECRET "\n\" TOTP_AUTH\n\" FUTURE x\n", 3, "not known");
    assert_error(google, SECRET "\n\" TOTP_AUTH\n1234567\n", 3, "scratch");
    assert_error(google, SECRET "\n\" STEP_SIZE 45\n", 2, "30 nor 60");
    assert_error(google, SECRET "\n\" DISALLOW_REUSE 1x\n", 2, "time steps");
    assert_error(oath, "# file\nHOTP/T30/6 alice - 31323\n", 2, "hexadecimal");
    assert_error(oath, "HOTP/T30/6 alice - 3132\n", 1, "128 bits");
    assert_error(oath, "HOTP alice - " HEX "\n", 1, "time-based");
    assert_error(oath, "HOTP/T45 alice - " HEX "\n", 1, "30 nor 60");
    assert_error(oath, "HOTP/T30/9 alice - " HEX "\n", 1, "digits");
    assert_error(oath, "HOTP/T30 alice 1234 " HEX "\n", 1, "PIN");
    assert_error(oath, "HOTP/T30 alice -\n", 1, "four");
    assert_error(oath, "HOTP/T30 alice - " HEX " 0 123456 yesterday\n", 1, "state");
    assert_error(
        oath, "HOTP/T30 alice - " HEX " 61 123456 2026-11-21T17:04:05L\n", 1, "further off");
    assert_error(csv, "name,secret\n", 1, "columns");
    assert_error(csv, "user,label\n", 1, "secret");
    assert_error(csv, "user,secret\n\nalice\n", 3, "fewer");
    assert_error(csv, "user,secret\nalice," SECRET ",x\n", 2, "more");
    assert_error(csv, "user,secret\n," SECRET "\n", 2, "name");
    assert_error(csv, "user,secret,digits\nalice," SECRET ",5\n", 2, "digits");
    assert_error(csv, "user,secret\n\"alice\"," SECRET "\n", 2, "quotes");
}

static void
test_nobody_twice(void **state)
{
    (void)state;
    assert_int_equal(csv("user,secret\nalice," SECRET "\nbob," SECRET "\nALICE," SECRET "\n"), 0);
    assert_int_equal(list.n_errors, 0);
    assert_int_equal(import_check(&list, "f"), 0);
    assert_int_equal(list.n_errors, 1);
    assert_int_equal(list.errors[0].line, 4);
}

/* I-24: what was used up there is used up here. */
static void
test_state_comes_along_i24(void **state)
{
    (void)state;
    assert_int_equal(
        google(SECRET "\n\" RATE_LIMIT 3 30\n\" WINDOW_SIZE 17\n\" DISALLOW_REUSE 56 58 57"
                      "\n\" TOTP_AUTH\n12345678\n87654321\n"),
        0);
    assert_int_equal(list.n_errors, 0);
    assert_string_equal(list.items[0].name, "alice");
    assert_int_equal(list.items[0].seed.len, 16);
    assert_int_equal(list.items[0].used_until_s, 58 * 30);
    assert_int_equal(list.scratch_codes, 2);

    assert_int_equal(
        oath("# users\n\nHOTP/T60/8\tcarol + " HEX " 0 12345678 2026-11-21T17:04:05L\n"), 0);
    assert_int_equal(list.n_errors, 0);
    assert_int_equal(list.items[0].params.digits, 8);
    assert_int_equal(list.items[0].params.period_s, 60);
    assert_memory_equal(list.items[0].seed.data, "12345678901234567890", 20);
    int64_t used = list.items[0].used_until_s;
    assert_true(used > 1700000000);
    /* pam_oath keeps how far off the code was, without its sign. */
    assert_int_equal(oath("HOTP/T60/8\tcarol + " HEX " 5 12345678 2026-11-21T17:04:05L\n"), 0);
    assert_int_equal(list.n_errors, 0);
    assert_int_equal(list.items[0].used_until_s, used + 4 * 60);
}

static void
test_csv_columns_in_any_order(void **state)
{
    (void)state;
    assert_int_equal(csv("Secret, user ,algorithm,label,period,digits\r\n" SECRET
                         ",dave,SHA-256,key fob,60,7\r\n" SECRET ",erin,,,,\r\n"),
        0);
    assert_int_equal(list.n_errors, 0);
    assert_int_equal(list.n, 2);
    assert_string_equal(list.items[0].label, "key fob");
    assert_int_equal(list.items[0].params.algorithm, CONF_SHA256);
    assert_int_equal(list.items[0].params.digits, 7);
    assert_int_equal(list.items[1].params.digits, 6);
    assert_int_equal(list.items[1].params.period_s, 30);
    import_done(&list);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_refused_with_line_and_reason),
        cmocka_unit_test(test_nobody_twice),
        cmocka_unit_test(test_state_comes_along_i24),
        cmocka_unit_test(test_csv_columns_in_any_order),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
