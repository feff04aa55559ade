/*
 * STS replies (I-64): every way to be wrong, then the replies that are right.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "bridge/sts.h"

#define NOW INT64_C(1795298400) /* 2026-11-21T22:00:00Z */
#define NS  "xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\""

#define KEY_ID     "<AccessKeyId>ASIAEXAMPLEEXAMPLE12</AccessKeyId>"
#define SECRET     "<SecretAccessKey>abc/def+ghi=</SecretAccessKey>"
#define TOKEN      "<SessionToken>IQoJ//token+with=signs</SessionToken>"
#define EXPIRATION "<Expiration>2026-11-21T23:00:00Z</Expiration>"
#define USER                                                                                       \
    "<AssumedRoleUser><AssumedRoleId>AROAX:alice</AssumedRoleId>"                                  \
    "<Arn>arn:aws:sts::111122223333:assumed-role/Admin/alice</Arn></AssumedRoleUser>"
#define METADATA "<ResponseMetadata><RequestId>c6104cbe-af31-11e0</RequestId></ResponseMetadata>"
#define RESULT(inner)                                                                              \
    "<AssumeRoleWithSAMLResponse " NS "><AssumeRoleWithSAMLResult>" inner                          \
    "</AssumeRoleWithSAMLResult>" METADATA "</AssumeRoleWithSAMLResponse>"
#define CREDENTIALS(inner) "<Credentials>" inner "</Credentials>"
#define GOOD               RESULT(USER CREDENTIALS(KEY_ID SECRET TOKEN EXPIRATION))
#define REFUSAL(code)                                                                              \
    "<ErrorResponse " NS "><Error><Type>Sender</Type>" code                                        \
    "<Message>No way</Message></Error><RequestId>r-1</RequestId></ErrorResponse>"

static int
parse(const void *data, size_t len, struct sts_credential *ret, struct sts_error *ret_error)
{
    /* On the heap and exactly as long: one byte read too far is seen by the sanitizer. */
    char *copy = malloc(len + (len == 0));

    assert_non_null(copy);
    memcpy(copy, data, len);
    int r = sts_reply_parse("AssumeRoleWithSAML", copy, len, NOW, ret, ret_error);
    free(copy);
    return r;
}

static void
assert_refused(const void *data, size_t len)
{
    struct sts_credential credential = {.expires_s = 42};
    struct sts_error error = {.code = "untouched"};

    assert_int_equal(parse(data, len, &credential, &error), FED_E_PROTO);
    assert_int_equal(credential.expires_s, 42);
    assert_null(credential.secret_key.data);
    assert_string_equal(error.code, "untouched");
}

static void
refuses_a_reply_cut_at_every_byte(void **state)
{
    (void)state;
    for (size_t len = 0; len < strlen(GOOD); len++)
        assert_refused(GOOD, len);
}

static void
refuses_an_error_cut_at_every_byte(void **state)
{
    static const char whole[] =
        "<ErrorResponse " NS "><Error><Code>X</Code></Error></ErrorResponse>";
    (void)state;

    for (size_t len = 0; len < sizeof(whole) - 1; len++)
        assert_refused(whole, len);
}

static void
refuses_what_is_not_such_a_document(void **state)
{
    static const char *const bad[] = {
        "",
        "   ",
        "not XML",
        "{\"Credentials\":{}}",
        "<html><body>Sign in to the hotel's Wi-Fi</body></html>",
        "<a/>",
        "<AssumeRoleWithSAMLResponse/>", /* no namespace */
        "<AssumeRoleResponse " NS "/>",
        "<AssumeRoleWithSAMLResponse " NS "/>",
        "<AssumeRoleWithSAMLResponse xmlns=\"https://sts.example.com/doc/2011-06-15/\"/>",
        /* a DTD, whatever is in it */
        "<!DOCTYPE x>" GOOD,
        "<!DOCTYPE x [<!ENTITY k \"ASIAEXAMPLEEXAMPLE12\">]>" GOOD,
        "<!DOCTYPE x SYSTEM \"file:///etc/passwd\">" GOOD,
        "<!DOCTYPE l [<!ENTITY a \"lol\"><!ENTITY b \"&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;\">"
        "<!ENTITY c \"&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;\"><!ENTITY d \"&c;&c;&c;&c;&c;&c;&c;&c;\">"
        "<!ENTITY e \"&d;&d;&d;&d;&d;&d;&d;&d;&d;&d;\">]><l>&e;</l>",
        /* an entity out of nowhere, a processing instruction */
        RESULT(USER CREDENTIALS("<AccessKeyId>&key;</AccessKeyId>" SECRET TOKEN EXPIRATION)),
        "<?xml-stylesheet href=\"x\"?>" GOOD,
        /* trailing bytes */
        GOOD "x",
        GOOD GOOD,
        GOOD "<a/>",
        GOOD "<?pi?>",
        /* depth */
        RESULT(USER "<a><a><a><a><a><a><a><a><a><a><a><a><a><a><a><a></a></a></a></a></a></a></a>"
                    "</a></a></a></a></a></a></a></a></a>"),
    };
    (void)state;

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_refused(bad[i], strlen(bad[i]));
    assert_refused(GOOD "\0", sizeof(GOOD)); /* a NUL after it */
    assert_refused("\0" GOOD, sizeof(GOOD));
    assert_refused(GOOD "\0" GOOD, 2 * sizeof(GOOD) - 1);
}

