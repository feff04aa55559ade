/*
 * Stacks that are wrong, each with the line that has to be named; our own samples, which are not; and how a stack is run.
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

#include "conf/pamlint.h"

#define AUTH                                                                                       \
    "auth [success=2 ignore=ignore user_unknown=ignore default=die] pam_awsfed.so\n"               \
    "auth [success=1 default=ignore] pam_unix.so\nauth requisite pam_deny.so\n"                    \
    "auth required pam_permit.so\n"
#define ACCOUNT                                                                                    \
    "account [success=2 new_authtok_reqd=done ignore=ignore user_unknown=ignore default=die] "     \
    "pam_awsfed.so\naccount [success=1 new_authtok_reqd=done default=ignore] pam_unix.so\n"        \
    "account requisite pam_deny.so\naccount required pam_permit.so\n"
#define REST                                                                                       \
    "password [success=1 ignore=ignore user_unknown=ignore default=die] pam_awsfed.so\n"           \
    "password requisite pam_unix.so\npassword required pam_permit.so\n"                            \
    "session [success=ok ignore=ignore user_unknown=ignore default=die] pam_awsfed.so\n"           \
    "session required pam_permit.so\n"

/* Files by name: NAME, text, NAME, text, NULL. */
static int
read_files(void *arg, const char *path, struct fed_secret *ret, char *why)
{
    const char *const *files = arg;

    for (; *files != NULL; files += 2) {
        if (strcmp(path + 2, *files) == 0) /* behind "d/" */
            return fed_secret_add_str(ret, files[1]);
    }
    (void)snprintf(why, PAMSTACK_WHY_MAX, "not there");
    return FED_E_NOT_FOUND;
}

static struct findings
lint(const char *const *files, const char *service)
{
    struct findings findings = {0};
    struct pamstack *stack;

    assert_int_equal(
        pamstack_load("d", service, read_files, (void *)(uintptr_t)files, &stack, &findings), 0);
    pamlint(stack, service, &findings);
    pamstack_free(stack);
    return findings;
}

/* The one text of a service has exactly one finding: this state, at this line, with these words. */
static void
one_finding(const char *text, enum finding_state state, const char *where, const char *what)
{
    struct findings f = lint((const char *const[]){"s", text, NULL}, "s");

    for (size_t i = 0; i < f.n && f.n != 1; i++)
        print_message("%s: %s\n", f.items[i].where, f.items[i].what);
    assert_int_equal(f.n, 1);
    assert_int_equal(f.items[0].state, state);
    assert_string_equal(f.items[0].where, where);
    if (strstr(f.items[0].what, what) == NULL)
        fail_msg("\"%s\" is not in \"%s\"", what, f.items[0].what);
    assert_non_null(f.items[0].remedy);
    findings_done(&f);
}

/* At least this one. */
static void
finds(const char *text, enum finding_state state, const char *where, const char *what)
{
    struct findings f = lint((const char *const[]){"s", text, NULL}, "s");
    bool found = false;

    for (size_t i = 0; i < f.n; i++)
        found = found || (f.items[i].state == state && strcmp(f.items[i].where, where) == 0 &&
                             strstr(f.items[i].what, what) != NULL);
    if (!found) {
        for (size_t i = 0; i < f.n; i++)
            print_message("%s: %s\n", f.items[i].where, f.items[i].what);
        fail_msg("not found: %s at %s", what, where);
    }
    findings_done(&f);
}

static void
a_good_stack_has_nothing(void **state)
{
    struct findings f = lint((const char *const[]){"s", AUTH ACCOUNT REST, NULL}, "s");
    (void)state;
    assert_int_equal(f.n, 0);
    f = lint((const char *const[]){"s",
                 "@include a\naccount include b\nsession substack b\npassword include b\n", "a",
                 AUTH, "b", AUTH ACCOUNT REST, NULL},
        "s");
    for (size_t i = 0; i < f.n; i++)
        print_message("%s: %s\n", f.items[i].where, f.items[i].what);
    assert_int_equal(f.n, 0);
}

/* What an administrator installs as it is. */
static void
our_samples_have_nothing(void **state)
{
    static const char *const services[] = {
        "sshd", "login", "su", "sudo", "sudo-code", "passwd", "cron", "systemd-user"};
    (void)state;

    for (size_t i = 0; i < sizeof(services) / sizeof(services[0]); i++) {
        struct findings f = {0};
        struct pamstack *stack;
        assert_int_equal(pamstack_load("conf/pam.d", services[i], NULL, NULL, &stack, &f), 0);
        pamlint(stack, services[i], &f);
        assert_int_equal(f.n, 0);
        pamstack_free(stack);
    }
}

