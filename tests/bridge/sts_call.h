/*
 * One AssumeRoleWithSAML for the tests: a role, a configuration and an assertion that counts its calls.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef TESTS_BRIDGE_STS_CALL_H
#define TESTS_BRIDGE_STS_CALL_H

#include "tests/bridge/sts_server.h"

#include <time.h>

#include "bridge/sts.h"

#define NS "xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\""

struct call_result {
    int error;
    unsigned signed_times;
    int64_t signed_for_s; /* the duration of the last assertion */
    struct sts_credential credential;
    char why[STS_WHY_MAX], request_id[STS_REQUEST_ID_MAX];
};

static char role_arn[] = "arn:aws:iam::111122223333:role/Admin";
static char provider_arn[] = "arn:aws:iam::111122223333:saml-provider/awsfed";
static char aws_name[] = "aws", role_name[] = "admin";
static char central[] = "eu-central-1";

static inline struct conf_role
plain_role(void)
{
    return (struct conf_role){
        .name = role_name, .arn = role_arn, .provider = provider_arn, .partition = aws_name};
}

static inline struct conf_aws
plain_conf(void)
{
    return (struct conf_aws){
        .region = central, .endpoint = server.endpoint, .ca_file = server.ca_file};
}

/* The same without an endpoint of its own: by CONNECT, to whatever regional name. */
static inline struct conf_aws
proxied_conf(void)
{
    static char proxy[64];
    struct conf_aws conf = plain_conf();

    (void)snprintf(proxy, sizeof(proxy), "http://%s", server.endpoint + strlen("https://"));
    conf.endpoint = NULL;
    conf.proxy = proxy;
    return conf;
}

static inline int
make_assertion(void *arg, int64_t duration_s, int64_t now_s, struct fed_secret *ret)
{
    struct call_result *result = arg;

    assert_true(now_s > 0);
    result->signed_times++;
    result->signed_for_s = duration_s;
    return fed_secret_addf(ret, "<secret-assertion n=\"%u\">\xc3\xbf\xc3\xbe~?</secret-assertion>",
        result->signed_times);
}

static inline struct sts *
new_sts(const struct conf_aws *conf)
{
    struct sts *sts = NULL;
    char why[STS_WHY_MAX] = "";

    int r = sts_new(conf, &sts, why);
    if (r != 0)
        fail_msg("sts_new: %s", why);
    return sts;
}

/* No error text ever holds a secret, a line break or nothing at all (I-58, I-64). */
static inline void
assert_harmless(const struct call_result *result)
{
    assert_true(strlen(result->why) > 10);
    assert_null(strpbrk(result->why, "\r\n\x1b"));
    assert_null(strstr(result->why, "secret-assertion"));
    assert_null(strstr(result->why, "PHNlY3JldC")); /* its base64 */
    assert_null(strstr(result->why, "abc/def+ghi="));
    assert_null(strstr(result->why, "IQoJ//token"));
}

static inline struct call_result
call_with(struct sts *sts, const struct conf_role *role, int64_t duration_s, int64_t timeout_ms)
{
    struct call_result result = {.error = 0};
    struct sts_request request = {.role = role,
        .duration_s = duration_s,
        .timeout_ms = timeout_ms,
        .assertion = make_assertion,
        .assertion_arg = &result};

    result.error =
        sts_assume_role(sts, &request, &result.credential, result.why, result.request_id);
    if (result.error != 0)
        assert_harmless(&result);
    return result;
}

static inline struct call_result
call(struct sts *sts)
{
    struct conf_role role = plain_role();

    return call_with(sts, &role, 3600, 10000);
}

/* A step that succeeds; the credential lasts for an hour from now. */
static inline void
step_success(void)
{
    char expires[32];
    time_t t = time(NULL) + 3600;
    struct tm tm;

    (void)strftime(expires, sizeof(expires), "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&t, &tm));
    server_tell("step reply 0 200_OK <AssumeRoleWithSAMLResponse " NS "><AssumeRoleWithSAMLResult>"
                "<AssumedRoleUser><Arn>arn:aws:sts::111122223333:assumed-role/Admin/alice</Arn>"
                "</AssumedRoleUser><Credentials><AccessKeyId>ASIAEXAMPLEEXAMPLE12</AccessKeyId>"
                "<SecretAccessKey>abc/def+ghi=</SecretAccessKey><SessionToken>IQoJ//token"
                "</SessionToken><Expiration>%s</Expiration></Credentials>"
                "</AssumeRoleWithSAMLResult><ResponseMetadata><RequestId>body-id</RequestId>"
                "</ResponseMetadata></AssumeRoleWithSAMLResponse>",
        expires);
}

static inline void
step_error_dated(const char *status, const char *code, const char *message, int date)
{
    server_tell("step reply %d %s <ErrorResponse " NS "><Error><Type>Sender</Type><Code>%s</Code>"
                "<Message>%s</Message></Error><RequestId>error-id</RequestId></ErrorResponse>",
        date, status, code, message);
}

static inline void
step_error(const char *status, const char *code, const char *message)
{
    step_error_dated(status, code, message, 0);
}

static inline void
assert_success(struct call_result *result)
{
    if (result->error != 0)
        fail_msg("%s: %s", fed_error_name(result->error), result->why);
    assert_string_equal(fed_secret_str(&result->credential.access_key), "ASIAEXAMPLEEXAMPLE12");
    assert_string_equal(fed_secret_str(&result->credential.secret_key), "abc/def+ghi=");
    assert_string_equal(fed_secret_str(&result->credential.session_token), "IQoJ//token");
    sts_credential_done(&result->credential);
}

/* Each case starts with no steps and the good certificate. */
static inline int
case_start(void **state)
{
    (void)state;
    server_tell("reset");
    server_tell("cert good");
    return 0;
}

#define CASE(name) cmocka_unit_test_setup(name, case_start)

#endif