static void
refuses_other_encodings(void **state)
{
    char wide[2 * sizeof(GOOD)];
    size_t n = 0;
    (void)state;

    wide[n++] = (char)0xff; /* UTF-16, little-endian, with its mark */
    wide[n++] = (char)0xfe;
    for (size_t i = 0; i < sizeof(GOOD) - 1; i++) {
        wide[n++] = GOOD[i];
        wide[n++] = '\0';
    }
    assert_refused(wide, n);
    assert_refused(wide + 2, n - 2);
    static const char latin[] =
        "<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?>" REFUSAL("<Code>caf\xe9</Code>");
    assert_refused(latin, sizeof(latin) - 1);
}

static void
refuses_missing_fields(void **state)
{
    static const char *const bad[] = {
        RESULT(USER),
        RESULT(CREDENTIALS(KEY_ID SECRET TOKEN EXPIRATION)),
        RESULT(USER CREDENTIALS(SECRET TOKEN EXPIRATION)),
        RESULT(USER CREDENTIALS(KEY_ID TOKEN EXPIRATION)),
        RESULT(USER CREDENTIALS(KEY_ID SECRET EXPIRATION)),
        RESULT(USER CREDENTIALS(KEY_ID SECRET TOKEN)),
        RESULT(USER CREDENTIALS(KEY_ID SECRET "<SessionToken/>" EXPIRATION)),
        RESULT(USER CREDENTIALS(KEY_ID "<SecretAccessKey></SecretAccessKey>" TOKEN EXPIRATION)),
        RESULT(USER CREDENTIALS("<AccessKeyId>SHORT</AccessKeyId>" SECRET TOKEN EXPIRATION)),
        /* there, but in another's namespace or at another place */
        RESULT(USER CREDENTIALS(
            KEY_ID SECRET TOKEN "<Expiration xmlns=\"urn:x\">2026-11-21T23:00:00Z</Expiration>")),
        RESULT(USER CREDENTIALS(KEY_ID SECRET TOKEN) EXPIRATION),
        RESULT(USER KEY_ID SECRET TOKEN EXPIRATION),
        REFUSAL(""),
        REFUSAL("<Code/>"),
    };
    (void)state;

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_refused(bad[i], strlen(bad[i]));
}

static void
refuses_duplicate_fields(void **state)
{
    static const char *const bad[] = {
        RESULT(USER CREDENTIALS(KEY_ID KEY_ID SECRET TOKEN EXPIRATION)),
        RESULT(USER CREDENTIALS(KEY_ID SECRET SECRET TOKEN EXPIRATION)),
        RESULT(USER CREDENTIALS(KEY_ID SECRET TOKEN TOKEN EXPIRATION)),
        RESULT(USER CREDENTIALS(KEY_ID SECRET TOKEN EXPIRATION EXPIRATION)),
        RESULT(USER USER CREDENTIALS(KEY_ID SECRET TOKEN EXPIRATION)),
        RESULT(USER CREDENTIALS(KEY_ID SECRET TOKEN EXPIRATION) CREDENTIALS("")),
        RESULT(USER CREDENTIALS(KEY_ID SECRET) CREDENTIALS(TOKEN EXPIRATION)),
        REFUSAL("<Code>A</Code><Code>B</Code>"),
        /* a child where a value stands */
        RESULT(USER CREDENTIALS(
            "<AccessKeyId>ASIAEXAMPLE<b>EXAMPLE12</b></AccessKeyId>" SECRET TOKEN EXPIRATION)),
    };
    (void)state;

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_refused(bad[i], strlen(bad[i]));
}

