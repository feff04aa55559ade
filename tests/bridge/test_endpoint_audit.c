/*
 * Who is turned away at the session endpoint leaves a line, and nobody can fill the trail or hide behind another.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "bridge/endpoint_audit.h"

struct trail {
    char path[64];
    struct audit *audit;
    struct endpoint_audit refusals;
};

static int
open_trail(void **state)
{
    struct trail *t = calloc(1, sizeof(*t));
    char where[80], why[128];

    assert_non_null(t);
    (void)snprintf(t->path, sizeof(t->path), "/tmp/endpoint-audit-XXXXXX");
    int fd = mkstemp(t->path);
    assert_true(fd >= 0);
    (void)close(fd);
    (void)unlink(t->path);
    (void)snprintf(where, sizeof(where), "file:%s", t->path);
    assert_int_equal(audit_open(where, getuid(), getgid(), &t->audit, why, sizeof(why)), 0);
    *state = t;
    return 0;
}

static int
close_trail(void **state)
{
    struct trail *t = *state;

    audit_close(t->audit);
    (void)unlink(t->path);
    free(t);
    return 0;
}

static unsigned
lines(const struct trail *t)
{
    FILE *file = fopen(t->path, "re");
    unsigned n = 0;

    assert_non_null(file);
    for (int c; (c = fgetc(file)) != EOF;)
        n += c == '\n';
    (void)fclose(file);
    return n;
}

static void
test_one_who_goes_on_is_one_line(void **state)
{
    struct trail *t = *state;

    for (int i = 0; i < 1000; i++)
        endpoint_audit_refusal(&t->refusals, t->audit, 1001, "no such token");
    assert_int_equal(lines(t), 1);
}

/* A uid that is refused all the time, root's too, hides no other's refusal, whatever their numbers have in common. */
static void
test_nobody_is_hidden_by_another(void **state)
{
    struct trail *t = *state;

    for (uid_t i = 0; i < ENDPOINT_AUDIT_UIDS; i++) {
        endpoint_audit_refusal(&t->refusals, t->audit, 0, "no such token");
        endpoint_audit_refusal(
            &t->refusals, t->audit, (i % 60) * ENDPOINT_AUDIT_UIDS, "no such token");
    }
    assert_int_equal(lines(t), 60);
}

static void
test_many_uids_do_not_fill_the_trail(void **state)
{
    struct trail *t = *state;

    for (uid_t uid = 1000; uid < 3000; uid++)
        endpoint_audit_refusal(&t->refusals, t->audit, uid, "no such token");
    assert_int_equal(lines(t), ENDPOINT_AUDIT_UIDS);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_one_who_goes_on_is_one_line, open_trail, close_trail),
        cmocka_unit_test_setup_teardown(test_nobody_is_hidden_by_another, open_trail, close_trail),
        cmocka_unit_test_setup_teardown(
            test_many_uids_do_not_fill_the_trail, open_trail, close_trail),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
