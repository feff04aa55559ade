/*
 * ldap/generalized.c: what a time is, and what is none.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "ldap/generalized.h"

static void
no_times_are_refused(void **state)
{
    static const char *const bad[] = {"", "Z", "2026112200450Z", "20261122004500", "202611220045Z",
        "20261122004500.Z", "20261122004500.0", "20261122004500.0+0100", "20261122004500,xZ",
        "20261122004500.0ZZ", "20261122004500 Z", "2026112200450xZ", "20261322004500Z",
        "20260230004500Z", "20261122246000Z", "20261122006060Z", "00001300000000Z",
        "-2026112200450Z"};
    int64_t s = 7;

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_int_equal(generalized_read(bad[i], strlen(bad[i]), &s), FED_E_PROTO);
        assert_int_equal(s, 7);
    }
    /* What stands behind the length is not read. */
    assert_int_equal(generalized_read("20261122004500.0Z", 16, &s), FED_E_PROTO);
}

static void
times_are_read(void **state)
{
    static const struct {
        const char *text;
        int64_t s;
    } good[] = {{"19700101000000Z", 0}, {"20261122004500.0Z", 1795308300},
        {"20261122004500,123456789Z", 1795308300}, {"20000229235959.9Z", 951868799},
        {"19691231235959Z", -1}};
    int64_t s;

    (void)state;
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        assert_int_equal(generalized_read(good[i].text, strlen(good[i].text), &s), 0);
        assert_int_equal(s, good[i].s);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_times_are_refused),
        cmocka_unit_test(times_are_read),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