static void
refuses_values_that_are_none(void **state)
{
    static const char *const times[] = {"", "now", "2026-11-21", "2026-11-21T23:00:00",
        "2026-11-21T23:00:00z", "2026-11-21 23:00:00Z", "2026-11-21T23:00:00+01:00",
        " 2026-11-21T23:00:00Z", "2026-11-21T23:00:00Z ", "2026-11-21T23:00:00.Z",
        "2026-11-21T23:00:00.1", "2026-11-21T23:00:60Z", "2026-11-21T24:00:00Z",
        "2026-11-31T23:00:00Z", "2026-13-01T00:00:00Z", "2026-00-21T23:00:00Z",
        "2026-11-00T23:00:00Z", "+026-11-21T23:00:00Z", "2026-1-021T23:00:00Z", "20261121T230000Z",
        /* past, now, and further than any session lasts */
        "2020-01-01T00:00:00Z", "2026-11-21T21:59:59Z", "2026-11-21T22:00:00Z",
        "2026-11-22T10:05:01Z", "9999-12-31T23:59:59Z", "0000-01-01T00:00:00Z"};
    static const char *const bad[] = {
        RESULT(USER CREDENTIALS(KEY_ID "<SecretAccessKey>a b</SecretAccessKey>" TOKEN EXPIRATION)),
        RESULT(USER CREDENTIALS(KEY_ID SECRET "<SessionToken>a\nb</SessionToken>" EXPIRATION)),
        RESULT(
            USER CREDENTIALS(KEY_ID SECRET "<SessionToken>caf\xc3\xa9</SessionToken>" EXPIRATION)),
        RESULT(USER CREDENTIALS(
            KEY_ID SECRET TOKEN EXPIRATION) "<PackedPolicySize>-1</PackedPolicySize>"),
        RESULT(USER CREDENTIALS(KEY_ID SECRET TOKEN EXPIRATION) "<PackedPolicySize/>"),
        RESULT(USER CREDENTIALS(
            KEY_ID SECRET TOKEN EXPIRATION) "<PackedPolicySize>6 %</PackedPolicySize>"),
        RESULT("<AssumedRoleUser><Arn>short</Arn></AssumedRoleUser>" CREDENTIALS(
            KEY_ID SECRET TOKEN EXPIRATION)),
    };
    char xml[2048];
    (void)state;

    for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++) {
        (void)snprintf(xml, sizeof(xml),
            RESULT(USER CREDENTIALS(KEY_ID SECRET TOKEN "<Expiration>%s</Expiration>")), times[i]);
        assert_refused(xml, strlen(xml));
    }
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_refused(bad[i], strlen(bad[i]));
}

static void
refuses_huge_values(void **state)
{
    static const struct {
        const char *before, *after;
        size_t most;
    } cases[] = {
        {"<AssumeRoleWithSAMLResponse " NS "><AssumeRoleWithSAMLResult>" USER
         "<Credentials>" KEY_ID SECRET EXPIRATION "<SessionToken>",
            "</SessionToken></Credentials></AssumeRoleWithSAMLResult>"
            "</AssumeRoleWithSAMLResponse>",
            65535},
        {"<AssumeRoleWithSAMLResponse " NS "><AssumeRoleWithSAMLResult>" USER
         "<Credentials>" KEY_ID TOKEN EXPIRATION "<SecretAccessKey>",
            "</SecretAccessKey></Credentials></AssumeRoleWithSAMLResult>"
            "</AssumeRoleWithSAMLResponse>",
            256},
    };
    (void)state;

    for (size_t i = 0; i < 2; i++) {
        size_t before = strlen(cases[i].before), after = strlen(cases[i].after);
        for (size_t over = 0; over < 2; over++) {
            struct sts_credential credential;
            struct sts_error error;
            size_t n = cases[i].most + over, len = before + n + after;
            char *xml = malloc(len);
            assert_non_null(xml);
            memcpy(xml, cases[i].before, before);
            memset(xml + before, 'x', n);
            memcpy(xml + before + n, cases[i].after, after);
            if (over) {
                assert_refused(xml, len);
            } else {
                assert_int_equal(parse(xml, len, &credential, &error), 0);
                sts_credential_done(&credential);
            }
            free(xml);
        }
    }
    char *blank = malloc(STS_REPLY_MAX + 1); /* right, but for the blanks after it */
    assert_non_null(blank);
    memset(blank, ' ', STS_REPLY_MAX + 1);
    memcpy(blank, GOOD, strlen(GOOD));
    assert_refused(blank, STS_REPLY_MAX + 1);
    free(blank);
}

