/*
 * STS when it does not go well at once: retries, regions, fresh assertions, shorter sessions, warm connections.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "tests/bridge/sts_call.h"

#include <pthread.h>

#define TOO_LONG "The requested DurationSeconds exceeds the MaxSessionDuration set for this role."

static char china_arn[] = "arn:aws-cn:iam::111122223333:role/Admin", china_name[] = "aws-cn";
static char west[] = "eu-west-1";

/* Run one call against the steps told; how many requests the server then saw. */
static struct call_result
call_once(const struct conf_aws *conf, const char *counts)
{
    struct sts *sts = new_sts(conf);
    struct call_result result = call(sts);

    sts_free(sts);
    assert_string_equal(strchr(server_ask("counts"), ' ') + 1, counts);
    return result;
}

/* ---- Refused for good ---- */

static void
refusals_are_not_repeated(void **state)
{
    static const struct {
        const char *status, *code, *message, *named;
    } cases[] = {
        {"403_Forbidden", "AccessDenied", "Not authorized to perform sts:AssumeRoleWithSAML",
            "sts:TagSession"},
        {"403_Forbidden", "AccessDeniedException", "no", "trust policy"},
        {"400_Bad", "InvalidIdentityToken", "Response signature invalid", "metadata"},
        {"403_Forbidden", "IDPRejectedClaim", "no", "[role admin]"},
        {"400_Bad", "MalformedPolicyDocument", "no", "\"policy-arns\" in [role admin]"},
        {"400_Bad", "PackedPolicyTooLarge", "no", "\"tags\""},
        {"400_Bad", "ValidationError", "1 validation error at 'roleArn'", "[role admin]"},
        {"400_Bad", "SomethingNew", "that nobody knows yet", "SomethingNew"},
    };
    struct conf_aws conf = plain_conf();
    (void)state;

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        server_tell("reset");
        step_error(cases[i].status, cases[i].code, cases[i].message);
        step_success();
        struct call_result result = call_once(&conf, "1");
        assert_int_equal(result.error, FED_E_AWS_REFUSED);
        assert_non_null(strstr(result.why, cases[i].code));
        assert_non_null(strstr(result.why, cases[i].named));
        assert_non_null(strstr(result.why, "error-id"));
        assert_string_equal(result.request_id, "error-id");
    }
}

/* ---- ExpiredToken: once more, with a fresh assertion, unless the clock is to blame ---- */

static void
an_expired_assertion_is_signed_again_once(void **state)
{
    struct conf_aws conf = plain_conf();
    (void)state;

    step_error("400_Bad", "ExpiredToken", "Token must be redeemed within 5 minutes of issuance");
    struct call_result result = call_once(&conf, "2");
    assert_int_equal(result.error, FED_E_AWS_REFUSED);
    assert_int_equal(result.signed_times, 2);

    server_tell("reset");
    step_error("400_Bad", "ExpiredTokenException", "too old");
    step_success();
    result = call_once(&conf, "2");
    assert_success(&result);
    assert_int_equal(result.signed_times, 2);
    char first[1000];
    (void)snprintf(first, sizeof(first), "%s", server_ask("form 0 SAMLAssertion"));
    assert_string_not_equal(server_ask("form 1 SAMLAssertion"), first);
}

static void
a_wrong_clock_is_named_in_seconds(void **state)
{
    static const struct {
        const char *code, *direction;
        int date;
        bool wrong;
    } cases[] = {
        {"ExpiredToken", "behind", 1000, true}, {"ExpiredToken", "ahead of", -1000, true},
        {"InvalidIdentityToken", "ahead of", -100, true}, {"IDPRejectedClaim", "behind", 400, true},
        {"InvalidIdentityToken", "behind", 100, false}, /* an assertion is good for five minutes */
    };
    struct conf_aws conf = plain_conf();
    (void)state;

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char said[32];
        server_tell("reset");
        step_error_dated("400_Bad", cases[i].code, "no", cases[i].date);
        struct call_result result = call_once(&conf, "1");
        assert_int_equal(result.error, cases[i].wrong ? FED_E_CLOCK : FED_E_AWS_REFUSED);
        (void)snprintf(said, sizeof(said), "seconds %s AWS's", cases[i].direction);
        assert_non_null(strstr(result.why, said));
    }
    server_tell("reset"); /* AccessDenied has nothing to do with clocks */
    step_error_dated("403_Forbidden", "AccessDenied", "no", 5000);
    assert_int_equal(call_once(&conf, "1").error, FED_E_AWS_REFUSED);
}

