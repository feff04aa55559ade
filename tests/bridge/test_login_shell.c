/*
 * Assignments in every dialect, read back by the shells that are installed (I-69): values that want to be
 * commands stay values. For the shells that are not, the exact text.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "bridge/login/shell.c"
#include "tests/base/skip.h"
#include "tests/folder.h"

static const char *const nasty[] = {
    "",
    "plain",
    "'",
    "''",
    "'''",
    "it's",
    "a'b'c'",
    "\\",
    "\\'",
    "'\\''",
    "\\\\'",
    "$(touch BROKEN)",
    "`touch BROKEN`",
    "'; touch BROKEN; '",
    "'$(touch BROKEN)'",
    "\"; touch BROKEN; \"",
    "\\'; touch BROKEN; \\'",
    "a\ntouch BROKEN\n",
    "a\r\n;touch BROKEN #",
    "$HOME ${HOME} $((1+1)) !! !$ ~ * ? [a-z] {a,b} <x >y | & ; #",
    "-n -e --",
    "tab\there",
    "\x01\x02\x1b[31m\x7f",
    "caf\xc3\xa9 \xe6\xbc\xa2 \xf0\x9f\x94\x91",
    "\xe2\x80\x98; touch BROKEN; \xe2\x80\x99",
    "trailing newline\n",
};

enum { NASTY = sizeof(nasty) / sizeof(nasty[0]) };

static char folder[FOLDER_SIZE];

static bool
installed(const char *shell)
{
    char command[128];

    (void)snprintf(command, sizeof(command), "command -v %s >/dev/null 2>&1", shell);
    return system(command) == 0;
}

/* Let a shell evaluate a text in an empty folder, then write $X to a file: true if it is the value. */
static void
check_by(const char *shell, const char *options, enum shell dialect, const char *value)
{
    struct fed_secret text = FED_SECRET_INIT(65536);
    char path[128], command[512], got[512];

    (void)snprintf(path, sizeof(path), "%s/in", folder);
    assert_int_equal(shell_set(&text, dialect, "X", value), 0);
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    assert_int_equal(fwrite(text.data, 1, text.len, f), text.len);
    assert_int_equal(fclose(f), 0);

    /* As people use it: the output of a command, quoted and evaluated; with no home to leave anything in. */
    if (dialect == SHELL_FISH)
        (void)snprintf(command, sizeof(command),
            "cd %s && HOME=/dev/null/none %s %s -c 'cat in | source; printenv X >out'", folder,
            shell, options);
    else
        (void)snprintf(command, sizeof(command),
            "cd %s && HOME=/dev/null/none %s %s -c 'eval \"$(cat in)\"; printenv X >out'", folder,
            shell, options);
    assert_int_equal(system(command), 0);

    (void)snprintf(path, sizeof(path), "%s/out", folder);
    f = fopen(path, "r");
    assert_non_null(f);
    size_t n = fread(got, 1, sizeof(got) - 1, f);
    (void)fclose(f);
    assert_int_equal(n, strlen(value) + 1); /* printenv's newline */
    assert_memory_equal(got, value, strlen(value));
    (void)snprintf(path, sizeof(path), "%s/BROKEN", folder);
    assert_int_not_equal(access(path, F_OK), 0);
    fed_secret_done(&text);
}

static void
check_all_by(const char *shell, const char *options, enum shell dialect)
{
    if (!installed(shell))
        SKIP("the shell is not installed: make deps; its text is checked all the same");
    for (size_t i = 0; i < NASTY; i++)
        check_by(shell, options, dialect, nasty[i]);
}

/* I-69 */
static void
any_value_is_a_value_in_bash(void **state)
{
    (void)state;
    check_all_by("bash", "", SHELL_BASH);
    check_all_by("bash", "-i -o histexpand 2>/dev/null", SHELL_BASH);
    check_all_by("bash", "--posix", SHELL_BASH);
}

/* I-69 */
static void
any_value_is_a_value_in_dash(void **state)
{
    (void)state;
    check_all_by("dash", "", SHELL_BASH);
}

/* I-69 */
static void
any_value_is_a_value_in_zsh(void **state)
{
    (void)state;
    check_all_by("zsh", "-f", SHELL_ZSH);
    check_all_by("zsh", "-f -o rcquotes", SHELL_ZSH);
}

/* I-69 */
static void
any_value_is_a_value_in_fish(void **state)
{
    (void)state;
    check_all_by("fish", "--no-config", SHELL_FISH);
}

static void
check_text(enum shell dialect, const char *value, const char *expected)
{
    struct fed_secret text = FED_SECRET_INIT(4096);

    assert_int_equal(shell_set(&text, dialect, "X", value), 0);
    assert_string_equal(fed_secret_str(&text), expected);
    fed_secret_done(&text);
}

/*
 * I-69: the texts by the rules of the languages: POSIX 2.2.3, fish's "Quotes", PowerShell's
 * about_Quoting_Rules (and its tokenizer, for which four more characters are that quote).
 */
