/*
 * STS over the network: whom it talks to (I-65, I-56), what it takes for an answer (I-64), and what it sends.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "tests/bridge/sts_call.h"

#include <sys/stat.h>

#include "base/clock.h"

static char policy_1[] = "arn:aws:iam::aws:policy/ReadOnlyAccess";
static char policy_2[] = "arn:aws:iam::111122223333:policy/a+b";
static char *policies[] = {policy_1, policy_2};
static const char *const proxy_variables[] = {
    "http_proxy", "https_proxy", "HTTPS_PROXY", "ALL_PROXY", "all_proxy"};
static const char *const root_variables[] = {
    "SSL_CERT_FILE", "CURL_CA_BUNDLE", "REQUESTS_CA_BUNDLE", "AWS_CA_BUNDLE"};

static void
set_all(const char *const *names, size_t n, const char *value)
{
    for (size_t i = 0; i < n; i++) {
        if (value != NULL)
            assert_int_equal(setenv(names[i], value, 1), 0);
        else
            assert_int_equal(unsetenv(names[i]), 0);
    }
}

/* ---- I-65: who answers must be who was asked ---- */

static void
refuses_a_wrong_certificate(void **state)
{
    static const char *const wrong[] = {"stranger", "othername", "expired"};
    struct conf_aws conf = plain_conf();
    (void)state;

    step_success();
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        struct sts *sts = new_sts(&conf);
        server_tell("cert %s", wrong[i]);
        assert_int_equal(call(sts).error, FED_E_TLS);
        sts_free(sts);
    }
    assert_string_equal(server_ask("counts"), "3 0"); /* no request, so no assertion, went out */

    server_tell(
        "reset"); /* OpenSSL calls a forged signature a failed handshake, not a failed verification */
    step_success();
    server_tell("cert forged");
    struct sts *sts = new_sts(&conf);
    assert_int_not_equal(call(sts).error, 0);
    sts_free(sts);
    assert_string_equal(strchr(server_ask("counts"), ' '), " 0");
}

/* The environment can name no other roots (I-56). */
static void
trusts_the_systems_roots_only_unless_told(void **state)
{
    struct conf_aws conf = plain_conf();
    (void)state;

    step_success();
    conf.ca_file = NULL;
    set_all(root_variables, 4, server.ca_file);
    struct sts *sts = new_sts(&conf);
    assert_int_equal(call(sts).error, FED_E_TLS);
    sts_free(sts);
    set_all(root_variables, 4, NULL);
    assert_string_equal(server_ask("counts"), "1 0");
}

static void
assert_no_client(const struct conf_aws *conf, const char *named)
{
    struct sts *sts = NULL;
    char why[STS_WHY_MAX] = "";

    assert_int_equal(sts_new(conf, &sts, why), FED_E_CONFIG);
    assert_null(sts);
    assert_non_null(strstr(why, named));
}

static void
refuses_a_bad_configuration(void **state)
{
    static char plain_http[] = "http://127.0.0.1", missing[] = "/nonexistent/ca.pem",
                here[] = "/tmp";
    static char not_pem[] = "tests/bridge/sts_server.py";
    struct conf_aws conf = plain_conf();
    (void)state;

    conf.endpoint = plain_http;
    assert_no_client(&conf, "\"endpoint\"");
    conf = plain_conf();
    conf.ca_file = missing;
    assert_no_client(&conf, missing);
    conf.ca_file = here;
    assert_no_client(&conf, here);
    conf.ca_file = not_pem;
    assert_no_client(&conf, not_pem);
    conf.ca_file = server.ca_file; /* I-66 */
    assert_int_equal(chmod(server.ca_file, 0666), 0);
    assert_no_client(&conf, server.ca_file);
    assert_int_equal(chmod(server.ca_file, 0644), 0);
}

/* ---- I-56: proxies ---- */