/* ---- Faults that pass ---- */

static void
faults_are_tried_three_times(void **state)
{
    static const char *const steps[] = {"reply 0 500_Oops <html>", "reply 0 503_Busy", "hangup 0 x",
        "cut 0 200_OK <x><y><z>", "reply 0 429_Slow_down"};
    struct conf_aws conf = plain_conf();
    (void)state;

    for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
        server_tell("reset");
        server_tell("step %s", steps[i]);
        struct call_result result = call_once(&conf, "3");
        assert_int_equal(result.error, FED_E_AWS_UNAVAILABLE);
        assert_int_equal(result.signed_times, 3); /* an assertion is of its attempt */
    }
}

static void
faults_that_pass_do_not_matter(void **state)
{
    struct conf_aws conf = plain_conf();
    (void)state;

    server_tell("step reply 0 500_Oops");
    step_error("400_Bad", "ThrottlingException", "Rate exceeded");
    step_success();
    struct call_result result = call_once(&conf, "3");
    assert_success(&result);

    server_tell("reset");
    server_tell("step cut 0 200_OK <x><y><z>");
    server_tell("step hangup 0 x");
    step_success();
    result = call_once(&conf, "3");
    assert_success(&result);
}

/* ---- Regions ---- */

static void
goes_to_the_next_region(void **state)
{
    static char *fallbacks[] = {west, central};
    struct conf_aws conf = proxied_conf();
    (void)state;

    conf.fallback_regions.items = fallbacks;
    conf.fallback_regions.n = 2;
    step_error("403_Forbidden", "RegionDisabledException", "STS is not activated in this region");
    step_success();
    struct call_result result = call_once(&conf, "2");
    assert_success(&result);
    assert_string_equal(
        server_ask("hosts"), "sts.eu-central-1.amazonaws.com:443,sts.eu-west-1.amazonaws.com:443");

    server_tell("reset"); /* disabled everywhere: each region once */
    step_error("403_Forbidden", "RegionDisabled", "STS is not activated in this region");
    result = call_once(&conf, "2");
    assert_int_equal(result.error, FED_E_AWS_REFUSED);
    assert_non_null(strstr(result.why, "\"region\" in [role admin]"));

    server_tell("reset"); /* silent: the next one gets the other half of the time */
    server_tell("step silent 0 x");
    step_success();
    struct sts *sts = new_sts(&conf);
    struct conf_role role = plain_role();
    result = call_with(sts, &role, 3600, 2000);
    assert_success(&result);
    sts_free(sts);

    server_tell("reset"); /* at fault: three times, then the next */
    for (int i = 0; i < 3; i++)
        server_tell("step reply 0 500_Oops");
    step_success();
    result = call_once(&conf, "4");
    assert_success(&result);
}

static void
a_roles_partition_has_its_own_regions(void **state)
{
    struct conf_aws conf = proxied_conf(); /* knows eu-central-1 only */
    struct conf_role role = plain_role();
    struct sts *sts = new_sts(&conf);
    (void)state;

    step_success();
    role.arn = china_arn;
    role.partition = china_name;
    struct call_result result = call_with(sts, &role, 3600, 5000);
    assert_success(&result);
    role = plain_role();
    role.region = west;
    result = call_with(sts, &role, 3600, 5000);
    assert_success(&result);
    assert_string_equal(
        server_ask("hosts"), "sts.cn-north-1.amazonaws.com.cn:443,sts.eu-west-1.amazonaws.com:443");
    sts_free(sts);
}

/* ---- Durations ---- */

