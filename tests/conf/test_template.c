/*
 * Templates: the iterator, what may stand in the configuration, and what AWS takes of the result.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "conf/template.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "conf/charset.h"

static void
check_refused(enum template_kind kind, const char *template, const char *part)
{
    char why[TEMPLATE_WHY_MAX] = "";

    assert_int_equal(template_check(kind, template, why, sizeof(why)), FED_E_INVALID);
    if (strstr(why, part) == NULL)
        print_error("\"%s\": wanted \"%s\", got \"%s\"\n", template, part, why);
    assert_non_null(strstr(why, part));
}

static void
value_refused(enum template_kind kind, const char *text, const char *part)
{
    char why[TEMPLATE_WHY_MAX] = "";

    assert_int_equal(template_check_value(kind, text, why, sizeof(why)), FED_E_INVALID);
    if (strstr(why, part) == NULL)
        print_error("\"%s\": wanted \"%s\", got \"%s\"\n", text, part, why);
    assert_non_null(strstr(why, part));
}

static void
value_accepted(enum template_kind kind, const char *text)
{
    char why[TEMPLATE_WHY_MAX] = "";

    int r = template_check_value(kind, text, why, sizeof(why));
    if (r != 0)
        print_error("\"%s\": %s\n", text, why);
    assert_int_equal(r, 0);
}

static void
test_bad_syntax(void **state)
{
    static const struct {
        const char *template, *part;
    } bad[] = {
        {"%{", "not closed"},
        {"%{user", "not closed"},
        {"a-%{user}-%{sid", "\"%{sid\" is not closed"},
        {"%{}", "is unknown"},
        {"%{ user}", "did you mean \"%{user}\"?"},
        {"%{User}", "did you mean \"%{user}\"?"},
        {"%{mfatime}", "did you mean \"%{mfa-time}\"?"},
        {"%{ad}", "is unknown"},
        {"%{ad:}", "names no attribute"},
        {"%{ad:1x}", "names no attribute"},
        {"%{ad:a b}", "names no attribute"},
        {"%{ad:a;binary}", "names no attribute"},
        {"%{ad:user)(x=*}", "names no attribute"},
        {"%{user%{sid}", "is unknown"},
        {"%user", "no character that AWS takes"},
        {"{user}", "no character that AWS takes"},
        {"%%{user}", "no character that AWS takes"},
        {"%{user}}", "no character that AWS takes"},
        {"a b%{user}", "no character that AWS takes in a session name"},
        {"\xc3\xa9%{user}", "(U+00E9)"},
        {"\xff", "not UTF-8"},
        {"x", "AWS takes 2 to 64"},
        {"", "AWS takes 2 to 64"},
        {"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx%{user}",
            "65 characters"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        check_refused(TEMPLATE_SESSION_NAME, bad[i].template, bad[i].part);
}

static void
test_good_templates(void **state)
{
    static const char *const good[] = {"%{user}", "%{upn}", "%{sid}", "%{domain}", "%{host}",
        "%{rhost}", "%{tty}", "%{service}", "%{session}", "%{mfa}", "%{mfa-time}",
        "%{ad:department}", "%{ad:msDS-cloudExtensionAttribute1}", "x%{user}", "ab",
        "%{user}@%{domain}", "a_b+c=d,e.f@g-%{user}"};
    char why[TEMPLATE_WHY_MAX];

    (void)state;
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        assert_int_equal(template_check(TEMPLATE_SESSION_NAME, good[i], why, sizeof(why)), 0);
        assert_int_equal(template_check(TEMPLATE_SOURCE_IDENTITY, good[i], why, sizeof(why)), 0);
    }
    assert_int_equal(template_check(TEMPLATE_TAG_VALUE, "", why, sizeof(why)), 0);
    assert_int_equal(
        template_check(TEMPLATE_TAG_VALUE, "Köln %{ad:l} 漢/x:y", why, sizeof(why)), 0);
}

static void
test_iterator(void **state)
{
    static const struct {
        enum template_what what;
        const char *text;
    } want[] = {
        {TEMPLATE_LITERAL, "a-"},
        {TEMPLATE_USER, "user"},
        {TEMPLATE_MFA_TIME, "mfa-time"},
        {TEMPLATE_LITERAL, "/%x{"},
        {TEMPLATE_AD, "department"},
        {TEMPLATE_LITERAL, "é"},
        {TEMPLATE_END, ""},
        {TEMPLATE_END, ""},
    };
    const char *cursor = "a-%{user}%{mfa-time}/%x{%{ad:department}é";
    struct template_piece piece;

    (void)state;
    for (size_t i = 0; i < sizeof(want) / sizeof(want[0]); i++) {
        assert_int_equal(template_next(&cursor, &piece), 0);
        assert_int_equal(piece.what, want[i].what);
        assert_int_equal(piece.len, strlen(want[i].text));
        assert_memory_equal(piece.text, want[i].text, piece.len);
    }
}

static void
test_iterator_stops_at_an_error(void **state)
{
    const char *template = "ok-%{nope}x", *cursor = template;
    struct template_piece piece;

    (void)state;
    assert_int_equal(template_next(&cursor, &piece), 0);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(template_next(&cursor, &piece), FED_E_INVALID);
        assert_ptr_equal(cursor, template + 3);
        assert_ptr_equal(piece.text, template + 3);
    }
}

/* I-61: the expanded text is judged, and never changed to fit. */
static void
test_values(void **state)
{
    char text[400];

    (void)state;
    memset(text, 'x', sizeof(text));
    for (int kind = TEMPLATE_SESSION_NAME; kind <= TEMPLATE_SOURCE_IDENTITY; kind++) {
        value_accepted((enum template_kind)kind, "alice");
        value_accepted((enum template_kind)kind, "a.b_c+d=e,f@g-h");
        value_refused((enum template_kind)kind, "", "0 characters");
        value_refused((enum template_kind)kind, "a", "1 characters");
        value_refused((enum template_kind)kind, "Anne Marie", "U+0020");
        value_refused((enum template_kind)kind, "jos\xc3\xa9", "U+00E9");
        value_refused((enum template_kind)kind, "a/b", "U+002F");
        value_refused((enum template_kind)kind, "CORP\\a", "U+005C");
        value_refused((enum template_kind)kind, "a:b", "U+003A");
        value_refused((enum template_kind)kind, "%{user}", "U+0025");
        value_refused((enum template_kind)kind, "ab\n", "U+000A");
        value_refused((enum template_kind)kind, "ab\xff", "not UTF-8");
        text[64] = '\0';
        value_accepted((enum template_kind)kind, text);
        text[64] = 'x';
        text[65] = '\0';
        value_refused((enum template_kind)kind, text, "AWS takes 2 to 64");
        text[65] = 'x';
    }
    value_accepted(TEMPLATE_TAG_VALUE, "");
    value_accepted(TEMPLATE_TAG_VALUE, "Köln 漢 Ⅷ ٣ _.:/=+-@");
    value_refused(TEMPLATE_TAG_VALUE, "a,b", "U+002C");
    value_refused(TEMPLATE_TAG_VALUE, "R&D", "U+0026");
    value_refused(TEMPLATE_TAG_VALUE, "a\tb", "U+0009");
    value_refused(TEMPLATE_TAG_VALUE, "\xf0\x9f\x98\x80", "U+1F600");
    value_refused(TEMPLATE_TAG_VALUE, "e\xcc\x81", "U+0301"); /* a mark is no letter: not \p{L} */
    text[256] = '\0';
    value_accepted(TEMPLATE_TAG_VALUE, text);
    text[256] = 'x';
    text[257] = '\0';
    value_refused(TEMPLATE_TAG_VALUE, text, "AWS takes 0 to 256");
    text[257] = 'x';
    text[128] = '\0';
    value_accepted(TEMPLATE_TAG_KEY, text);
    text[128] = 'x';
    text[129] = '\0';
    value_refused(TEMPLATE_TAG_KEY, text, "AWS takes 1 to 128");
    value_refused(TEMPLATE_TAG_KEY, "", "AWS takes 1 to 128");
    value_refused(TEMPLATE_TAG_KEY, "Aws:x", "AWS's own tags");
    value_accepted(TEMPLATE_TAG_KEY, "my-aws:x");
}

