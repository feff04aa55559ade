/*
 * GeneralizedTime: every form that is not a domain controller's is refused.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "ldap/gentime.h"

static void
what_is_no_time_is_refused(void **state)
{
    static const char *const texts[] = {"", "Z", "20261121214000", "20261121214000.Z",
        "20261121214000.0", "20261121214000.0z", "2026112121400.0Z", "20261121214000,0+0100",
        "20261121214000.0 Z", "20260231000000Z", "20261301000000Z", "20261121240000Z",
        "20261121216000Z", "20261121214060Z", "2026-121214000Z",
        "20261121214000.00000000000000000000000Z", " 20261121214000Z", "99999999999999Z"};
    int64_t t = 7;
    (void)state;

    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        assert_int_equal(gentime_parse(texts[i], strlen(texts[i]), &t), FED_E_INVALID);
    assert_int_equal(gentime_parse("20261121214000Z", 14, &t), FED_E_INVALID);
    assert_int_equal(gentime_parse("20261121214000\0", 15, &t), FED_E_INVALID);
    assert_int_equal(t, 7);
}

static void
what_domain_controllers_write_is_read(void **state)
{
    int64_t t;
    (void)state;

    assert_int_equal(gentime_parse("20261121214000.0Z", 17, &t), 0);
    assert_int_equal(t, 1795297200);
    assert_int_equal(gentime_parse("19700101000000Z", 15, &t), 0);
    assert_int_equal(t, 0);
    assert_int_equal(gentime_parse("20240229235959,5Z", 17, &t), 0);
    assert_int_equal(t, 1709251199);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_no_time_is_refused),
        cmocka_unit_test(what_domain_controllers_write_is_read),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