static void
a_roles_maximum_is_learned(void **state)
{
    static const struct {
        const char *message;
        int64_t asked_s, given_s;
    } cases[] = {
        {TOO_LONG, 43200, 3600},
        {"Value 43200 at durationSeconds: Member must have value less than or equal to 7200", 43200,
            7200},
    };
    struct conf_aws conf = plain_conf();
    struct conf_role role = plain_role();
    (void)state;

    for (size_t i = 0; i < 2; i++) {
        struct sts *sts = new_sts(&conf);
        server_tell("reset");
        step_error("400_Bad", "ValidationError", cases[i].message);
        step_success();
        struct call_result result = call_with(sts, &role, cases[i].asked_s, 5000);
        assert_int_equal(result.credential.duration_s, cases[i].given_s);
        assert_int_equal(result.signed_for_s, cases[i].given_s); /* in the assertion too */
        assert_success(&result);
        /* The next call asks for no more than that, but for less where less is wanted. */
        result = call_with(sts, &role, cases[i].asked_s, 5000);
        assert_success(&result);
        assert_int_equal(result.signed_times, 1);
        assert_int_equal(result.signed_for_s, cases[i].given_s);
        result = call_with(sts, &role, 900, 5000);
        assert_success(&result);
        assert_int_equal(result.signed_for_s, 900);
        /* Another role has its own. */
        role.arn = provider_arn;
        result = call_with(sts, &role, cases[i].asked_s, 5000);
        assert_success(&result);
        assert_int_equal(result.signed_for_s, cases[i].asked_s);
        role = plain_role();
        sts_free(sts);
    }
}

static void
a_maximum_is_learned_once(void **state)
{
    struct conf_aws conf = plain_conf();
    struct conf_role role = plain_role();
    struct sts *sts = new_sts(&conf);
    (void)state;

    step_error("400_Bad", "ValidationError", TOO_LONG);
    struct call_result result = call_with(sts, &role, 7200, 5000);
    assert_int_equal(result.error, FED_E_AWS_REFUSED);
    assert_int_equal(result.signed_times, 2);
    assert_non_null(strstr(result.why, "\"duration\" in [role admin]"));
    result = call_with(sts, &role, 7200, 5000); /* what was refused is not remembered */
    assert_int_equal(result.signed_times, 2);
    result = call_with(sts, &role, 3600, 5000); /* an hour is always allowed: nothing to learn */
    assert_int_equal(result.error, FED_E_AWS_REFUSED);
    assert_int_equal(result.signed_times, 1);
    sts_free(sts);
}

/* ---- Connections ---- */

static void
a_warm_connection_is_used_again(void **state)
{
    struct conf_aws conf = plain_conf();
    struct sts *sts = new_sts(&conf);
    (void)state;

    step_error("403_Forbidden", "AccessDenied", "a refusal leaves the connection open");
    step_success();
    assert_int_equal(call(sts).error, FED_E_AWS_REFUSED);
    for (int i = 0; i < 5; i++) {
        struct call_result result = call(sts);
        assert_success(&result);
    }
    assert_string_equal(server_ask("counts"), "1 6");
    sts_free(sts);
}

static void *
call_many(void *arg)
{
    uintptr_t failed = 0;

    for (int i = 0; i < 10; i++) {
        struct call_result result = {.error = 0};
        struct conf_role role = plain_role();
        struct sts_request request = {.role = &role,
            .duration_s = 3600,
            .timeout_ms = 20000,
            .assertion = make_assertion,
            .assertion_arg = &result};
        failed +=
            sts_assume_role(arg, &request, &result.credential, result.why, result.request_id) != 0;
        sts_credential_done(&result.credential);
    }
    return (void *)failed;
}

static void
many_threads_share_the_pool(void **state)
{
    struct conf_aws conf = plain_conf();
    struct sts *sts = new_sts(&conf);
    pthread_t threads[8];
    unsigned connections;
    (void)state;

    step_success();
    for (size_t i = 0; i < 8; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, call_many, sts), 0);
    for (size_t i = 0; i < 8; i++) {
        void *failed;
        assert_int_equal(pthread_join(threads[i], &failed), 0);
        assert_null(failed);
    }
    const char *counts = server_ask("counts");
    assert_string_equal(strchr(counts, ' '), " 80");
    connections = (unsigned)strtoul(counts, NULL, 10);
    assert_true(
        connections >= 1 && connections <= 8); /* never more than there were callers at once */
    sts_free(sts);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(refusals_are_not_repeated),
        CASE(an_expired_assertion_is_signed_again_once),
        CASE(a_wrong_clock_is_named_in_seconds),
        CASE(faults_are_tried_three_times),
        CASE(faults_that_pass_do_not_matter),
        CASE(goes_to_the_next_region),
        CASE(a_roles_partition_has_its_own_regions),
        CASE(a_roles_maximum_is_learned),
        CASE(a_maximum_is_learned_once),
        CASE(a_warm_connection_is_used_again),
        CASE(many_threads_share_the_pool),
    };

    if (sts_global_init() != 0)
        return 1;
    return cmocka_run_group_tests(tests, server_start, server_stop);
}