static void
what_opens_the_door_is_found(void **state)
{
    (void)state;
    /* An error that becomes a success (I-43). */
    finds(
        "auth [success=2 ignore=ignore user_unknown=ignore maxtries=2 default=die] pam_awsfed.so\n"
        "auth [success=1 default=ignore] pam_unix.so\nauth requisite pam_deny.so\n"
        "auth required pam_permit.so\n" ACCOUNT REST,
        FINDING_FAIL, "d/s:4", "succeeds although pam_awsfed said maxtries");
    finds("auth optional pam_awsfed.so\nauth required pam_permit.so\n" ACCOUNT REST, FINDING_FAIL,
        "d/s:2", "although pam_awsfed said auth_err");
    /* Who has to have a new password, and was refused one. */
    finds(AUTH ACCOUNT "password [success=ok default=ignore] pam_awsfed.so\n"
                       "password required pam_permit.so\n"
                       "session [success=ok ignore=ignore user_unknown=ignore default=die] "
                       "pam_awsfed.so\nsession required pam_permit.so\n",
        FINDING_FAIL, "d/s:10", "password: the phase succeeds although pam_awsfed said auth_err");
    /* pam_unix as the way around. */
    finds("auth sufficient pam_awsfed.so\nauth required pam_unix.so\n" ACCOUNT REST, FINDING_FAIL,
        "d/s:1", "pam_unix is asked after pam_awsfed said auth_err, and its word is enough");
    finds("auth [success=2 authinfo_unavail=ignore ignore=ignore user_unknown=ignore default=die] "
          "pam_awsfed.so\n"
          "auth [success=1 default=ignore] pam_unix.so\nauth requisite pam_deny.so\n"
          "auth required pam_permit.so\n" ACCOUNT REST,
        FINDING_FAIL, "d/s:1", "said authinfo_unavail");
    /* Another module of the directory, before ours or behind it. */
    finds("auth sufficient pam_sss.so\n" AUTH ACCOUNT REST, FINDING_FAIL, "d/s:1",
        "with a password alone");
    /* Nobody is asked anything. */
    finds(
        "auth sufficient pam_permit.so\n" AUTH ACCOUNT REST, FINDING_FAIL, "d/s:1", "is not asked");
    finds("auth [success=1 ignore=ignore default=die] pam_awsfed.so\nauth optional pam_unix.so\n"
          "auth required pam_permit.so\n" ACCOUNT REST,
        FINDING_FAIL, "d/s:3", "anybody gets in without a password");
    one_finding("auth [success=2 ignore=ignore user_unknown=ignore default=die] pam_awsfed.so "
                "factors=password\n"
                "auth [success=1 default=ignore] pam_unix.so\nauth requisite pam_deny.so\n"
                "auth required pam_permit.so\n" ACCOUNT REST,
        FINDING_FAIL, "d/s:1", "a password alone");
    one_finding("auth [success=2 ignore=ignore user_unknown=ignore default=die] pam_awsfed.so\n"
                "auth [success=1 default=ignore] pam_unix.so nullok\nauth requisite pam_deny.so\n"
                "auth required pam_permit.so\n" ACCOUNT REST,
        FINDING_WARN, "d/s:2", "without a password needs none");
}

/* A condition that tells the host's accounts apart is no fault, but what it says is worth a look; one that people have to meet is. */
static void
conditions_are_taken_as_they_are_meant(void **state)
{
    (void)state;
    one_finding("auth [success=1 default=ignore] pam_succeed_if.so uid < 1000\n" AUTH ACCOUNT REST,
        FINDING_WARN, "d/s:1", "whoever meets this condition");
    struct findings f =
        lint((const char *const[]){"s",
                 AUTH "account required pam_succeed_if.so user ingroup x\n" ACCOUNT REST, NULL},
            "s");
    assert_int_equal(f.n, 0);
    one_finding("auth sufficient pam_succeed_if.so uid < 1000\n" AUTH ACCOUNT REST, FINDING_WARN,
        "d/s:1", "whoever meets this condition");
}

