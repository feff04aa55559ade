/*
 * The JSON writer, byte by byte, and read back by Python's parser.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "bridge/login/json.c"
#include "bridge/login/when.c"

static void
check_string(const char *value, const char *expected)
{
    struct json j;

    json_init(&j, 4096);
    json_text(&j, NULL, value);
    assert_int_equal(json_finish(&j), 0);
    assert_string_equal(fed_secret_str(&j.bytes), expected);
    json_done(&j);
}

/* I-58: pure ASCII without controls, so a terminal or a log can be shown it. */
static void
strings_are_escaped(void **state)
{
    (void)state;
    check_string("", "\"\"\n");
    check_string(NULL, "null\n");
    check_string("a/b+c==", "\"a/b+c==\"\n");
    check_string("\"\\", "\"\\\"\\\\\"\n");
    check_string("\x01\n\t\x1b[0m\x7f", "\"\\u0001\\u000a\\u0009\\u001b[0m\\u007f\"\n");
    check_string("\xc2\x9b", "\"\\u009b\"\n");
    check_string("\xc3\xa9\xe6\xbc\xa2", "\"\\u00e9\\u6f22\"\n");
    check_string("\xe2\x80\xae\xe2\x80\xa8", "\"\\u202e\\u2028\"\n");
    check_string("\xf0\x9f\x94\x91", "\"\\ud83d\\udd11\"\n");
    check_string("\xf4\x8f\xbf\xbf", "\"\\udbff\\udfff\"\n");
}

/* Bytes that are not UTF-8 cannot come over the wire; if they did, the text stays JSON. */
static void
invalid_bytes_are_replaced(void **state)
{
    (void)state;
    check_string("\xff"
                 "a",
        "\"\\ufffda\"\n");
    check_string("\xc3", "\"\\ufffd\"\n");
    check_string("\xe6\xbc", "\"\\ufffd\\ufffd\"\n");
    check_string("\xc0\xaf", "\"\\ufffd\\ufffd\"\n");
    check_string("\xed\xa0\x80", "\"\\ufffd\\ufffd\\ufffd\"\n");
    check_string("\x80", "\"\\ufffd\"\n");
}

static void
objects_and_arrays_nest(void **state)
{
    struct json j;

    (void)state;
    json_init(&j, 4096);
    json_open(&j, NULL, '[');
    json_open(&j, NULL, '{');
    json_close(&j, '}');
    json_open(&j, NULL, '{');
    json_number(&j, "n", UINT64_MAX);
    json_bool(&j, "t", true);
    json_bool(&j, "f", false);
    json_text(&j, "k\"", NULL);
    json_time(&j, "at", 1795298400);
    json_time(&j, "never", 0);
    json_open(&j, "a", '[');
    json_text(&j, NULL, "x");
    json_text(&j, NULL, "y");
    json_close(&j, ']');
    json_open(&j, "o", '{');
    json_close(&j, '}');
    json_close(&j, '}');
    json_close(&j, ']');
    assert_int_equal(json_finish(&j), 0);
    assert_string_equal(fed_secret_str(&j.bytes),
        "[{},{\"n\":18446744073709551615,\"t\":true,\"f\":false,\"k\\\"\":null,"
        "\"at\":\"2026-11-21T22:00:00Z\",\"never\":null,"
        "\"a\":[\"x\",\"y\"],\"o\":{}}]\n");
    json_done(&j);
}

/* The first error stays, and a cut text is never taken for a whole one. */
static void
the_limit_is_an_error_that_sticks(void **state)
{
    struct json j;

    (void)state;
    json_init(&j, 6);
    json_text(&j, NULL, "123456");
    json_text(&j, NULL, "");
    assert_int_equal(json_finish(&j), FED_E_TOO_BIG);
    json_done(&j);
}

/* Every character up to U+2FFF and a sample past it, judged by another implementation. */
static void
python_reads_back_every_character(void **state)
{
    FILE *judge = popen("/usr/bin/python3 -c '"
                        "import json,sys\n"
                        "text = sys.stdin.read()\n"
                        "assert text.isascii()\n"
                        "want = [c for c in range(1, 0x3000)] + [0xfffd, 0x10000, 0x10ffff]\n"
                        "assert [ord(c) for c in json.loads(text)] == want\n"
                        "'",
        "w");
    char value[4 * 0x3000 + 16], *p = value;
    struct json j;

    (void)state;
    assert_non_null(judge);
    for (unsigned c = 1; c < 0x3000; c++) {
        if (c < 0x80) {
            *p++ = (char)c;
        } else if (c < 0x800) {
            *p++ = (char)(0xc0 | (c >> 6));
            *p++ = (char)(0x80 | (c & 63));
        } else {
            *p++ = (char)(0xe0 | (c >> 12));
            *p++ = (char)(0x80 | ((c >> 6) & 63));
            *p++ = (char)(0x80 | (c & 63));
        }
    }
    memcpy(p, "\xef\xbf\xbd\xf0\x90\x80\x80\xf4\x8f\xbf\xbf", 12);
    json_init(&j, 1 << 20);
    json_text(&j, NULL, value);
    assert_int_equal(json_finish(&j), 0);
    assert_int_equal(fwrite(j.bytes.data, 1, j.bytes.len, judge), j.bytes.len);
    assert_int_equal(pclose(judge), 0);
    json_done(&j);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(strings_are_escaped),
        cmocka_unit_test(invalid_bytes_are_replaced),
        cmocka_unit_test(objects_and_arrays_nest),
        cmocka_unit_test(the_limit_is_an_error_that_sticks),
        cmocka_unit_test(python_reads_back_every_character),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
