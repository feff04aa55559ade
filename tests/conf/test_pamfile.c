/*
 * PAM service files, line by line: what libpam would not take, and what it takes as something else than it looks.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "conf/pamfile.h"

static struct pamfile_line line;

static enum pamfile_found
first(const char *text)
{
    struct pamfile file;
    const char *what = NULL;

    pamfile_begin(&file, text, strlen(text));
    enum pamfile_found found = pamfile_next(&file, &line, &what);
    assert_int_equal(what != NULL, found == PAMFILE_WRONG);
    return found;
}

static void
what_libpam_cannot_take_is_wrong(void **state)
{
    static const char *const texts[] = {"auth", "auth required", "auth required [", "auth [",
        "auth [success=ok", "auth [success=ok pam_unix.so", "auth [success=wrong] pam_unix.so",
        "auth [nonsense=ok] pam_unix.so", "auth [success] pam_unix.so",
        "auth [success=] pam_unix.so", "auth [success=0] pam_unix.so",
        "auth [success=-1] pam_unix.so", "auth [success=99999999999999999999] pam_unix.so",
        "auth must pam_unix.so", "author required pam_unix.so", "-- required pam_unix.so",
        "@include", "[auth] required pam_unix.so", "required auth pam_unix.so",
        "auth required pam_x.so [a b"};
    (void)state;

    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        assert_int_equal(first(texts[i]), PAMFILE_WRONG);
}

static void
what_is_too_long_is_wrong_and_the_next_line_is_read(void **state)
{
    static char text[3 * PAMFILE_LINE_MAX];
    struct pamfile file;
    const char *what;
    (void)state;

    for (size_t len = PAMFILE_LINE_MAX - 8; len < 2 * PAMFILE_LINE_MAX; len += 7) {
        memset(text, 'x', sizeof(text));
        memcpy(text, "auth required ", 14);
        memcpy(text + len, "\\\n\\\n y\nauth required b.so\n", 27);
        pamfile_begin(&file, text, strlen(text));
        enum pamfile_found found = pamfile_next(&file, &line, &what);
        assert_int_equal(found, len < PAMFILE_LINE_MAX - 4 ? PAMFILE_LINE : PAMFILE_WRONG);
        assert_int_equal(line.number, 1);
        assert_int_equal(pamfile_next(&file, &line, &what), PAMFILE_LINE);
        assert_string_equal(line.name, "b.so");
        assert_int_equal(line.number, 4);
        assert_int_equal(pamfile_next(&file, &line, &what), PAMFILE_END);
    }
    pamfile_begin(&file, "auth required a\0b.so\n", 21);
    assert_int_equal(pamfile_next(&file, &line, &what), PAMFILE_WRONG);
}

static void
too_many_words_are_wrong(void **state)
{
    char text[PAMFILE_LINE_MAX] = "auth required x.so";
    (void)state;

    for (int i = 0; i < PAMFILE_WORDS_MAX; i++)
        strcat(text, " a");
    assert_int_equal(first(text), PAMFILE_LINE);
    assert_int_equal(line.n_args, PAMFILE_WORDS_MAX);
    strcat(text, " a");
    assert_int_equal(first(text), PAMFILE_WRONG);
}

static void
words_and_brackets(void **state)
{
    (void)state;
    assert_int_equal(first("# nothing\n\n  \t\n"), PAMFILE_END);
    assert_int_equal(first("\n#x\n -SESSION\tOptional\\\n pam_x.so [a b\\]c] d#e\n"), PAMFILE_LINE);
    assert_int_equal(line.number, 3);
    assert_int_equal(line.phase, PAMFILE_SESSION);
    assert_true(line.silent && !line.bracketed);
    assert_string_equal(line.name, "pam_x.so");
    assert_int_equal(line.n_args, 2);
    assert_string_equal(line.args[0], "a b]c");
    assert_string_equal(line.args[1], "d");
    assert_int_equal(first("@include common-auth"), PAMFILE_LINE);
    assert_int_equal(line.kind, PAMFILE_WHOLE);
    assert_int_equal(first("auth substack other"), PAMFILE_LINE);
    assert_int_equal(line.kind, PAMFILE_SUBSTACK);
    assert_int_equal(first("account include other"), PAMFILE_LINE);
    assert_int_equal(line.kind, PAMFILE_INCLUDE);
}

static void
controls_say_what_follows(void **state)
{
    (void)state;
    assert_int_equal(first("auth sufficient x.so"), PAMFILE_LINE);
    assert_int_equal(line.actions[PAMFILE_SUCCESS], PAMFILE_DONE);
    assert_int_equal(line.actions[PAMFILE_AUTH_ERR], PAMFILE_IGNORE);
    assert_int_equal(first("auth requisite x.so"), PAMFILE_LINE);
    assert_int_equal(line.actions[PAMFILE_AUTH_ERR], PAMFILE_DIE);
    assert_int_equal(line.actions[PAMFILE_STEPPED_ASIDE], PAMFILE_IGNORE);
    assert_int_equal(
        first("auth [Success = 2 default=die user_unknown=ignore] x.so"), PAMFILE_LINE);
    assert_int_equal(line.actions[PAMFILE_SUCCESS], 2);
    assert_int_equal(line.actions[PAMFILE_USER_UNKNOWN], PAMFILE_IGNORE);
    assert_int_equal(line.actions[PAMFILE_MAXTRIES], PAMFILE_DIE);
    assert_int_equal(first("auth [success=ok] x.so"), PAMFILE_LINE);
    assert_int_equal(line.actions[PAMFILE_AUTH_ERR], PAMFILE_UNSET);
}

/* They are numbered as the system's own header has them. */
static void
results_have_libpams_numbers(void **state)
{
    (void)state;
    assert_string_equal(pamfile_result_name(PAMFILE_SUCCESS), "success");
    assert_string_equal(pamfile_result_name(PAMFILE_SERVICE_ERR), "service_err");
    assert_string_equal(pamfile_result_name(PAMFILE_AUTHINFO_UNAVAIL), "authinfo_unavail");
    assert_string_equal(pamfile_result_name(PAMFILE_NEW_AUTHTOK_REQD), "new_authtok_reqd");
    assert_string_equal(pamfile_result_name(PAMFILE_STEPPED_ASIDE), "ignore");
    assert_string_equal(pamfile_result_name(PAMFILE_MODULE_UNKNOWN), "module_unknown");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_libpam_cannot_take_is_wrong),
        cmocka_unit_test(what_is_too_long_is_wrong_and_the_next_line_is_read),
        cmocka_unit_test(too_many_words_are_wrong),
        cmocka_unit_test(words_and_brackets),
        cmocka_unit_test(controls_say_what_follows),
        cmocka_unit_test(results_have_libpams_numbers),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