/* I-45, I-13 */
static void
an_account_phase_that_does_not_decide_is_found(void **state)
{
    (void)state;
    one_finding(AUTH REST "account required pam_unix.so\n", FINDING_FAIL, "d/s",
        "account: pam_awsfed.so is not asked");
    finds(AUTH "account optional pam_awsfed.so\naccount required pam_unix.so\n" REST, FINDING_FAIL,
        "d/s:5", "pam_unix is asked after pam_awsfed said");
    finds(AUTH "account [success=1 new_authtok_reqd=1 ignore=ignore user_unknown=ignore "
               "default=die] pam_awsfed.so\n"
               "account requisite pam_unix.so\naccount required pam_permit.so\n" REST,
        FINDING_FAIL, "d/s:5", "whose password has expired are let in");
    finds(AUTH "account [success=1 ignore=ignore user_unknown=ignore default=die] pam_awsfed.so\n"
               "account requisite pam_unix.so\naccount required pam_permit.so\n"
               "account [default=die] pam_deny.so\n" REST,
        FINDING_FAIL, "d/s:8", "keeps people of the directory out");
}

static void
who_is_shut_out_is_found(void **state)
{
    (void)state;
    /* Break-glass (I-23): a stack without a way around for root and local-users. */
    finds("auth required pam_awsfed.so\n" ACCOUNT REST, FINDING_FAIL, "d/s:1",
        "root and local-users cannot get in");
    finds("auth [success=2 ignore=ignore default=die] pam_awsfed.so\nauth [success=1 "
          "default=ignore] pam_unix.so\n"
          "auth requisite pam_deny.so\nauth required pam_permit.so\n" ACCOUNT REST,
        FINDING_WARN, "d/s:1", "not in local-users cannot get in");
    finds("auth required pam_unix.so\n" AUTH ACCOUNT REST, FINDING_WARN, "d/s:1",
        "pam_unix is asked first");
    finds("auth required pam_unix.so\n" AUTH ACCOUNT REST, FINDING_FAIL, "d/s:1",
        "keeps people of the directory out");
    /* A jump beyond the end fails, whatever was said. */
    finds("auth [success=9 ignore=ignore user_unknown=ignore default=die] pam_awsfed.so\n"
          "auth required pam_unix.so\n" ACCOUNT REST,
        FINDING_FAIL, "d/s:1", "keeps people of the directory out");
    /* No module says yes: a jump alone is none. */
    finds("auth [success=1 ignore=ignore user_unknown=ignore default=die] pam_awsfed.so\n"
          "auth required pam_unix.so\n" ACCOUNT REST,
        FINDING_FAIL, "d/s:1", "keeps people of the directory out");
    finds(
        "auth [success=2 ignore=ignore user_unknown=ignore default=die] pam_awsfed.so factor=totp\n"
        "auth [success=1 default=ignore] pam_unix.so\nauth requisite pam_deny.so\n"
        "auth required pam_permit.so\n" ACCOUNT REST,
        FINDING_FAIL, "d/s:1", "does not take \"factor=totp\"");
    finds(AUTH "account required pam_permit.so foo bar\naccount must pam_awsfed.so\n", FINDING_FAIL,
        "d/s:6", "libpam cannot take this line");
}

static void
what_is_missing_depends_on_the_service(void **state)
{
    struct findings f = lint((const char *const[]){"sudo", AUTH ACCOUNT, NULL}, "sudo");
    (void)state;
    assert_int_equal(f.n, 0);
    f = lint((const char *const[]){"login", AUTH ACCOUNT, NULL}, "login");
    assert_int_equal(f.n, 2);
    assert_int_equal(findings_worst(&f), FINDING_WARN);
    findings_done(&f);
    finds(AUTH ACCOUNT "session sufficient pam_permit.so\n" REST, FINDING_FAIL, "d/s:9",
        "is not asked");
}

static void
includes_that_lead_nowhere_are_found(void **state)
{
    struct findings f =
        lint((const char *const[]){"s", AUTH ACCOUNT REST "@include s\n", NULL}, "s");
    bool endless = false;
    (void)state;

    for (size_t i = 0; i < f.n; i++)
        endless = endless || strstr(f.items[i].what, "without an end") != NULL;
    assert_true(endless);
    findings_done(&f);
    finds(AUTH ACCOUNT REST "@include gone\n", FINDING_FAIL, "d/s",
        "d/gone cannot be included: not there");

    struct pamstack *stack;
    struct findings none = {0};
    assert_int_equal(pamstack_load("d", "x", read_files, (const char *[]){NULL}, &stack, &none),
        FED_E_NOT_FOUND);
    assert_int_equal(none.n, 0);
    assert_int_equal(pamstack_load("/dev", "null", NULL, NULL, &stack, &none), FED_E_SYSTEM);
    assert_int_equal(none.n, 1);
    findings_done(&none);
}

