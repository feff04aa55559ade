/*
 * The files in ~/.aws: lines, profiles, our block and its difference. Nothing of anybody else's changes (I-68).
 * SPDX-License-Identifier: Apache-2.0
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "bridge/login/block.c"
#include "bridge/login/ini.c"

static void
lines_are_told_apart(void **state)
{
    static const char text[] = "# c\n[profile  a b ]\r\nkey = v = w \n  more = x\n\n"
                               "; c\n[no end\nsolo\n [default]\nKEY:v\n\t\n";
    static const enum ini_kind kinds[] = {INI_OTHER, INI_SECTION, INI_KEY, INI_MORE, INI_OTHER,
        INI_OTHER, INI_OTHER, INI_OTHER, INI_MORE, INI_KEY, INI_OTHER};
    struct ini_line line;
    struct ini ini;
    size_t n = 0, at = 0;

    (void)state;
    ini_begin(&ini, text, sizeof(text) - 1);
    for (; ini_next(&ini, &line); n++) {
        assert_true(n < sizeof(kinds) / sizeof(kinds[0]));
        if (line.kind != kinds[n])
            fail_msg("line %zu is of kind %d", line.number, line.kind);
        assert_ptr_equal(line.text, text + at);
        at += line.len;
    }
    assert_int_equal(n, sizeof(kinds) / sizeof(kinds[0]));
    assert_int_equal(at, sizeof(text) - 1);
}

static bool
is_profile(const char *text, bool in_config, const char *name)
{
    struct ini_line line;
    struct ini ini;

    ini_begin(&ini, text, strlen(text));
    return ini_next(&ini, &line) && ini_is_profile(&line, in_config, name);
}

static void
profiles_are_known_by_every_spelling(void **state)
{
    (void)state;
    assert_true(is_profile("[profile a]", true, "a"));
    assert_true(is_profile("[ profile \t a ]\r\n", true, "a"));
    assert_true(is_profile("[profile \"a\"]", true, "a"));
    assert_true(is_profile("[profile 'a b']", true, "a b"));
    assert_true(is_profile("[default]", true, "default"));
    assert_true(is_profile("[profile default]", true, "default"));
    assert_true(is_profile("[a]", false, "a"));
    assert_false(is_profile("[a]", true, "a"));
    assert_false(is_profile("[profilea]", true, "a"));
    assert_false(is_profile("[profile]", true, ""));
    assert_false(is_profile("[profile a]", false, "a"));
    assert_false(is_profile("[profile A]", true, "a"));
    assert_false(is_profile("#[profile a]", true, "a"));
}

static int
find(const char *text, struct block *block, size_t *line)
{
    return block_find(text, strlen(text), block, line);
}

/* Marks that do not fit together: whose lines are between them is anybody's guess. */
static void
torn_marks_are_refused(void **state)
{
    static const struct {
        const char *text;
        size_t line;
    } rows[] = {{"a\n" BLOCK_BEGIN "\nb\n", 2}, {"a\n" BLOCK_END "\n", 2},
        {BLOCK_BEGIN "\n" BLOCK_BEGIN "\n" BLOCK_END "\n", 2},
        {BLOCK_BEGIN "\n" BLOCK_END "\n" BLOCK_END "\n", 3},
        {BLOCK_BEGIN "\n" BLOCK_END "\n" BLOCK_BEGIN "\n" BLOCK_END "\n", 3},
        {BLOCK_END "\n" BLOCK_BEGIN "\n", 1}};
    struct block block;
    size_t line;

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        assert_int_equal(find(rows[i].text, &block, &line), FED_E_INVALID);
        assert_int_equal(line, rows[i].line);
    }
    assert_int_equal(find("# BEGIN awsfed-loginx\n #" BLOCK_BEGIN "\n", &block, &line), 0);
    assert_int_equal(block.from, block.to);
}

static void
put(const char *before, const char *content, const char *after)
{
    struct fed_secret b = FED_SECRET_INIT(4096), c = FED_SECRET_INIT(4096);
    struct fed_secret got = FED_SECRET_INIT(4096);
    struct block block;
    size_t line;

    assert_int_equal(fed_secret_add_str(&b, before), 0);
    assert_int_equal(fed_secret_add_str(&c, content), 0);
    assert_int_equal(find(before, &block, &line), 0);
    assert_int_equal(block_put(&b, &block, &c, &got), 0);
    assert_string_equal(fed_secret_str(&got), after);
    fed_secret_done(&b);
    fed_secret_done(&c);
    fed_secret_done(&got);
}

#define BEGIN_LINE BLOCK_BEGIN ": by \"awsfed-login configure\", which writes these lines anew\n"
#define END_LINE   BLOCK_END "\n"

/* I-68 */
static void
the_block_is_replaced_and_nothing_else(void **state)
{
    (void)state;
    put("", "x\n", BEGIN_LINE "x\n" END_LINE);
    put("a\n", "x\n", "a\n\n" BEGIN_LINE "x\n" END_LINE);
    put("a", "x\n", "a\n\n" BEGIN_LINE "x\n" END_LINE);
    put("a\r\n" BLOCK_BEGIN "\r\nold\r\n" BLOCK_END "\r\n\xff z", "x\n",
        "a\r\n" BEGIN_LINE "x\n" END_LINE "\xff z");
    put("a\n" BEGIN_LINE "old\n" BLOCK_END, "x\n", "a\n" BEGIN_LINE "x\n" END_LINE);
    put("a\n" BEGIN_LINE "old\n" END_LINE "b", "", "a\nb");
    put("a", "", "a");
}

static void
diff(const char *before, const char *after, const char *wanted)
{
    struct fed_secret b = FED_SECRET_INIT(4096), a = FED_SECRET_INIT(4096);
    struct fed_secret got = FED_SECRET_INIT(4096);

    assert_int_equal(fed_secret_add_str(&b, before), 0);
    assert_int_equal(fed_secret_add_str(&a, after), 0);
    assert_int_equal(block_diff("f", &b, &a, &got), 0);
    assert_string_equal(fed_secret_str(&got), wanted);
    fed_secret_done(&b);
    fed_secret_done(&a);
    fed_secret_done(&got);
}

static void
a_difference_is_one_hunk(void **state)
{
    (void)state;
    diff("a\n", "a\n", "");
    diff("", "", "");
    diff("", "a\n", "--- f\n+++ f\n@@ -0,0 +1,1 @@\n+a\n");
    diff("a\n", "", "--- f\n+++ f\n@@ -1,1 +0,0 @@\n-a\n");
    diff(
        "a", "a\nb\n", "--- f\n+++ f\n@@ -1,1 +1,2 @@\n-a\n\\ No newline at end of file\n+a\n+b\n");
    diff("1\n2\n3\n4\nx\n5\n6\n7\n8\n", "1\n2\n3\n4\ny\nz\n5\n6\n7\n8\n",
        "--- f\n+++ f\n@@ -2,7 +2,8 @@\n 2\n 3\n 4\n-x\n+y\n+z\n 5\n 6\n 7\n");
    diff("a\na\n", "a\na\na\n", "--- f\n+++ f\n@@ -1,2 +1,3 @@\n a\n a\n+a\n");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_are_told_apart),
        cmocka_unit_test(profiles_are_known_by_every_spelling),
        cmocka_unit_test(torn_marks_are_refused),
        cmocka_unit_test(the_block_is_replaced_and_nothing_else),
        cmocka_unit_test(a_difference_is_one_hunk),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
