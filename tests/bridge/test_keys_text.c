/*
 * Keys as metadata services and credentials files write them, and addresses that keys may come from.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "bridge/keys_text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "bridge/metadata.h"

enum { NOW = 1795298400 /* 2026-11-21T22:00:00Z */ };

#define KEYS "\"AccessKeyId\":\"ASIAEXAMPLEEXAMPLE12\",\"SecretAccessKey\":\"s/+=\""
#define TAIL ",\"Token\":\"t\",\"Expiration\":\"2026-11-21T23:00:00Z\"}"

static int
json(const char *text)
{
    struct sts_credential c;
    int r = keys_text_json(text, strlen(text), NOW, &c);

    if (r == 0) {
        assert_string_equal(fed_secret_str(&c.access_key), "ASIAEXAMPLEEXAMPLE12");
        assert_string_equal(fed_secret_str(&c.secret_key), "s/+=");
        assert_string_equal(fed_secret_str(&c.session_token), "t");
        assert_int_equal(c.expires_s, NOW + 3600);
        sts_credential_done(&c);
    }
    return r;
}

static void
reads_what_aws_writes(void **state)
{
    (void)state;
    assert_int_equal(json("{\"Code\":\"Success\"," KEYS TAIL), 0);
    assert_int_equal(json("{" KEYS TAIL), 0);
    assert_int_equal(json("{\"RoleArn\":\"x\"," KEYS TAIL), 0);
}

static void
refuses_the_rest(void **state)
{
    static const char whole[] = "{" KEYS TAIL;
    static const char *const wrong[] = {"", "[]", "null", "{}", ("{" KEYS TAIL "x"),
        ("{\"Code\":\"Failed\"," KEYS TAIL),
        "{" KEYS ",\"Token\":\"t\",\"Expiration\":\"2026-11-21T22:00:00Z\"}", /* now */
        "{" KEYS ",\"Token\":\"t\",\"Expiration\":\"soon\"}", "{" KEYS ",\"Token\":\"t\"}",
        "{" KEYS ",\"Expiration\":\"2026-11-21T23:00:00Z\"}",
        "{" KEYS ",\"Token\":\"\",\"Expiration\":\"2026-11-21T23:00:00Z\"}",
        "{" KEYS ",\"Token\":\"a\\r\\nX: b\",\"Expiration\":\"2026-11-21T23:00:00Z\"}",
        "{" KEYS ",\"Token\":7,\"Expiration\":\"2026-11-21T23:00:00Z\"}",
        ("{" KEYS "," KEYS TAIL), /* each twice */
        "{\"AccessKeyId\":\"SHORT\",\"SecretAccessKey\":\"s\"" TAIL};
    (void)state;

    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
        assert_int_equal(json(wrong[i]), FED_E_PROTO);
    for (size_t len = 0; len < sizeof(whole) - 1; len++) {
        struct sts_credential c;
        assert_int_equal(keys_text_json(whole, len, NOW, &c), FED_E_PROTO);
    }
}

static int
file(const char *text, const char *token)
{
    struct sts_credential c;
    int r = keys_text_file(text, strlen(text), &c);

    if (r == 0) {
        assert_string_equal(fed_secret_str(&c.access_key), "AKIAIOSFODNN7EXAMPLE");
        assert_string_equal(fed_secret_str(&c.secret_key), "a=b/c+");
        assert_string_equal(fed_secret_str(&c.session_token), token);
        assert_int_equal(c.expires_s, 0);
        sts_credential_done(&c);
    }
    return r;
}

#define ID     "aws_access_key_id = AKIAIOSFODNN7EXAMPLE\n"
#define SECRET "aws_secret_access_key=a=b/c+\n"

static void
reads_a_credentials_file(void **state)
{
    (void)state;
    assert_int_equal(file("[default]\n" ID SECRET, ""), 0);
    assert_int_equal(file(ID SECRET "aws_session_token = tok", "tok"), 0);
    assert_int_equal(file("# x\n\n[a]\naws_access_key_id = OTHEROTHEROTHER12\n[default]\r\n"
                          "region = eu-central-1\r\n  " ID "\t" SECRET "[b]\nnothing\n",
                         ""),
        0);
}

static void
refuses_half_a_file(void **state)
{
    static const char *const wrong[] = {"", "[default]\n" ID, SECRET, "[other]\n" ID SECRET,
        "[default ]x\n" ID SECRET, ID ID SECRET, ID SECRET "words\n",
        ID SECRET "aws_session_token = a b\n", ID SECRET "aws_session_token =\n",
        "aws_access_key_id = SHORT\n" SECRET};
    (void)state;

    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
        assert_int_equal(file(wrong[i], ""), FED_E_PROTO);
}

/* Keys would go to, or come from, whoever the address names. */
static void
knows_safe_addresses(void **state)
{
    static const char *const safe[] = {"http://169.254.170.2/v1/x", "http://169.254.170.23/v1",
        "http://[fd00:ec2::23]/v1", "http://localhost:8080/", "http://127.0.0.1:1",
        "http://[::1]:9/", "https://anywhere.example.com/x"};
    static const char *const unsafe[] = {"", "http://", "http://evil.example.com/",
        "ftp://localhost/", "http://169.254.170.2.evil.example.com/",
        "http://169.254.170.2@evil.example.com/", "http://localhost:80@evil.example.com/",
        "http://localhost\\@evil.example.com/", "http://[::1", "http://[::1]evil.example.com/",
        "http://127.0.0.1#@x/", "https://", "https:///x", "http://localhostevil/"};
    (void)state;

    for (size_t i = 0; i < sizeof(safe) / sizeof(safe[0]); i++)
        if (!metadata_is_safe(safe[i]))
            fail_msg("%s is safe", safe[i]);
    for (size_t i = 0; i < sizeof(unsafe) / sizeof(unsafe[0]); i++)
        if (metadata_is_safe(unsafe[i]))
            fail_msg("%s is not safe", unsafe[i]);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_what_aws_writes),
        cmocka_unit_test(refuses_the_rest),
        cmocka_unit_test(reads_a_credentials_file),
        cmocka_unit_test(refuses_half_a_file),
        cmocka_unit_test(knows_safe_addresses),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
