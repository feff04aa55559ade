/*
 * The table of PAM codes, every error in every phase.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdbool.h>

#include "base/err.h"
#include "pam_awsfed/verdict.c"

static const int errors[] = {
#define ERROR(name, number, class, text) FED_E_##name,
    FED_ERRORS(ERROR)
#undef ERROR
};
enum { N_ERRORS = sizeof(errors) / sizeof(errors[0]) };

static const enum verdict_phase phases[] = {
    VERDICT_AUTH, VERDICT_ACCOUNT, VERDICT_SESSION, VERDICT_PASSWORD};

/* No error succeeds, and none is ignored (I-43), known or not. */
static void
every_error_denies(void **state)
{
    (void)state;
    for (size_t p = 0; p < 4; p++) {
        for (size_t i = 0; i < N_ERRORS; i++) {
            assert_int_not_equal(verdict_code(phases[p], errors[i]), PAM_SUCCESS);
            assert_int_not_equal(verdict_code(phases[p], errors[i]), PAM_IGNORE);
        }
        for (int error = -300; error <= 300; error++) {
            if (error != 0)
                assert_int_not_equal(verdict_code(phases[p], error), PAM_SUCCESS);
            assert_int_not_equal(verdict_code(phases[p], error), PAM_IGNORE);
        }
    }
}

/* I-13: a new password is asked for by the account phase alone. */
static void
new_password_only_from_account(void **state)
{
    (void)state;
    for (size_t p = 0; p < 4; p++) {
        for (size_t i = 0; i < N_ERRORS; i++) {
            bool asks = verdict_code(phases[p], errors[i]) == PAM_NEW_AUTHTOK_REQD;
            assert_int_equal(
                asks, phases[p] == VERDICT_ACCOUNT && errors[i] == FED_E_PASSWORD_EXPIRED);
        }
    }
}

/* I-35: what is no business of a stranger looks like a wrong password. */
static void
strangers_learn_nothing(void **state)
{
    static const int alike[] = {FED_E_DENIED, FED_E_REPLAY, FED_E_UNKNOWN_USER, FED_E_NOT_ENROLLED,
        FED_E_NAME, FED_E_PASSWORD_EXPIRED, FED_E_PROTO, FED_E_INVALID, FED_E_NOMEM, FED_E_SYSTEM,
        -999};

    (void)state;
    for (size_t i = 0; i < sizeof(alike) / sizeof(alike[0]); i++)
        assert_int_equal(verdict_code(VERDICT_AUTH, alike[i]), PAM_AUTH_ERR);
}

/* I-38, I-40: locked and unavailable are told from wrong. */
static void
later_is_not_wrong(void **state)
{
    (void)state;
    assert_int_equal(verdict_code(VERDICT_AUTH, FED_E_LOCKED), PAM_MAXTRIES);
    for (size_t i = 0; i < N_ERRORS; i++) {
        bool later = verdict_code(VERDICT_AUTH, errors[i]) == PAM_AUTHINFO_UNAVAIL;
        assert_int_equal(later, fed_error_class(errors[i]) == FED_CLASS_UNAVAILABLE);
    }
}

static void
success_succeeds(void **state)
{
    (void)state;
    for (size_t p = 0; p < 4; p++)
        assert_int_equal(verdict_code(phases[p], 0), PAM_SUCCESS);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_error_denies),
        cmocka_unit_test(new_password_only_from_account),
        cmocka_unit_test(strangers_learn_nothing),
        cmocka_unit_test(later_is_not_wrong),
        cmocka_unit_test(success_succeeds),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
