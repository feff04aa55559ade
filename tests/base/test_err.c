/*
 * The error list: every error has a number of its own, a name, a text and a class, and survives the wire.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/err.h"

static const struct {
    int error;
    const char *name;
} errors[] = {
#define ERROR(name, number, class, text) {FED_E_##name, #name},
    FED_ERRORS(ERROR)
#undef ERROR
};
enum { N_ERRORS = sizeof(errors) / sizeof(errors[0]) };

static void
unknown_numbers_are_not_success(void **state)
{
    static const unsigned foreign[] = {29, 100, 255, 256, 1U << 31, UINT32_MAX};

    (void)state;
    for (size_t i = 0; i < sizeof(foreign) / sizeof(foreign[0]); i++)
        assert_int_equal(fed_error_from_wire(foreign[i]), FED_E_PROTO);
    assert_int_equal(fed_error_to_wire(-29), fed_error_to_wire(FED_E_SYSTEM));
    assert_int_equal(fed_error_to_wire(7), fed_error_to_wire(FED_E_SYSTEM));
    assert_int_equal(fed_error_class(-29), FED_CLASS_INTERNAL);
    assert_int_equal(fed_error_class(1), FED_CLASS_INTERNAL);
    assert_string_equal(fed_error_name(-29), "UNKNOWN");
    assert_non_null(fed_strerror(12345));
}

static void
every_error_is_itself(void **state)
{
    (void)state;
    for (size_t i = 0; i < N_ERRORS; i++) {
        assert_true(errors[i].error < 0);
        assert_string_equal(fed_error_name(errors[i].error), errors[i].name);
        assert_true(strlen(fed_strerror(errors[i].error)) > 0);
        assert_int_not_equal(fed_error_class(errors[i].error), FED_CLASS_OK);
        assert_int_equal(fed_error_from_wire(fed_error_to_wire(errors[i].error)), errors[i].error);
        for (size_t j = 0; j < i; j++)
            assert_int_not_equal(errors[i].error, errors[j].error);
    }
}

static void
success_is_zero(void **state)
{
    (void)state;
    assert_int_equal(fed_error_to_wire(0), 0);
    assert_int_equal(fed_error_from_wire(0), 0);
    assert_int_equal(fed_error_class(0), FED_CLASS_OK);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(unknown_numbers_are_not_success),
        cmocka_unit_test(every_error_is_itself),
        cmocka_unit_test(success_is_zero),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