static void
proxies_of_the_environment_are_ignored(void **state)
{
    struct conf_aws conf = plain_conf();
    (void)state;

    step_success();
    set_all(proxy_variables, 5, "http://127.0.0.1:1"); /* where nobody listens */
    struct sts *sts = new_sts(&conf);
    struct call_result result = call(sts);
    set_all(proxy_variables, 5, NULL);
    assert_success(&result);
    sts_free(sts);
    assert_string_equal(server_ask("hosts"), "");

    conf =
        proxied_conf(); /* and the configured one is used, whatever is exempt in the environment */
    sts = new_sts(&conf);
    assert_int_equal(setenv("no_proxy", "*", 1) | setenv("NO_PROXY", "*", 1), 0);
    result = call(sts);
    assert_int_equal(unsetenv("no_proxy") | unsetenv("NO_PROXY"), 0);
    assert_success(&result);
    assert_string_equal(server_ask("hosts"), "sts.eu-central-1.amazonaws.com:443");
    sts_free(sts);
}

/* TLS is checked behind the proxy as well, for the name that was asked for. */
static void
a_proxy_in_between_is_no_excuse(void **state)
{
    struct conf_aws conf = proxied_conf();
    (void)state;

    step_success();
    server_tell("cert stranger");
    struct sts *sts = new_sts(&conf);
    assert_int_equal(call(sts).error, FED_E_TLS);
    sts_free(sts);
    assert_string_equal(server_ask("counts"), "1 0");
}

/* ---- I-64: answers that are none ---- */

static void
assert_one_request_fails(int error, const char *why)
{
    struct conf_aws conf = plain_conf();
    struct sts *sts = new_sts(&conf);
    struct call_result result = call(sts);

    assert_int_equal(result.error, error);
    assert_non_null(strstr(result.why, why));
    assert_string_equal(server_ask("counts"), "1 1");
    sts_free(sts);
}

static void
a_redirect_is_not_followed(void **state)
{
    (void)state;
    server_tell("step reply 0 302_Found");
    step_success(); /* what it would get, if it went */
    assert_one_request_fails(FED_E_AWS_UNAVAILABLE, "HTTP status 302");
}

static void
a_huge_body_is_refused(void **state)
{
    (void)state;
    server_tell("step body 0 200_OK <x/>");
    step_success();
    assert_one_request_fails(FED_E_AWS_UNAVAILABLE, "larger");
}

static void
huge_headers_are_refused(void **state)
{
    (void)state;
    server_tell("step headers 0 200_OK <x/>");
    step_success();
    assert_one_request_fails(FED_E_AWS_UNAVAILABLE, "larger");
}

static void
what_is_not_xml_is_refused(void **state)
{
    (void)state;
    server_tell("step reply 0 200_OK <html>Welcome to the hotel</html>");
    step_success();
    assert_one_request_fails(FED_E_AWS_UNAVAILABLE, "none of STS's");
}

static void
an_empty_answer_is_refused(void **state)
{
    (void)state;
    server_tell("step reply none 200_OK");
    step_success();
    assert_one_request_fails(FED_E_AWS_UNAVAILABLE, "none of STS's");
}

static void
a_refusal_by_somebody_else_is_not_aws(void **state)
{
    (void)state;
    server_tell("step reply 0 403_Forbidden <html>blocked by policy</html>");
    step_success();
    assert_one_request_fails(FED_E_AWS_UNAVAILABLE, "HTTP status 403");
}

/* An expiry in the past is our clock's fault only where the reply's date says so. */
static void
an_expired_credential_is_refused(void **state)
{
    static const char body[] =
        "<AssumeRoleWithSAMLResponse " NS "><AssumeRoleWithSAMLResult><AssumedRoleUser>"
        "<Arn>arn:aws:sts::111122223333:assumed-role/Admin/alice</Arn></AssumedRoleUser>"
        "<Credentials><AccessKeyId>ASIAEXAMPLEEXAMPLE12</AccessKeyId><SecretAccessKey>abc/def+ghi="
        "</SecretAccessKey><SessionToken>IQoJ//token</SessionToken>"
        "<Expiration>2020-01-01T00:00:00Z</Expiration></Credentials></AssumeRoleWithSAMLResult>"
        "</AssumeRoleWithSAMLResponse>";
    (void)state;

    server_tell("step reply 0 200_OK %s", body);
    assert_one_request_fails(FED_E_AWS_UNAVAILABLE, "expired");
    server_tell("reset");
    server_tell("step reply -86400 200_OK %s", body);
    assert_one_request_fails(FED_E_CLOCK, "seconds ahead of AWS's");
}