static void
texts_follow_each_languages_rules(void **state)
{
    (void)state;
    check_text(SHELL_BASH, "a'b\\c$d", "export X='a'\\''b\\c$d';\n");
    check_text(SHELL_ZSH, "''", "export X=''\\'''\\''';\n");
    check_text(SHELL_FISH, "a'b\\c$d", "set -gx X 'a\\'b\\\\c$d';\n");
    check_text(SHELL_FISH, "\\'", "set -gx X '\\\\\\'';\n");
    check_text(SHELL_POWERSHELL, "a'b$c`d", "$env:X = 'a''b$c`d';\n");
    check_text(SHELL_POWERSHELL, "\xe2\x80\x98\xe2\x80\x99\xe2\x80\x9a\xe2\x80\x9b",
        "$env:X = '\xe2\x80\x98\xe2\x80\x98\xe2\x80\x99\xe2\x80\x99\xe2\x80\x9a\xe2\x80\x9a"
        "\xe2\x80\x9b\xe2\x80\x9b';\n");
    check_text(SHELL_POWERSHELL, "\xe2\x80\x9c\xe2\x80", "$env:X = '\xe2\x80\x9c\xe2\x80';\n");
    check_text(SHELL_DOTENV, "AKIA/+=09", "X=AKIA/+=09\n");
    check_text(SHELL_DOTENV, "two words $x", "X='two words $x'\n");
    check_text(SHELL_DOTENV, "", "X=\n");
}

/* I-69: what readers of dotenv files understand differently is refused, and nothing is left of it. */
static void
dotenv_refuses_what_its_readers_disagree_on(void **state)
{
    static const char *const bad[] = {"it's", "a\\b", "a\nb", "a\rb", "a\x7f", "\x01"};
    struct fed_secret text = FED_SECRET_INIT(4096);

    (void)state;
    assert_int_equal(shell_set(&text, SHELL_DOTENV, "A", "1"), 0);
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_int_equal(shell_set(&text, SHELL_DOTENV, "X", bad[i]), FED_E_INVALID);
        assert_string_equal(fed_secret_str(&text), "A=1\n");
    }
    assert_int_equal(shell_set(&text, SHELL_JSON, "X", "1"), FED_E_INVALID);
    fed_secret_done(&text);
}

/* A buffer that is too small holds no half assignment. */
static void
too_long_a_value_leaves_nothing(void **state)
{
    struct fed_secret text = FED_SECRET_INIT(14);

    (void)state;
    assert_int_equal(shell_set(&text, SHELL_BASH, "X", "1234567"), FED_E_TOO_BIG);
    assert_int_equal(text.len, 0);
    fed_secret_done(&text);
}

static void
unset_lines(void **state)
{
    static const struct {
        enum shell shell;
        const char *text;
        bool can;
    } rows[] = {{SHELL_BASH, "unset X;\n", true}, {SHELL_ZSH, "unset X;\n", true},
        {SHELL_FISH, "set -e X;\n", true}, {SHELL_POWERSHELL, "$env:X = $null;\n", true},
        {SHELL_DOTENV, "", false}, {SHELL_JSON, "", false}};

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct fed_secret text = FED_SECRET_INIT(100);
        assert_int_equal(shell_unset(&text, rows[i].shell, "X"), 0);
        assert_string_equal(fed_secret_str(&text), rows[i].text);
        assert_int_equal(shell_can_unset(rows[i].shell), rows[i].can);
        assert_int_equal(shell_how_to_eval(rows[i].shell) != NULL, rows[i].can);
        fed_secret_done(&text);
    }
}

static void
the_dialect_by_name_and_by_login_shell(void **state)
{
    enum shell shell = SHELL_JSON;

    (void)state;
    assert_int_equal(shell_by_name("Bash", &shell), FED_E_NOT_FOUND);
    assert_int_equal(shell_by_name("", &shell), FED_E_NOT_FOUND);
    assert_int_equal(shell, SHELL_JSON);
    assert_int_equal(shell_by_name("fish", &shell), 0);
    assert_int_equal(shell, SHELL_FISH);
    assert_int_equal(shell_of_path(NULL), SHELL_BASH);
    assert_int_equal(shell_of_path(""), SHELL_BASH);
    assert_int_equal(shell_of_path("/bin/dash"), SHELL_BASH);
    assert_int_equal(shell_of_path("/usr/bin/zsh"), SHELL_ZSH);
    assert_int_equal(shell_of_path("fish"), SHELL_FISH);
    assert_int_equal(shell_of_path("/opt/pwsh"), SHELL_POWERSHELL);
    assert_int_equal(shell_of_path("/usr/bin/zsh/"), SHELL_BASH);
}

static int
make_folder(void **state)
{
    (void)state;
    return folder_make(folder);
}

static int
remove_folder(void **state)
{
    (void)state;
    return folder_remove(folder);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_value_is_a_value_in_bash),
        cmocka_unit_test(any_value_is_a_value_in_dash),
        cmocka_unit_test(any_value_is_a_value_in_zsh),
        cmocka_unit_test(any_value_is_a_value_in_fish),
        cmocka_unit_test(texts_follow_each_languages_rules),
        cmocka_unit_test(dotenv_refuses_what_its_readers_disagree_on),
        cmocka_unit_test(too_long_a_value_leaves_nothing),
        cmocka_unit_test(unset_lines),
        cmocka_unit_test(the_dialect_by_name_and_by_login_shell),
    };

    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