/* ---- How a stack is run: pam.conf(5) and pam_dispatch.c ---- */

/* A module's first argument is what it returns: a number. */
static enum pamfile_result
say_argument(void *arg, const struct pamstack_module *module)
{
    strcat(arg, module->line.name);
    return (enum pamfile_result)atoi(module->line.args[0]);
}

static void
runs(const char *text, const char *other, enum pamfile_result result, const char *asked)
{
    struct findings f = {0};
    struct pamstack_verdict verdict;
    struct pamstack *stack;
    char seen[64] = "";

    assert_int_equal(pamstack_load("d", "s", read_files,
                         (const char *[]){"s", text, "o", other, NULL}, &stack, &f),
        0);
    assert_int_equal(f.n, 0);
    pamstack_run(stack, PAMFILE_AUTH, say_argument, seen, &verdict);
    assert_string_equal(seen, asked);
    assert_int_equal(verdict.result, result);
    pamstack_free(stack);
}

static void
a_stack_is_run_as_libpam_does(void **state)
{
    (void)state;
    runs("", "", PAMFILE_PERM_DENIED, "");
    runs("auth required a 0\nauth required b 7\nauth required c 0\n", "", PAMFILE_AUTH_ERR, "abc");
    runs("auth requisite a 7\nauth required b 0\n", "", PAMFILE_AUTH_ERR, "a");
    runs("auth sufficient a 0\nauth required b 7\n", "", PAMFILE_SUCCESS, "a");
    runs(
        "auth required a 7\nauth sufficient b 0\nauth required c 0\n", "", PAMFILE_AUTH_ERR, "abc");
    runs("auth optional a 7\n", "", PAMFILE_PERM_DENIED, "a");
    runs("auth [success=1] a 0\nauth required b 7\nauth required c 0\n", "", PAMFILE_SUCCESS, "ac");
    runs("auth [success=1] a 0\nauth required b 7\n", "", PAMFILE_PERM_DENIED, "a");
    runs("auth required a 7\nauth [success=reset] b 0\nauth required c 0\n", "", PAMFILE_SUCCESS,
        "abc");
    runs("auth required a 12\nauth required b 0\n", "", PAMFILE_NEW_AUTHTOK_REQD, "ab");
    /* A substack's "die" ends the substack, and counts; its "done" ends it alone; an include's ends all. */
    runs("auth substack o\nauth required z 0\n", "auth requisite a 7\nauth required b 0\n",
        PAMFILE_AUTH_ERR, "az");
    runs("auth substack o\nauth required z 0\n", "auth sufficient a 0\nauth required b 7\n",
        PAMFILE_SUCCESS, "az");
    runs("auth include o\nauth required z 7\n", "auth sufficient a 0\nauth required b 7\n",
        PAMFILE_SUCCESS, "a");
    /* A substack counts as one for a jump; within it nobody jumps out. */
    runs("auth [success=1] x 0\nauth substack o\nauth required z 0\n",
        "auth required a 7\nauth required b 7\n", PAMFILE_SUCCESS, "xz");
    runs("auth substack o\nauth required z 0\n", "auth [success=5] a 0\nauth required b 0\n",
        PAMFILE_PERM_DENIED, "az");
    runs("auth required x 0\nauth substack o\nauth required z 0\n",
        "auth required a 7\nauth [success=reset] b 0\n", PAMFILE_SUCCESS, "xabz");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_opens_the_door_is_found),
        cmocka_unit_test(conditions_are_taken_as_they_are_meant),
        cmocka_unit_test(an_account_phase_that_does_not_decide_is_found),
        cmocka_unit_test(who_is_shut_out_is_found),
        cmocka_unit_test(what_is_missing_depends_on_the_service),
        cmocka_unit_test(includes_that_lead_nowhere_are_found),
        cmocka_unit_test(a_good_stack_has_nothing),
        cmocka_unit_test(our_samples_have_nothing),
        cmocka_unit_test(a_stack_is_run_as_libpam_does),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