static void
a_late_answer_ends_at_the_deadline(void **state)
{
    struct conf_aws conf = plain_conf();
    struct conf_role role = plain_role();
    (void)state;

    server_tell("step silent 0 200_OK");
    struct sts *sts = new_sts(&conf);
    int64_t start = clock_mono_ms();
    struct call_result result = call_with(sts, &role, 3600, 700);
    int64_t took = clock_mono_ms() - start;
    assert_int_equal(result.error, FED_E_TIMEOUT);
    assert_true(took >= 600 && took < 3000);
    assert_string_equal(server_ask("counts"), "1 1");
    sts_free(sts);
}

static int
no_assertion(void *arg, int64_t duration_s, int64_t now_s, struct fed_secret *ret)
{
    (void)arg;
    (void)duration_s;
    (void)now_s;
    (void)ret;
    return FED_E_KEEPER;
}

static void
without_an_assertion_nothing_is_sent(void **state)
{
    struct conf_aws conf = plain_conf();
    struct conf_role role = plain_role();
    struct sts_request request = {
        .role = &role, .duration_s = 3600, .timeout_ms = 5000, .assertion = no_assertion};
    struct sts_credential credential;
    char why[STS_WHY_MAX];
    (void)state;

    struct sts *sts = new_sts(&conf);
    assert_int_equal(sts_assume_role(sts, &request, &credential, why, NULL), FED_E_KEEPER);
    assert_string_equal(server_ask("counts"), "0 0");
    sts_free(sts);
}

/* ---- What goes over the wire ---- */

static void
sends_what_the_api_wants(void **state)
{
    static const char assertion[] =
        "PHNlY3JldC1hc3NlcnRpb24gbj0iMSI+w7/Dvn4/PC9zZWNyZXQtYXNzZXJ0aW9uPg==";
    struct conf_aws conf = plain_conf();
    struct conf_role role = plain_role();
    (void)state;

    step_success();
    role.policy_arns.items = policies;
    role.policy_arns.n = 2;
    struct sts *sts = new_sts(&conf);
    struct call_result result = call_with(sts, &role, 43200, 10000);
    assert_int_equal(result.error, 0);
    assert_int_equal(result.credential.duration_s, 43200);
    assert_int_equal(result.signed_for_s, 43200);
    assert_string_equal(result.credential.request_id, "body-id");
    assert_string_equal(result.request_id, "body-id");
    assert_success(&result);
    sts_free(sts);

    assert_string_equal(server_ask("form 0 Action"), "AssumeRoleWithSAML");
    assert_string_equal(server_ask("form 0 Version"), "2011-06-15");
    assert_string_equal(server_ask("form 0 RoleArn"), role_arn);
    assert_string_equal(server_ask("form 0 PrincipalArn"), provider_arn);
    assert_string_equal(server_ask("form 0 DurationSeconds"), "43200");
    assert_string_equal(server_ask("form 0 PolicyArns.member.1.arn"), policy_1);
    assert_string_equal(server_ask("form 0 PolicyArns.member.2.arn"), policy_2);
    assert_string_equal(server_ask("form 0 SAMLAssertion"), assertion);
    assert_string_equal(server_ask("header 0 :line"), "POST / HTTP/1.1");
    assert_string_equal(server_ask("header 0 content-type"), "application/x-www-form-urlencoded");
    assert_string_equal(server_ask("header 0 user-agent"), "awsfed/" AWSFED_VERSION);
    assert_string_equal(server_ask("header 0 expect"), "");
    assert_string_equal(server_ask("header 0 authorization"), "");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(refuses_a_wrong_certificate),
        CASE(trusts_the_systems_roots_only_unless_told),
        CASE(refuses_a_bad_configuration),
        CASE(proxies_of_the_environment_are_ignored),
        CASE(a_proxy_in_between_is_no_excuse),
        CASE(a_redirect_is_not_followed),
        CASE(a_huge_body_is_refused),
        CASE(huge_headers_are_refused),
        CASE(what_is_not_xml_is_refused),
        CASE(an_empty_answer_is_refused),
        CASE(a_refusal_by_somebody_else_is_not_aws),
        CASE(an_expired_credential_is_refused),
        CASE(a_late_answer_ends_at_the_deadline),
        CASE(without_an_assertion_nothing_is_sent),
        CASE(sends_what_the_api_wants),
    };

    if (sts_global_init() != 0)
        return 1;
    return cmocka_run_group_tests(tests, server_start, server_stop);
}
