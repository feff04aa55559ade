/*
 * The sign-in service's answers, and the pages that its addresses lead to. The service itself is met end to end.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "bridge/federation.h"

static int
read_token(const char *text, size_t len, char *token)
{
    struct fed_secret got = FED_SECRET_INIT(FEDERATION_TOKEN_MAX);
    int r = federation_read_token(text, len, &got);

    if (r == 0)
        memcpy(token, fed_secret_str(&got), got.len + 1);
    fed_secret_done(&got);
    return r;
}

static void
answers_without_a_token_are_refused(void **state)
{
    static const char *const bad[] = {"", "null", "[]", "\"x\"", "{}", "{\"SigninToken\":\"\"}",
        "{\"SigninToken\":null}", "{\"SigninToken\":1}", "{\"signinToken\":\"x\"}",
        "{\"SigninToken\":\"x\",\"SigninToken\":\"y\"}", "{\"SigninToken\":\"x\"} y",
        "{\"SigninToken\":\"a b\"}", "{\"SigninToken\":\"a\\nb\"}", "{\"SigninToken\":\"\\u00e9\"}",
        "{\"SigninToken\":\"a\\u0000b\"}", "{\"SigninToken\":\"x\"", "<html>"};
    static char large[FEDERATION_TOKEN_MAX + 64];
    char token[FEDERATION_TOKEN_MAX + 1];

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        if (read_token(bad[i], strlen(bad[i]), token) != FED_E_PROTO)
            fail_msg("taken: %s", bad[i]);
    }
    assert_int_equal(read_token(NULL, 0, token), FED_E_PROTO);
    memset(large, 'x', sizeof(large));
    memcpy(large, "{\"SigninToken\":\"", 16);
    memcpy(large + sizeof(large) - 2, "\"}", 2);
    assert_int_equal(read_token(large, sizeof(large), token), FED_E_PROTO);
}

static void
a_token_is_read(void **state)
{
    static const char text[] = "{\"SigninToken\":\"VCQgs5-_=/+\",\"other\":[1]}";
    char token[FEDERATION_TOKEN_MAX + 1];

    (void)state;
    assert_int_equal(read_token(text, sizeof(text) - 1, token), 0);
    assert_string_equal(token, "VCQgs5-_=/+");
}

static void
pages_are_the_partitions(void **state)
{
    static const struct {
        const char *partition, *region, *service, *page;
    } rows[] = {
        {"aws", "eu-central-1", NULL,
            "https://console.aws.amazon.com/console/home?region=eu-central-1"},
        {"aws", NULL, "s3", "https://console.aws.amazon.com/s3/home"},
        {"aws", "us-east-1", "dynamodb",
            "https://console.aws.amazon.com/dynamodbv2/home?region=us-east-1"},
        {"aws-us-gov", "us-gov-west-1", "ec2",
            "https://console.amazonaws-us-gov.com/ec2/home?region=us-gov-west-1"},
        {"aws-cn", "cn-north-1", "vpc",
            "https://console.amazonaws.cn/vpcconsole/home?region=cn-north-1"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct fed_secret page = FED_SECRET_INIT(512);
        struct federation_request request = {
            .partition = rows[i].partition, .region = rows[i].region, .service = rows[i].service};
        assert_int_equal(federation_add_destination(&page, &request), 0);
        assert_string_equal(fed_secret_str(&page), rows[i].page);
        fed_secret_done(&page);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(answers_without_a_token_are_refused),
        cmocka_unit_test(a_token_is_read),
        cmocka_unit_test(pages_are_the_partitions),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
