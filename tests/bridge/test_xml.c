/*
 * The canonical escapes, and what XML 1.0 cannot carry.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "bridge/xml.h"

static int
write_one(void (*put)(struct xml *, const char *), const char *text, struct fed_secret *to)
{
    struct xml xml = {.to = to};

    put(&xml, text);
    return xml.error;
}

static void
refuses_what_xml_cannot_carry(void **state)
{
    static const char *const bad[] = {
        "\x01",
        "a\x08z",
        "\x0b",
        "\x1f",
        "\xef\xbf\xbe",     /* U+FFFE */
        "\xef\xbf\xbf",     /* U+FFFF */
        "\xff",             /* no UTF-8 at all */
        "\xc0\xaf",         /* overlong */
        "\xed\xa0\x80",     /* a surrogate */
        "\xf4\x90\x80\x80", /* past U+10FFFF */
        "caf\xc3",          /* cut */
        "\xe6\xbc",         /* cut */
        "fine, then \x02 not",
    };
    (void)state;

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct fed_secret to = FED_SECRET_INIT(100);
        assert_int_equal(write_one(xml_text, bad[i], &to), FED_E_INVALID);
        assert_int_equal(write_one(xml_value, bad[i], &to), FED_E_INVALID);
        assert_int_equal(to.len, 0); /* all or nothing */
        fed_secret_done(&to);
    }
}

static void
errors_stick(void **state)
{
    struct fed_secret to = FED_SECRET_INIT(8);
    struct xml xml = {.to = &to};
    (void)state;

    xml_raw(&xml, "<a>");
    xml_text(&xml, "&&"); /* ten bytes once escaped */
    assert_int_equal(xml.error, FED_E_TOO_BIG);
    size_t len = to.len;
    xml_raw(&xml, "x");
    xml_text(&xml, "\x01");
    assert_int_equal(xml.error, FED_E_TOO_BIG);
    assert_int_equal(to.len, len);
    fed_secret_done(&to);
}

static void
writes_the_canonical_escapes(void **state)
{
    static const struct {
        const char *from, *text, *value;
    } cases[] = {
        {"", "", ""}, {"alice", "alice", "alice"},
        {"a&b<c>d\"e'f", "a&amp;b&lt;c&gt;d\"e'f", "a&amp;b&lt;c>d&quot;e'f"},
        {"\t\n\r", "\t\n&#xD;", "&#x9;&#xA;&#xD;"}, {"]]>", "]]&gt;", "]]>"},
        {"&amp;", "&amp;amp;", "&amp;amp;"},
        {"\xc3\xa9 \xe6\xbc\xa2 \xf0\x9f\x98\x80", "\xc3\xa9 \xe6\xbc\xa2 \xf0\x9f\x98\x80",
            "\xc3\xa9 \xe6\xbc\xa2 \xf0\x9f\x98\x80"},
        {"\x7f\xc2\x85", "\x7f\xc2\x85", "\x7f\xc2\x85"}, /* DEL and NEL are Chars */
        {"\xef\xbf\xbd", "\xef\xbf\xbd", "\xef\xbf\xbd"}, /* U+FFFD is the last of its block */
    };
    (void)state;

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct fed_secret to = FED_SECRET_INIT(200);
        assert_int_equal(write_one(xml_text, cases[i].from, &to), 0);
        assert_string_equal(fed_secret_str(&to), cases[i].text);
        fed_secret_clear(&to);
        assert_int_equal(write_one(xml_value, cases[i].from, &to), 0);
        assert_string_equal(fed_secret_str(&to), cases[i].value);
        fed_secret_done(&to);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refuses_what_xml_cannot_carry),
        cmocka_unit_test(errors_stick),
        cmocka_unit_test(writes_the_canonical_escapes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
