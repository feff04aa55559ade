/*
 * The command line: what is refused with status 2, what is guessed, what is taken.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "bridge/login/json.c"
#include "bridge/login/options.c"
#include "bridge/login/outcome.c"
#include "bridge/login/output.c"
#include "bridge/login/shell.c"
#include "bridge/login/when.c"

static enum outcome
run_nothing(const struct options *o)
{
    (void)o;
    return OUTCOME_DONE;
}

const struct word words[] = {
    {"", 0, false, run_nothing},
    {"roles", OPTION_JSON, false, run_nothing},
    {"env", OPTION_SHELL | OPTION_UNSET, false, run_nothing},
    {"status", OPTION_JSON | OPTION_PROMPT, false, run_nothing},
    {"credential-process", 0, false, run_nothing},
    {"use", TAKES_ROLE, false, run_nothing},
    {"exec", OPTION_NEED | TAKES_COMMAND, false, run_nothing},
    {"configure", OPTION_PREFIX | OPTION_DIFF, false, run_nothing},
    {"write", OPTION_PROFILE, false, run_nothing},
};

const size_t word_count = sizeof(words) / sizeof(words[0]);

enum { ARGS_MAX = 8 };

static enum outcome
parse(const char *const *args, struct options *ret_options)
{
    static const char *argv[ARGS_MAX + 2]; /* outlives the call: a command is borrowed from it */
    int argc = 1;

    memset(argv, 0, sizeof(argv));
    argv[0] = "awsfed-login";

    while (argc <= ARGS_MAX && args[argc - 1] != NULL) {
        argv[argc] = args[argc - 1];
        argc++;
    }
    return options_parse(argc, argv, "/bin/zsh", NULL, ret_options);
}

#define ARGS(...) ((const char *const[ARGS_MAX + 1]){__VA_ARGS__})

static void
wrong_usage_is_refused(void **state)
{
    const char *const *const bad[] = {
        ARGS("role"),
        ARGS(""),
        ARGS("roles", "env"),
        ARGS("--nothing"),
        ARGS("-x"),
        ARGS("-qx"),
        ARGS("--role"),
        ARGS("-r"),
        ARGS("-r", ""),
        ARGS("--role="),
        ARGS("--role", "\xff"),
        ARGS("--quiet=yes"),
        ARGS("--duration", "0"),
        ARGS("--duration", "899"),
        ARGS("--duration", "12h1s"),
        ARGS("--duration", "43201"),
        ARGS("--duration", "1 h"),
        ARGS("--duration", "-1h"),
        ARGS("--duration", "18446744073709551617"),
        ARGS("--socket", ""),
        ARGS("env", "--shell", "csh"),
        ARGS("env", "--shell", "Bash"),
        ARGS("--json"),
        ARGS("env", "--json"),
        ARGS("roles", "--unset"),
        ARGS("use", "a", "b"),
        ARGS("use", ""),
        ARGS("roles", "--need", "1h"),
        ARGS("exec", "--need", "8d", "true"),
        ARGS("exec", "--need", "0", "true"),
        ARGS("exec", "--diff", "true"),
        ARGS("configure", "--prefix", "a b"),
        ARGS("configure", "--prefix", ""),
        ARGS("configure", "--prefix", "x]"),
        ARGS("write", "--profile", "a\nb"),
        ARGS("write", "--profile", "[a"),
        ARGS("credential-process", "--shell", "bash"),
        ARGS("status", "--json", "--prompt"),
        ARGS("env", "--unset", "--shell", "json"),
        ARGS("env", "--unset", "--shell", "dotenv"),
        ARGS("--", "--help"),
        ARGS("--", "--", "roles"),
        ARGS("-"),
    };
    struct options o = {.role = "untouched"};

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        if (parse(bad[i], &o) != OUTCOME_USAGE)
            fail_msg("row %zu was taken", i);
        assert_string_equal(o.role, "untouched");
    }
}

static void
a_name_over_its_limit_is_refused(void **state)
{
    char role[130], path[120];
    struct options o;

    (void)state;
    memset(role, 'r', 129);
    role[129] = '\0';
    assert_int_equal(parse(ARGS("-r", role), &o), OUTCOME_USAGE);
    role[128] = '\0';
    assert_int_equal(parse(ARGS("-r", role), &o), OUTCOME_DONE);
    memset(path, 's', 108);
    path[108] = '\0';
    assert_int_equal(parse(ARGS("--socket", path), &o), OUTCOME_USAGE);
    assert_int_equal(options_parse(1, ARGS("x"), NULL, path, &o), OUTCOME_USAGE);
    path[107] = '\0';
    assert_int_equal(parse(ARGS("--socket", path), &o), OUTCOME_DONE);
}