static void
reads_a_credential(void **state)
{
    static const char *const same[] = {GOOD,
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n" GOOD "\n",
        RESULT("\n " CREDENTIALS("\n" EXPIRATION TOKEN SECRET KEY_ID) USER
            "<Issuer>https://idp</Issuer><New><Field>of &amp; tomorrow</Field></New>"),
        RESULT(USER CREDENTIALS("<AccessKeyId>ASIAEXAMPLE&#69;XAMPLE12</AccessKeyId>" SECRET TOKEN
                                "<Expiration>2026-11-21T23:00:00.123456789Z</Expiration>"))};
    (void)state;

    for (size_t i = 0; i < sizeof(same) / sizeof(same[0]); i++) {
        struct sts_credential c;
        struct sts_error error;
        assert_int_equal(parse(same[i], strlen(same[i]), &c, &error), 0);
        assert_string_equal(fed_secret_str(&c.access_key), "ASIAEXAMPLEEXAMPLE12");
        assert_string_equal(fed_secret_str(&c.secret_key), "abc/def+ghi=");
        assert_string_equal(fed_secret_str(&c.session_token), "IQoJ//token+with=signs");
        assert_int_equal(c.expires_s, NOW + 3600);
        assert_string_equal(c.arn, "arn:aws:sts::111122223333:assumed-role/Admin/alice");
        assert_string_equal(c.request_id, "c6104cbe-af31-11e0");
        assert_int_equal(c.packed_policy_percent, -1);
        sts_credential_done(&c);
    }
}

static void
reads_the_edges(void **state)
{
    static const char longest[] = RESULT(USER CREDENTIALS(KEY_ID SECRET TOKEN
        "<Expiration>2026-11-22T10:05:00Z</Expiration>") "<PackedPolicySize>83</PackedPolicySize>");
    struct sts_credential c;
    struct sts_error error;
    (void)state;

    assert_int_equal(parse(longest, strlen(longest), &c, &error), 0);
    assert_int_equal(c.expires_s, NOW + 12 * 3600 + 300);
    assert_int_equal(c.packed_policy_percent, 83);
    sts_credential_done(&c);
}

static void
reads_a_refusal(void **state)
{
    static const char coded[] =
        "<ErrorResponse " NS "><Error><Type>Sender</Type><Code>ExpiredToken</Code>"
        "<Message>Token &lt;is&gt;\nold \xe2\x80\xae</Message></Error>"
        "<RequestId>r-1</RequestId></ErrorResponse>";
    struct sts_credential c;
    struct sts_error error;
    (void)state;

    assert_int_equal(parse(coded, strlen(coded), &c, &error), FED_E_AWS_REFUSED);
    assert_string_equal(error.code, "ExpiredToken");
    assert_string_equal(error.message, "Token <is>?old ?"); /* I-58 */
    assert_string_equal(error.request_id, "r-1");
    assert_int_equal(
        parse(REFUSAL("<Code>X</Code>"), strlen(REFUSAL("<Code>X</Code>")), &c, &error),
        FED_E_AWS_REFUSED);
    /* An escape character is no character of XML at all. */
    assert_refused(REFUSAL("<Code>X\x1b</Code>"), strlen(REFUSAL("<Code>X\x1b</Code>")));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refuses_a_reply_cut_at_every_byte),
        cmocka_unit_test(refuses_an_error_cut_at_every_byte),
        cmocka_unit_test(refuses_what_is_not_such_a_document),
        cmocka_unit_test(refuses_other_encodings),
        cmocka_unit_test(refuses_missing_fields),
        cmocka_unit_test(refuses_duplicate_fields),
        cmocka_unit_test(refuses_values_that_are_none),
        cmocka_unit_test(refuses_huge_values),
        cmocka_unit_test(reads_a_credential),
        cmocka_unit_test(reads_the_edges),
        cmocka_unit_test(reads_a_refusal),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
