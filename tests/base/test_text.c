/*
 * Foreign text: UTF-8, account names, passwords, what a terminal may see, numbers.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/text.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* RFC 3629: overlong forms, surrogates, past U+10FFFF, stray and missing continuations. */
static void
bad_utf8_is_refused(void **state)
{
    static const char *const bad[] = {"\x80", "\xbf", "\xc0\x80", "\xc1\xbf", "\xc3", "\xc3(",
        "\xe0\x80\x80", "\xe0\x9f\xbf", "\xed\xa0\x80", "\xed\xbf\xbf", "\xe2\x82", "\xe2(\xa1",
        "\xf0\x80\x80\x80", "\xf0\x8f\xbf\xbf", "\xf4\x90\x80\x80", "\xf5\x80\x80\x80",
        "\xf8\x88\x80\x80\x80", "\xfe", "\xff", "good\xff"};

    (void)state;
    for (size_t i = 0; i < COUNT(bad); i++)
        assert_false(text_is_utf8(bad[i], strlen(bad[i])));
}

static void
good_utf8_is_accepted(void **state)
{
    static const char *const good[] = {"", "a", "\xc2\x80", "\xdf\xbf", "\xe0\xa0\x80",
        "\xed\x9f\xbf", "\xee\x80\x80", "\xef\xbf\xbf", "\xf0\x90\x80\x80", "\xf4\x8f\xbf\xbf"};

    (void)state;
    for (size_t i = 0; i < COUNT(good); i++)
        assert_true(text_is_utf8(good[i], strlen(good[i])));
    assert_true(text_is_utf8("a\0b", 3));
}

/* I-19 */
static void
bad_names_are_refused(void **state)
{
    static const char *const bad[] = {"", "-alice", "-", " alice", "alice ", " ", "al\nice",
        "alice\n", "\talice", "al\tice", "al\x1bice", "al\x7fice", "al\xc2\x9bice", "al:ice", ":",
        "al/ice", "../alice", "al\xffice", "al\xc0\xafice", "al\xed\xa0\x80ice", "alice\xc3",
        "al\xe2\x80\xa8ice", "al\xe2\x80\xaeice"};
    char name[TEXT_NAME_MAX + 2];

    (void)state;
    assert_int_equal(text_check_name(NULL), FED_E_NAME);
    for (size_t i = 0; i < COUNT(bad); i++)
        assert_int_equal(text_check_name(bad[i]), FED_E_NAME);
    memset(name, 'a', sizeof(name));
    name[TEXT_NAME_MAX + 1] = '\0';
    assert_int_equal(text_check_name(name), FED_E_NAME);
    name[TEXT_NAME_MAX] = '\0';
    assert_int_equal(text_check_name(name), 0);
}

static void
good_names_are_accepted(void **state)
{
    static const char *const good[] = {"alice", "ALICE", "CORP\\alice", "alice@corp.example.com",
        "al ice", "a-b", "o'brien", "$svc", "\xc3\xa9lodie", "\xe6\xbc\xa2", "a*(b)"};

    (void)state;
    for (size_t i = 0; i < COUNT(good); i++)
        assert_int_equal(text_check_name(good[i]), 0);
}

/* I-1, I-2: empty, NULL, over-long, with a NUL. */
static void
bad_passwords_are_refused(void **state)
{
    char long_one[TEXT_PASSWORD_MAX + 1];

    (void)state;
    memset(long_one, 'x', sizeof(long_one));
    assert_int_equal(text_check_password(NULL, 0), FED_E_DENIED);
    assert_int_equal(text_check_password(NULL, 5), FED_E_DENIED);
    assert_int_equal(text_check_password("", 0), FED_E_DENIED);
    assert_int_equal(text_check_password("\0abc", 4), FED_E_DENIED);
    assert_int_equal(text_check_password("abc\0", 4), FED_E_DENIED);
    assert_int_equal(text_check_password(long_one, sizeof(long_one)), FED_E_DENIED);
    assert_int_equal(text_check_password(long_one, TEXT_PASSWORD_MAX), 0);
}

/* I-3: sshd's filler is as long as what was typed: cut short, whole, and repeated. */
static void
filler_of_any_length_is_refused(void **state)
{
    static const char junk[] = "\b\n\r\177INCORRECT";
    char filler[TEXT_PASSWORD_MAX];

    (void)state;
    for (size_t len = 1; len <= sizeof(filler); len++) {
        filler[len - 1] = junk[(len - 1) % (sizeof(junk) - 1)];
        assert_int_equal(text_check_password(filler, len), FED_E_DENIED);
    }
    assert_int_equal(text_check_password("INCORRECT", 9), 0);
    assert_int_equal(text_check_password("\bx", 2), 0);
    assert_int_equal(text_check_password("p\xffw", 3), 0);
}