/* Lengths are counted in characters, not in bytes. */
static void
test_length_in_characters(void **state)
{
    char text[3 * 257 + 1] = "";

    (void)state;
    for (int i = 0; i < 256; i++)
        memcpy(text + 3 * i, "漢", 4);
    value_accepted(TEMPLATE_TAG_VALUE, text);
    memcpy(text + 3 * 256, "漢", 4);
    value_refused(TEMPLATE_TAG_VALUE, text, "257 characters");
}

/* The edges of classes: letters, marks, numbers, separators, symbols, private use, unassigned. */
static void
test_characters(void **state)
{
    static const uint32_t in[] = {'a', 'Z', '0', ' ', '_', '.', ':', '/', '=', '+', '-', '@', 0xa0,
        0xaa, 0xb2, 0xb5, 0xc0, 0x2c1, 0x391, 0x5d0, 0x661, 0x2028, 0x2160, 0x3000, 0x4e00, 0x9fff,
        0xac00, 0xd7a3, 0x1d400, 0x20000, 0x3134a};
    static const uint32_t out[] = {0, 0x1f, '!', '%', '{', '}', '~', 0x7f, 0x80, 0x9f, 0xa1, 0xab,
        0xd7, 0xf7, 0x300, 0x2010, 0x200b, 0x20ac, 0xd7a4, 0xe000, 0xfffd, 0x1f600, 0x3134b,
        0xe0001, 0x10ffff};

    (void)state;
    for (size_t i = 0; i < sizeof(in) / sizeof(in[0]); i++)
        assert_true(charset_in_tag(in[i]));
    for (size_t i = 0; i < sizeof(out) / sizeof(out[0]); i++)
        assert_false(charset_in_tag(out[i]));
    for (uint32_t c = 0; c < 0x110000; c++)
        assert_int_equal(charset_in_session_name(c),
            c != 0 && c < 0x80 &&
                strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_+=,.@-",
                    (int)c) != NULL);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bad_syntax),
        cmocka_unit_test(test_good_templates),
        cmocka_unit_test(test_iterator),
        cmocka_unit_test(test_iterator_stops_at_an_error),
        cmocka_unit_test(test_values),
        cmocka_unit_test(test_length_in_characters),
        cmocka_unit_test(test_characters),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
