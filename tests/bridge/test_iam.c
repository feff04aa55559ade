/*
 * IAM: where it is, and its replies; what is none of them says nothing was done.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "bridge/iam.h"
#include "bridge/iam_reply.h"
#include "bridge/revocation.h"

#define EIGHT(text) text text text text text text text text
#define IAM         "xmlns=\"https://iam.amazonaws.com/doc/2010-05-08/\""
#define STS         "xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\""
#define ID          "<ResponseMetadata><RequestId>1</RequestId></ResponseMetadata>"

static int
parse(const char *action, const char *text, struct iam_reply *ret)
{
    return iam_reply_parse(action, text, strlen(text), ret);
}

static void
replies_that_are_none(void **state)
{
    static const char *const texts[] = {"", "<html/>", "<PutRolePolicyResponse/>",
        "<PutRolePolicyResponse " IAM ">", "<PutRolePolicyResponse " IAM "/>x",
        "<GetRoleResponse " IAM "/>", "<PutRolePolicy " IAM "/>", "<ErrorResponse " IAM "/>",
        "<ErrorResponse " IAM "><Error><Code></Code></Error></ErrorResponse>",
        "<ErrorResponse " IAM
        "><Error><Code>A</Code></Error><Error><Code>B</Code></Error></ErrorResponse>",
        "<ErrorResponse " IAM "><Error><Code>A<b/></Code></Error></ErrorResponse>",
        "<PutRolePolicyResponse xmlns=\"http://evil.example/\"/>",
        "<!DOCTYPE a [<!ENTITY b \"c\">]><PutRolePolicyResponse " IAM "/>", "\xff\xfe<\0P",
        "<PutRolePolicyResponse " IAM ">" EIGHT("<a>") EIGHT("<a>") EIGHT("</a>")
            EIGHT("</a>") "</PutRolePolicyResponse>"};
    struct iam_reply reply;
    (void)state;

    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        if (parse("PutRolePolicy", texts[i], &reply) != FED_E_PROTO)
            fail_msg("%s", texts[i]);
}

static void
replies_that_are_some(void **state)
{
    struct iam_reply reply;
    (void)state;

    assert_int_equal(parse("PutRolePolicy",
                         "<PutRolePolicyResponse " IAM ">" ID "</PutRolePolicyResponse>", &reply),
        0);
    assert_int_equal(parse("PutRolePolicy",
                         "<ErrorResponse " IAM
                         "><Error><Type>Sender</Type><Code>NoSuchEntity</Code><Message>none &amp; "
                         "nobody\x7f</Message></Error></ErrorResponse>",
                         &reply),
        FED_E_AWS_REFUSED);
    assert_string_equal(reply.code, "NoSuchEntity");
    assert_string_equal(reply.message, "none & nobody?");
    assert_int_equal(parse("GetCallerIdentity",
                         "<GetCallerIdentityResponse " STS
                         "><GetCallerIdentityResult><Account>111122223333</Account>"
                         "</GetCallerIdentityResult></GetCallerIdentityResponse>",
                         &reply),
        0);
    assert_string_equal(reply.account, "111122223333");
    assert_int_equal(parse("GetCallerIdentity",
                         "<GetCallerIdentityResponse " STS
                         "><GetCallerIdentityResult><Account>11112222333x</Account>"
                         "</GetCallerIdentityResult></GetCallerIdentityResponse>",
                         &reply),
        FED_E_PROTO);
}

static void
each_partition_has_its_own(void **state)
{
    static const struct {
        const char *partition, *url, *region;
        bool fips;
    } table[] = {{"aws", "https://iam.amazonaws.com/", "us-east-1", false},
        {"aws", "https://iam-fips.amazonaws.com/", "us-east-1", true},
        {"aws-us-gov", "https://iam.us-gov.amazonaws.com/", "us-gov-west-1", false},
        {"aws-us-gov", "https://iam.us-gov.amazonaws.com/", "us-gov-west-1", true},
        {"aws-cn", "https://iam.cn-north-1.amazonaws.com.cn/", "cn-north-1", false}};
    char url[IAM_URL_MAX], region[IAM_REGION_MAX];
    struct conf_aws conf = {.use_fips = false};
    (void)state;

    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        conf.use_fips = table[i].fips;
        assert_int_equal(iam_where(&conf, table[i].partition, url, region), 0);
        assert_string_equal(url, table[i].url);
        assert_string_equal(region, table[i].region);
    }
    conf.iam_endpoint = (char *)"https://iam.corp.example.com:8443";
    assert_int_equal(iam_where(&conf, "aws-cn", url, region), 0);
    assert_string_equal(url, "https://iam.corp.example.com:8443/");
    assert_string_equal(region, "cn-north-1");
}

/* The name goes into a command that is pasted into a shell. */
static void
a_policy_s_name_is_plain(void **state)
{
    char name[REVOCATION_NAME_SIZE], other[REVOCATION_NAME_SIZE], user[400];
    (void)state;

    revocation_name("alice@corp.example.com", name);
    assert_string_equal(name, "awsfed-revoked-alice@corp.example.com");
    revocation_name("CORP\\al'i$ce; rm@corp", name);
    assert_memory_equal(name, "awsfed-revoked-CORP-al-i-ce--rm@corp-", 37);
    assert_int_equal(strspn(name + 37, "0123456789abcdef"), 8);
    assert_int_equal(strlen(name), 45);
    memset(user, 'a', sizeof(user) - 1);
    user[sizeof(user) - 1] = '\0';
    revocation_name(user, name);
    assert_int_equal(strlen(name), 128);
    user[sizeof(user) - 2] = 'b';
    revocation_name(user, other);
    assert_int_equal(strlen(other), 128);
    assert_string_not_equal(name, other);
}

/* IAM puts a policy in the place of one of its name: the second revocation must not take the first person's away. */
static void
no_two_people_share_a_policy(void **state)
{
    static const char *const pairs[][2] = {{"j\xc3\xbcrgen", "j\xc3\xb6rgen"}, {"a b", "a-b"},
        {"CORP\\alice", "CORP-alice"}, {"o'brien", "o`brien"}};
    char one[REVOCATION_NAME_SIZE], other[REVOCATION_NAME_SIZE];
    (void)state;

    for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
        revocation_name(pairs[i][0], one);
        revocation_name(pairs[i][1], other);
        assert_string_not_equal(one, other);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(replies_that_are_none),
        cmocka_unit_test(replies_that_are_some),
        cmocka_unit_test(each_partition_has_its_own),
        cmocka_unit_test(a_policy_s_name_is_plain),
        cmocka_unit_test(no_two_people_share_a_policy),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