/* I-58 */
static void
controls_do_not_reach_a_terminal(void **state)
{
    static const struct {
        const char *from, *to;
    } rows[] = {{"plain", "plain"}, {"", ""}, {"a\x1b[31mb", "a?[31mb"}, {"a\nb\r\tc", "a?b??c"},
        {"a\x7f", "a?"}, {"a\xc2\x9b", "a?"}, {"a\xe2\x80\xae b", "a? b"}, {"a\xff\xfe", "a??"},
        {"a\xe2\x80\xa9", "a?"}, {"caf\xc3\xa9 \xe6\xbc\xa2", "caf\xc3\xa9 \xe6\xbc\xa2"},
        {"\xc3", "?"}, {"\xe2\x82", "??"}};
    char to[64], place[64];

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        assert_string_equal(text_clean(to, sizeof(to), rows[i].from), rows[i].to);
        memcpy(place, rows[i].from, strlen(rows[i].from) + 1);
        text_clean_in_place(place, false);
        assert_string_equal(place, rows[i].to);
    }
    memcpy(place, "one\ntwo\x1b\r\n", 11);
    text_clean_in_place(place, true);
    assert_string_equal(place, "one\ntwo??\n");
}

/* Cut at the border of a character, never inside, never past the buffer. */
static void
cleaned_text_is_cut_whole(void **state)
{
    char to[8] = "#######";

    (void)state;
    assert_string_equal(text_clean(to, 5, "abc\xc3\xa9x"), "abc");
    assert_string_equal(text_clean(to, 6, "abc\xc3\xa9x"), "abc\xc3\xa9");
    assert_string_equal(text_clean(to, 1, "abc"), "");
    to[0] = '#';
    (void)text_clean(to, 0, "abc");
    assert_int_equal(to[0], '#');
}

static void
only_digits_are_a_number(void **state)
{
    static const char *const bad[] = {"", "-1", "+1", " 1", "1 ", "1x", "0x10", "1.0", "1e3",
        "18446744073709551616", "99999999999999999999", "\xd9\xa1"};
    uint64_t value = 42;

    (void)state;
    assert_int_equal(text_to_u64(NULL, &value), FED_E_INVALID);
    for (size_t i = 0; i < COUNT(bad); i++)
        assert_int_equal(text_to_u64(bad[i], &value), FED_E_INVALID);
    assert_int_equal(value, 42);
    assert_int_equal(text_to_u64("18446744073709551615", &value), 0);
    assert_true(value == UINT64_MAX);
    assert_int_equal(text_to_u64("007", &value), 0);
    assert_int_equal(value, 7);
}

static void
durations(void **state)
{
    static const char *const bad[] = {"", "s", "-1s", "1w", "1 h", "1hh", "h1", "1.5h", "11y",
        "999999999999999999999d", "4000d", "18446744073709551615"};
    static const struct {
        const char *text;
        int64_t seconds;
    } good[] = {{"0", 0}, {"90", 90}, {"30s", 30}, {"15m", 900}, {"12h", 43200}, {"2d", 172800},
        {"3660d", 316224000}};
    int64_t value = 42;

    (void)state;
    for (size_t i = 0; i < COUNT(bad); i++)
        assert_int_equal(text_to_seconds(bad[i], &value), FED_E_INVALID);
    assert_int_equal(value, 42);
    for (size_t i = 0; i < COUNT(good); i++) {
        assert_int_equal(text_to_seconds(good[i].text, &value), 0);
        assert_int_equal(value, good[i].seconds);
    }
}

static void
case_is_ascii_case(void **state)
{
    char to[4];

    (void)state;
    assert_false(text_equal_nocase("alice", "alicf"));
    assert_false(text_equal_nocase("alice", "alic"));
    assert_false(text_equal_nocase("", "a"));
    assert_false(text_equal_nocase(NULL, ""));
    assert_false(text_equal_nocase("\xc3\x89", "\xc3\xa9"));
    assert_true(text_equal_nocase("ALice", "alICE"));
    assert_true(text_equal_nocase(NULL, NULL));
    assert_string_equal(text_lower(to, sizeof(to), "AbCdE"), "abc");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bad_utf8_is_refused),
        cmocka_unit_test(good_utf8_is_accepted),
        cmocka_unit_test(bad_names_are_refused),
        cmocka_unit_test(good_names_are_accepted),
        cmocka_unit_test(bad_passwords_are_refused),
        cmocka_unit_test(filler_of_any_length_is_refused),
        cmocka_unit_test(controls_do_not_reach_a_terminal),
        cmocka_unit_test(cleaned_text_is_cut_whole),
        cmocka_unit_test(only_digits_are_a_number),
        cmocka_unit_test(durations),
        cmocka_unit_test(case_is_ascii_case),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
