/*
 * Our reading and running of stacks beside libpam's own: random stacks of pam_debug, which returns what its arguments say.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include <security/pam_appl.h>

#include "conf/pamstack.h"
#include "tests/folder.h"

enum { STACKS = 200, LINES = 6 };

static char folder[FOLDER_SIZE];
static unsigned seed;

static unsigned
dice(unsigned n)
{
    return (unsigned)rand_r(&seed) % n;
}

/* ---- Stacks ---- */

static const char *const words[] = {"ok", "done", "bad", "die", "ignore", "reset", "1", "2", "3"};
static const unsigned said[] = {PAMFILE_SUCCESS, PAMFILE_SUCCESS, PAMFILE_AUTH_ERR,
    PAMFILE_NEW_AUTHTOK_REQD, PAMFILE_STEPPED_ASIDE, PAMFILE_USER_UNKNOWN};

static void
write_control(FILE *file)
{
    static const char *const old[] = {"required", "requisite", "sufficient", "optional"};

    if (dice(3) == 0)
        (void)fprintf(file, "%s", old[dice(4)]);
    else
        (void)fprintf(file, "[success=%s auth_err=%s%s default=%s]", words[dice(9)], words[dice(9)],
            dice(2) == 0 ? " ignore=ignore" : "", words[dice(9)]);
}

/* What libpam takes for the phases that a service has not, and cannot do without. */
static void
write_other(void)
{
    char path[FOLDER_SIZE + 16];

    (void)snprintf(path, sizeof(path), "%s/other", folder);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    (void)fputs("auth required pam_deny.so\naccount required pam_deny.so\n", file);
    assert_int_equal(fclose(file), 0);
}

/* file 0 may include 1 and 2, and 1 may include 2. */
static void
write_file(int which)
{
    char path[FOLDER_SIZE + 16];

    (void)snprintf(path, sizeof(path), "%s/f%d", folder, which);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    for (unsigned lines = 1 + dice(LINES); lines > 0; lines--) {
        if (which < 2 && dice(4) == 0) {
            static const char *const how[] = {"@include", "auth include", "auth substack"};
            (void)fprintf(file, "%s %s/f%d\n", how[dice(3)], folder,
                which + 1 + (int)dice((unsigned)(2 - which)));
            continue;
        }
        (void)fputs("auth ", file);
        write_control(file);
        (void)fprintf(file, " pam_debug.so auth=%s\n",
            pamfile_result_name((enum pamfile_result)said[dice(sizeof(said) / sizeof(said[0]))]));
    }
    assert_int_equal(fclose(file), 0);
}

/* ---- Verdicts ---- */

static enum pamfile_result
as_pam_debug(void *arg, const struct pamstack_module *module)
{
    (void)arg;
    for (unsigned i = 0; i < PAMFILE_RESULTS; i++) {
        if (strcmp(module->line.args[0] + 5, pamfile_result_name((enum pamfile_result)i)) == 0)
            return (enum pamfile_result)i;
    }
    fail();
    return PAMFILE_SYSTEM_ERR;
}

static int
silent(int n, const struct pam_message **messages, struct pam_response **responses, void *arg)
{
    (void)messages;
    (void)arg;
    *responses = calloc((size_t)n, sizeof(**responses));
    return PAM_SUCCESS;
}

static int
by_libpam(void)
{
    const struct pam_conv conversation = {silent, NULL};
    pam_handle_t *pamh;

    assert_int_equal(pam_start_confdir("f0", "nobody", &conversation, folder, &pamh), PAM_SUCCESS);
    int result = pam_authenticate(pamh, PAM_SILENT);
    (void)pam_end(pamh, result);
    return result;
}

static int
by_us(void)
{
    struct findings findings = {0};
    struct pamstack_verdict verdict;
    struct pamstack *stack;

    assert_int_equal(pamstack_load(folder, "f0", NULL, NULL, &stack, &findings), 0);
    assert_int_equal(findings.n, 0);
    pamstack_run(stack, PAMFILE_AUTH, as_pam_debug, NULL, &verdict);
    pamstack_free(stack);
    return (int)verdict.result;
}

static void
it_runs_as_libpam_does(void **state)
{
    unsigned results[PAMFILE_RESULTS] = {0};
    (void)state;

    write_other();
    for (unsigned i = 0; i < STACKS; i++) {
        seed = i;
        for (int which = 0; which < 3; which++)
            write_file(which);
        int ours = by_us(), theirs = by_libpam();
        if (ours != theirs)
            fail_msg("stack %u: we say %d, libpam %d", i, ours, theirs);
        results[ours]++;
    }
    assert_true(results[PAMFILE_SUCCESS] > 10 && results[PAMFILE_AUTH_ERR] > 10);
}

static int
set_up(void **state)
{
    (void)state;
    return folder_make(folder);
}

static int
tear_down(void **state)
{
    (void)state;
    return folder_remove(folder);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(it_runs_as_libpam_does)};

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
