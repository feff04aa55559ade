/*
 * conf/policy.c: what is a session policy and what is not. The two samples are.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "tests/conf/confdir.h"

#include "conf/policy.h"

#define STATEMENT "{\"Effect\": \"Allow\", \"Action\": \"s3:*\", \"Resource\": \"*\"}"
#define POLICY(s) "{\"Version\": \"2012-10-17\", \"Statement\": " s "}"

static const struct {
    const char *text, *says;
} refused[] = {
    {"", "not JSON"},
    {"{", "not JSON"},
    {"[]", "a policy is an object"},
    {"{}", "write \"Version\""},
    {"{\"Version\": \"2012-10-17\"}", "\"Statement\" must be"},
    {"{\"Version\": \"2008-10-17\", \"Statement\": [" STATEMENT "]}", "2012-10-17"},
    {"{\"Version\": 2012, \"Statement\": [" STATEMENT "]}", "2012-10-17"},
    {"{\"Version\": \"2012-10-17\", \"Statements\": [" STATEMENT "]}", "\"Statements\" is nothing"},
    {"{\"Version\": \"2012-10-17\", \"Version\": \"2012-10-17\", \"Statement\": [" STATEMENT "]}",
        "not JSON"},
    {POLICY("[" STATEMENT "]") " x", "not JSON"},
    {POLICY("[]"), "\"Statement\" must be"},
    {POLICY("\"*\""), "\"Statement\" must be"},
    {POLICY("[1]"), "each statement"},
    {POLICY("[{}]"), "\"Effect\" must be"},
    {POLICY("[{\"Effect\": \"allow\", \"Action\": \"*\", \"Resource\": \"*\"}]"),
        "\"Effect\" must be"},
    {POLICY("[{\"Effect\": \"Deny\", \"Resource\": \"*\"}]"), "\"Action\" or \"NotAction\""},
    {POLICY(
         "[{\"Effect\": \"Deny\", \"Action\": \"*\", \"NotAction\": \"*\", \"Resource\": \"*\"}]"),
        "not both"},
    {POLICY("[{\"Effect\": \"Deny\", \"Action\": \"*\"}]"), "\"Resource\" or \"NotResource\""},
    {POLICY("[{\"Effect\": \"Deny\", \"Action\": 1, \"Resource\": \"*\"}]"),
        "\"Action\" must be a text"},
    {POLICY("[{\"Effect\": \"Deny\", \"Action\": [], \"Resource\": \"*\"}]"),
        "\"Action\" must be a text"},
    {POLICY("[{\"Effect\": \"Deny\", \"Action\": \"*\", \"Resource\": [\"*\", 1]}]"),
        "\"Resource\" must be"},
    {POLICY("[{\"Effect\": \"Deny\", \"Action\": \"*\", \"Resource\": \"*\", \"Condition\": []}]"),
        "\"Condition\""},
    {POLICY(
         "[{\"Effect\": \"Deny\", \"Action\": \"*\", \"Resource\": \"*\", \"Principal\": \"*\"}]"),
        "\"Principal\" is nothing"},
    {POLICY("[{\"Effect\": \"Deny\", \"Action\": \"*\", \"Resource\": \"%{usr}\"}]"),
        "no template"},
    {POLICY("[{\"Effect\": \"Deny\", \"Action\": \"*\", \"Resource\": \"%{user\"}]"),
        "no template"},
};

static void
test_refused(void **state)
{
    char why[POLICY_WHY_MAX], *text = NULL;

    (void)state;
    for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
        why[0] = '\0';
        int r = policy_parse(refused[i].text, strlen(refused[i].text), &text, why);
        if (r != FED_E_CONFIG || strstr(why, refused[i].says) == NULL)
            fail_msg("%s: %d, \"%s\"", refused[i].text, r, why);
    }
    assert_null(text);
}

static void
test_minified(void **state)
{
    static const char typed[] =
        "{\n \"Version\": \"2012-10-17\",\n \"Statement\": {\"Sid\": \"\xc3\xa4\", "
        "\"Effect\": \"Allow\", \"NotAction\": [\"iam:*\"], "
        "\"Resource\": \"arn:aws:s3:::h/%{user}/*\" } }\n";
    char why[POLICY_WHY_MAX], *text = NULL;

    (void)state;
    assert_int_equal(policy_parse(typed, strlen(typed), &text, why), 0);
    assert_string_equal(text,
        "{\"Version\":\"2012-10-17\",\"Statement\":{\"Sid\":\"\\u00E4\",\"Effect\":\"Allow\","
        "\"NotAction\":[\"iam:*\"],\"Resource\":\"arn:aws:s3:::h/%{user}/*\"}}");
    free(text);
}

/* 2048 characters are taken, 2049 are not; blanks and templates do not count. */
static void
test_longest(void **state)
{
    static const char head[] = "{\"Version\":\"2012-10-17\",\"Statement\":{\"Effect\":\"Allow\",  "
                               "\"Action\":\"*\",\"Resource\":\"%{user}";
    char why[POLICY_WHY_MAX], *text = NULL, typed[4096];
    size_t fill = POLICY_MAX - (strlen(head) - 2 - 7) - 3;

    (void)state;
    for (size_t more = 0; more < 2; more++) {
        memcpy(typed, head, sizeof(head));
        memset(typed + strlen(head), 'a', fill + more);
        memcpy(typed + strlen(head) + fill + more, "\"}}", 4);
        int r = policy_parse(typed, strlen(typed), &text, why);
        assert_int_equal(r, more == 0 ? 0 : FED_E_CONFIG);
    }
    free(text);
}

static void
test_samples(void **state)
{
    static const char *const samples[] = {
        "conf/policies/egress-address.json", "conf/policies/vpc-endpoint.json"};
    char why[POLICY_WHY_MAX], *text = NULL;

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        if (policy_load(samples[i], &text, why) != 0)
            fail_msg("%s", why);
        assert_non_null(strstr(text, "\"aws:ViaAWSService\":\"false\""));
        free(text);
    }
    assert_int_equal(policy_load("/nonexistent.json", &text, why), FED_E_CONFIG);
    assert_non_null(strstr(why, "/nonexistent.json"));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_minified),
        cmocka_unit_test(test_longest),
        cmocka_unit_test(test_samples),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
