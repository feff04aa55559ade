/*
 * The table of STS errors: every code of the contract, the HTTP statuses behind it, and the words.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "bridge/sts_error.h"

static struct sts_error
error_of(const char *code, const char *message)
{
    struct sts_error error = {.request_id = "req-1"};

    (void)snprintf(error.code, sizeof(error.code), "%s", code);
    (void)snprintf(error.message, sizeof(error.message), "%s", message);
    return error;
}

static void
every_code_has_its_action(void **state)
{
    static const struct {
        const char *code;
        long status;
        enum sts_action action;
        int error;
    } cases[] = {
        {"ExpiredToken", 400, STS_RESIGN, FED_E_AWS_REFUSED},
        {"ExpiredTokenException", 400, STS_RESIGN, FED_E_AWS_REFUSED},
        {"InvalidIdentityToken", 400, STS_FAIL, FED_E_AWS_REFUSED},
        {"IDPRejectedClaim", 403, STS_FAIL, FED_E_AWS_REFUSED},
        {"AccessDenied", 403, STS_FAIL, FED_E_AWS_REFUSED},
        {"AccessDeniedException", 403, STS_FAIL, FED_E_AWS_REFUSED},
        {"MalformedPolicyDocument", 400, STS_FAIL, FED_E_AWS_REFUSED},
        {"PackedPolicyTooLarge", 400, STS_FAIL, FED_E_AWS_REFUSED},
        {"RegionDisabledException", 403, STS_NEXT_REGION, FED_E_AWS_REFUSED},
        {"Throttling", 400, STS_RETRY, FED_E_AWS_UNAVAILABLE},
        {"ThrottlingException", 400, STS_RETRY, FED_E_AWS_UNAVAILABLE},
        {"RequestLimitExceeded", 503, STS_RETRY, FED_E_AWS_UNAVAILABLE},
        {"InternalFailure", 500, STS_RETRY, FED_E_AWS_UNAVAILABLE},
        {"ServiceUnavailable", 503, STS_RETRY, FED_E_AWS_UNAVAILABLE},
        {"AccessDenied", 500, STS_FAIL,
            FED_E_AWS_REFUSED}, /* the code is more exact than the status */
        {"ExpiredTokens", 400, STS_FAIL, FED_E_AWS_REFUSED},
        {"ValidationError", 400, STS_FAIL, FED_E_AWS_REFUSED},
        {"Unheard", 400, STS_FAIL, FED_E_AWS_REFUSED},
        {"", 200, STS_FAIL, FED_E_AWS_UNAVAILABLE},
        {"", 302, STS_FAIL, FED_E_AWS_UNAVAILABLE},
        {"", 403, STS_FAIL, FED_E_AWS_UNAVAILABLE},
        {"", 429, STS_RETRY, FED_E_AWS_UNAVAILABLE},
        {"", 502, STS_RETRY, FED_E_AWS_UNAVAILABLE},
    };
    (void)state;

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct sts_error error = error_of(cases[i].code, "Something");
        const struct sts_error_row *row = sts_error_row(STS_WITH_SAML, &error, cases[i].status);
        assert_int_equal(row->action, cases[i].action);
        assert_int_equal(row->error, cases[i].error);
    }
}

