/*
 * Exit statuses: every error of the project has the one that the table in DESIGN's words gives it.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/err.h"
#include "bridge/login/outcome.c"

static void
errors_with_a_status_of_their_own(void **state)
{
    (void)state;
    assert_int_equal(outcome_of(0), 0);
    assert_int_equal(outcome_of(FED_E_NO_TICKET), 4);
    assert_int_equal(outcome_of(FED_E_FRESH_CODE), 4);
    assert_int_equal(outcome_of(FED_E_AWS_REFUSED), 5);
    assert_int_equal(outcome_of(FED_E_DENIED), 3);
    assert_int_equal(outcome_of(FED_E_ROLE), 3);
    assert_int_equal(outcome_of(FED_E_LOCKED), 3);
    assert_int_equal(outcome_of(FED_E_BRIDGE), 6);
    assert_int_equal(outcome_of(FED_E_AWS_UNAVAILABLE), 6);
    assert_int_equal(outcome_of(FED_E_PROTO), 1);
    assert_int_equal(outcome_of(FED_E_SYSTEM), 1);
    assert_int_equal(outcome_of(-9999), 1);
    assert_int_equal(outcome_of(7), 1);
}

/* An error that is added later cannot end as success. */
static void
every_error_fails(void **state)
{
    static const int all[] = {
#define ERROR_VALUE(name, number, class, text) FED_E_##name,
        FED_ERRORS(ERROR_VALUE)
#undef ERROR_VALUE
    };

    (void)state;
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
        enum outcome outcome = outcome_of(all[i]);
        assert_true(outcome != OUTCOME_DONE && outcome != OUTCOME_USAGE && outcome <= 6);
        if (fed_error_class(all[i]) == FED_CLASS_UNAVAILABLE)
            assert_int_equal(outcome, OUTCOME_UNAVAILABLE);
        if (fed_error_class(all[i]) == FED_CLASS_INTERNAL)
            assert_int_equal(outcome, OUTCOME_OTHER);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(errors_with_a_status_of_their_own),
        cmocka_unit_test(every_error_fails),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