static void
options_are_taken_in_every_form(void **state)
{
    struct options o;

    (void)state;
    assert_int_equal(parse(ARGS(NULL), &o), OUTCOME_DONE);
    assert_string_equal(o.word->name, "");
    assert_null(o.role);
    assert_string_equal(o.socket, CLIENT_SOCKET);
    assert_int_equal(o.shell, SHELL_ZSH);
    assert_int_equal(o.duration_s, 0);
    assert_false(o.quiet || o.json || o.help || o.version || o.unset || o.prompt);

    assert_int_equal(parse(ARGS("-q", "env", "-rA b", "-d", "90m", "--shell=fish"), &o), 0);
    assert_string_equal(o.word->name, "env");
    assert_string_equal(o.role, "A b");
    assert_int_equal(o.duration_s, 5400);
    assert_int_equal(o.shell, SHELL_FISH);
    assert_true(o.quiet);

    assert_int_equal(parse(ARGS("-qr", "--role", "--role=--x=y", "--", "roles"), &o), 0);
    assert_string_equal(o.word->name, "roles");
    assert_string_equal(o.role, "--x=y");

    assert_int_equal(parse(ARGS("env", "--unset", "-qh", "--socket", "/s", "--version"), &o), 0);
    assert_true(o.unset && o.quiet && o.help && o.version);
    assert_string_equal(o.socket, "/s");

    assert_int_equal(parse(ARGS("-d", "43200"), &o), 0);
    assert_int_equal(o.duration_s, 43200);
    assert_int_equal(parse(ARGS("-d", "15m"), &o), 0);
    assert_int_equal(parse(ARGS("-d12h"), &o), 0);
}

static void
socket_from_the_environment_gives_way_to_the_option(void **state)
{
    const char *argv[] = {"x", "--socket=/option", NULL};
    struct options o;

    (void)state;
    assert_int_equal(options_parse(1, argv, NULL, "/environment", &o), OUTCOME_DONE);
    assert_string_equal(o.socket, "/environment");
    assert_int_equal(options_parse(2, argv, NULL, "/environment", &o), OUTCOME_DONE);
    assert_string_equal(o.socket, "/option");
    assert_int_equal(options_parse(1, argv, NULL, "", &o), OUTCOME_DONE);
    assert_string_equal(o.socket, CLIENT_SOCKET);
}

/* What follows a command is the command's, however much it looks like an option of ours. */
static void
operands_and_commands_are_taken(void **state)
{
    struct options o;

    (void)state;
    assert_int_equal(parse(ARGS("use", "Admin"), &o), OUTCOME_DONE);
    assert_string_equal(o.role, "Admin");
    assert_int_equal(parse(ARGS("use"), &o), OUTCOME_DONE);
    assert_null(o.role);
    assert_int_equal(
        parse(ARGS("exec", "--need=3h", "-r", "A", "--", "ls", "-r", "--help"), &o), OUTCOME_DONE);
    assert_int_equal(o.need_s, 3 * 3600);
    assert_string_equal(o.role, "A");
    assert_string_equal(o.command[0], "ls");
    assert_string_equal(o.command[2], "--help");
    assert_false(o.help);
    assert_int_equal(parse(ARGS("exec", "-q", "ls", "-q"), &o), OUTCOME_DONE);
    assert_string_equal(o.command[1], "-q");
    assert_int_equal(parse(ARGS("exec", "--", "--", "x"), &o), OUTCOME_DONE);
    assert_string_equal(o.command[0], "--");
    assert_int_equal(parse(ARGS("exec"), &o), OUTCOME_DONE);
    assert_null(o.command);
    assert_int_equal(parse(ARGS("configure", "--prefix", "corp-", "--diff"), &o), OUTCOME_DONE);
    assert_string_equal(o.prefix, "corp-");
    assert_true(o.diff);
}

static void
the_nearest_word_is_guessed(void **state)
{
    static const char *const known[] = {
        "", "roles", "credential-process", "env", "status", "logout"};
    static const struct {
        const char *typed, *nearest;
    } rows[] = {{"role", "roles"}, {"rolse", "roles"}, {"ROLES", NULL}, {"stat", "status"},
        {"logou", "logout"}, {"logoff", "logout"}, {"credentials", "credential-process"},
        {"cred", "credential-process"}, {"credental-proces", "credential-process"},
        {"environment", "env"}, {"enrol", NULL}, {"use", NULL}, {"exec", NULL}, {"console", NULL},
        {"en", "env"}, {"e", "env"}, {"x", NULL}, {"", NULL}, {"frobnicate", NULL},
        {"a-word-that-is-far-too-long-to-be-one-of-ours", NULL}};

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const char *nearest = options_nearest(rows[i].typed, known, 6);
        if (rows[i].nearest == NULL && nearest != NULL)
            fail_msg("%s was taken for %s", rows[i].typed, nearest);
        if (rows[i].nearest != NULL) {
            assert_non_null(nearest);
            assert_string_equal(nearest, rows[i].nearest);
        }
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(wrong_usage_is_refused),
        cmocka_unit_test(a_name_over_its_limit_is_refused),
        cmocka_unit_test(options_are_taken_in_every_form),
        cmocka_unit_test(socket_from_the_environment_gives_way_to_the_option),
        cmocka_unit_test(operands_and_commands_are_taken),
        cmocka_unit_test(the_nearest_word_is_guessed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