/* The same code of another action: another cause, another remedy; what has no row of its own has the general one. */
static void
every_action_has_its_own_rows(void **state)
{
    static const struct {
        enum sts_how how;
        const char *code;
        long status;
        enum sts_action action;
        int error;
        bool of_clock;
        const char *remedy;
    } cases[] = {
        {STS_WITH_WEB_IDENTITY, "ExpiredTokenException", 400, STS_RESIGN, FED_E_AWS_REFUSED, true,
            "the token was too old"},
        {STS_WITH_WEB_IDENTITY, "InvalidIdentityToken", 400, STS_FAIL, FED_E_AWS_REFUSED, true,
            "oidc metadata"},
        {STS_WITH_WEB_IDENTITY, "IDPRejectedClaim", 403, STS_FAIL, FED_E_AWS_REFUSED, true,
            "clock"},
        {STS_WITH_WEB_IDENTITY, "IDPCommunicationError", 400, STS_RETRY, FED_E_AWS_UNAVAILABLE,
            false, "oidc metadata"},
        {STS_WITH_WEB_IDENTITY, "AccessDenied", 403, STS_FAIL, FED_E_AWS_REFUSED, false,
            "sts:AssumeRoleWithWebIdentity"},
        {STS_WITH_WEB_IDENTITY, "MalformedPolicyDocument", 400, STS_FAIL, FED_E_AWS_REFUSED, false,
            "policy-arns"},
        {STS_WITH_WEB_IDENTITY, "PackedPolicyTooLarge", 400, STS_FAIL, FED_E_AWS_REFUSED, false,
            "tags"},
        {STS_WITH_WEB_IDENTITY, "RegionDisabledException", 403, STS_NEXT_REGION, FED_E_AWS_REFUSED,
            false, "region"},
        {STS_WITH_WEB_IDENTITY, "Throttling", 400, STS_RETRY, FED_E_AWS_UNAVAILABLE, false,
            "later"},
        {STS_WITH_KEYS, "ExpiredToken", 403, STS_FAIL, FED_E_AWS_REFUSED, true, "base-credential"},
        {STS_WITH_KEYS, "InvalidClientTokenId", 403, STS_FAIL, FED_E_AWS_REFUSED, false,
            "base-credential"},
        {STS_WITH_KEYS, "SignatureDoesNotMatch", 403, STS_FAIL, FED_E_AWS_REFUSED, true, "clock"},
        {STS_WITH_KEYS, "AccessDenied", 403, STS_FAIL, FED_E_AWS_REFUSED, false, "external-id"},
        {STS_WITH_KEYS, "MalformedPolicyDocument", 400, STS_FAIL, FED_E_AWS_REFUSED, false,
            "policy-arns"},
        {STS_WITH_KEYS, "PackedPolicyTooLarge", 400, STS_FAIL, FED_E_AWS_REFUSED, false, "tags"},
        {STS_WITH_KEYS, "RegionDisabledException", 403, STS_NEXT_REGION, FED_E_AWS_REFUSED, false,
            "region"},
        {STS_WITH_KEYS, "RequestLimitExceeded", 503, STS_RETRY, FED_E_AWS_UNAVAILABLE, false,
            "later"},
        {STS_WITH_KEYS, "InternalFailure", 500, STS_RETRY, FED_E_AWS_UNAVAILABLE, false, "later"},
    };
    char why[STS_WHY_MAX];
    (void)state;

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct sts_error error = error_of(cases[i].code, "Something");
        const struct sts_error_row *row = sts_error_row(cases[i].how, &error, cases[i].status);
        assert_int_equal(row->action, cases[i].action);
        assert_int_equal(row->error, cases[i].error);
        assert_int_equal(row->of_clock, cases[i].of_clock);
        sts_error_explain(row, &error, cases[i].status, "admin", why);
        if (strstr(why, cases[i].remedy) == NULL)
            fail_msg("%s: %s", cases[i].code, why);
        assert_null(strchr(why, '%'));
    }
}

static void
a_maximum_is_read_from_the_text(void **state)
{
    static const struct {
        const char *message;
        int64_t asked_s, found_s;
    } cases[] = {
        {"The requested DurationSeconds exceeds the MaxSessionDuration set for this role.", 43200,
            3600},
        {"The requested DurationSeconds exceeds the MaxSessionDuration set for this role.", 3601,
            3600},
        {"The requested DurationSeconds exceeds the MaxSessionDuration set for this role.", 3600,
            0},
        {"The requested DurationSeconds exceeds the MaxSessionDuration set for this role.", 900, 0},
        {"Value '43200' at 'durationSeconds': must be less than or equal to 7200", 43200, 7200},
        {"DurationSeconds 28800 is over 14400 for arn:aws:iam::111122223333:role/x", 28800, 14400},
        {"durationSeconds must be at least 1 and at most 899", 7200,
            3600}, /* less than AWS knows */
        {"DurationSeconds 99999999999999999999999999999999999", 7200, 3600},
        {"durationSeconds 1800", 3600, 1800},
    };
    (void)state;

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct sts_error error = error_of("ValidationError", cases[i].message);
        assert_int_equal(sts_error_row(STS_WITH_SAML, &error, 400)->action, STS_LEARN_DURATION);
        assert_int_equal(sts_error_duration(&error, cases[i].asked_s), cases[i].found_s);
    }
}

static void
words_name_the_role_and_the_request(void **state)
{
    struct sts_error error = error_of("AccessDenied", "Not authorized");
    char why[STS_WHY_MAX], long_text[512];
    (void)state;

    sts_error_explain(
        sts_error_row(STS_WITH_SAML, &error, 403), &error, 403, "prod %n%s admin", why);
    assert_ptr_equal(strstr(why, "AWS says AccessDenied (Not authorized; request req-1): "), why);
    assert_non_null(strstr(why, "sts:SetSourceIdentity"));
    assert_non_null(strstr(why, "[role prod %n%s admin]"));

    error = error_of("", "");
    sts_error_explain(sts_error_row(STS_WITH_SAML, &error, 302), &error, 302, "admin", why);
    assert_ptr_equal(strstr(why, "HTTP status 302: "), why);

    memset(long_text, 'x', sizeof(long_text) - 1); /* the longest of everything still fits, cut */
    long_text[sizeof(long_text) - 1] = '\0';
    error = error_of(long_text, long_text);
    sts_error_explain(sts_error_row(STS_WITH_SAML, &error, 400), &error, 400, long_text, why);
    assert_true(strlen(why) < STS_WHY_MAX);
    error = error_of("AccessDenied", "tab\there\nand \x1b[31m"); /* I-58 */
    sts_error_explain(sts_error_row(STS_WITH_SAML, &error, 403), &error, 403, "admin", why);
    assert_null(strpbrk(why, "\t\n\x1b"));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_code_has_its_action),
        cmocka_unit_test(every_action_has_its_own_rows),
        cmocka_unit_test(a_maximum_is_read_from_the_text),
        cmocka_unit_test(words_name_the_role_and_the_request),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
