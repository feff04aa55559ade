/*
 * Set-ups of AWS accounts: what each flow's trust says, what is merged, what is left out, and texts that look like templates.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "tests/bridge/books.h"

#include "bridge/aws_setup.h"
#include "bridge/trust.h"

#define HUB   "111122223333"
#define SPOKE "444455556666"

static struct conf_domain domain;

#define ROLE(n, acct, path, ...)                                                                   \
    {                                                                                              \
        .name = (char *)(n), .arn = (char *)("arn:aws:iam::" acct ":role/" path),                  \
        .account = (char *)(acct), .partition = (char *)"aws", __VA_ARGS__                         \
    }
#define SAML .provider = (char *)"arn:aws:iam::" HUB ":saml-provider/awsfed", .flow = CONF_FLOW_SAML

static const char *
statement_text(const json_t *statements, size_t i, const char *key)
{
    json_t *value = json_object_get(json_array_get(statements, i), key);
    json_t *named = json_object_get(value, "Federated");

    return json_string_value(named != NULL           ? named
                             : json_is_object(value) ? json_object_get(value, "AWS")
                                                     : value);
}

static json_t *
resource(const json_t *template, const char *key)
{
    return json_object_get(json_object_get(template, "Resources"), key);
}

static void
an_account_that_is_not_ours_has_none(void **state)
{
    struct conf_role roles[] = {ROLE("a", HUB, "Admin", SAML)};
    struct aws_setup s = {0};
    struct conf conf;
    (void)state;

    books_conf(&conf, &domain, roles, 1);
    assert_int_equal(aws_setup_plan(&conf, SPOKE, NULL, &s), FED_E_NOT_FOUND);
    assert_null(s.roles);
    books_conf(&conf, &domain, roles, 0);
    json_t *accounts = aws_setup_accounts(&conf);
    assert_int_equal(json_array_size(accounts), 0);
    json_decref(accounts);
}

/* Two sections of one ARN are one role, of the longer duration, and its trust says each thing once. */
static void
sections_of_one_role_are_merged(void **state)
{
    struct conf_role roles[] = {ROLE("a", HUB, "team/Admin", SAML, .duration_s = 900),
        ROLE("b", HUB, "team/Admin", SAML, .duration_s = 43200),
        ROLE("c", HUB, "Ad-min", SAML, .duration_s = 900)};
    struct aws_setup s;
    struct conf conf;
    (void)state;

    books_conf(&conf, &domain, roles, 3);
    assert_int_equal(aws_setup_plan(&conf, HUB, "<xml/>", &s), 0);
    assert_int_equal(s.n_roles, 2);
    assert_string_equal(s.roles[0].name, "Admin");
    assert_string_equal(s.roles[0].path, "/team/");
    assert_string_equal(s.roles[1].path, "/");
    assert_string_not_equal(s.roles[0].key, s.roles[1].key);
    assert_int_equal(s.roles[0].duration_s, 43200);
    assert_int_equal(s.roles[1].duration_s, 3600); /* IAM knows no shorter maximum */
    assert_int_equal(json_array_size(s.roles[0].statements), 1);
    assert_int_equal(json_array_size(s.providers), 1);
    assert_false(s.has_base);
    aws_setup_done(&s);
}

static void
each_partition_has_its_audience(void **state)
{
    static const char *const arns[][2] = {
        {"arn:aws:iam::" HUB ":role/A", "https://signin.aws.amazon.com/saml"},
        {"arn:aws-us-gov:iam::" HUB ":role/A", "https://signin.amazonaws-us-gov.com/saml"},
        {"arn:aws-cn:iam::" HUB ":role/A", "https://signin.amazonaws.cn/saml"},
        {"arn:aws-cn:iam::{account}:role/{role}", "https://signin.amazonaws.cn/saml"}};
    struct conf conf;
    (void)state;

    books_conf(&conf, &domain, NULL, 0);
    for (size_t i = 0; i < sizeof(arns) / sizeof(arns[0]); i++) {
        struct conf_role role = {.arn = (char *)arns[i][0], SAML};
        json_t *to = json_array();
        const char *audience = NULL;
        assert_int_equal(trust_add(&conf, &role, to), 0);
        assert_int_equal(json_unpack(json_array_get(to, 0), "{s{s{ss}}}", "Condition",
                             "StringEquals", "SAML:aud", &audience),
            0);
        assert_string_equal(audience, arns[i][1]);
        json_decref(to);
    }
}

/* The external id is asked for with the role alone, never with its tags; who takes it is another role, or a parameter. */
static void
chains_and_keys(void **state)
{
    struct conf_role roles[] = {ROLE("base", HUB, "Base", .flow = CONF_FLOW_ASSUME_ROLE),
        ROLE("near", HUB, "Near", .via = (char *)"base"),
        ROLE("far", SPOKE, "Far", .via = (char *)"near", .external_id = (char *)"ext-7")};
    struct aws_setup s;
    struct conf conf;
    (void)state;

    books_conf(&conf, &domain, roles, 3);
    assert_int_equal(aws_setup_plan(&conf, HUB, NULL, &s), 0);
    assert_true(s.has_base);
    assert_int_equal(json_array_size(s.providers) + json_array_size(s.issuers), 0);
    assert_string_equal(statement_text(s.roles[0].statements, 0, "Principal"), TRUST_BASE);
    assert_string_equal(
        json_string_value(json_array_get(s.roles[0].onward, 0)), "arn:aws:iam::" HUB ":role/Near");
    assert_string_equal(
        json_string_value(json_array_get(s.roles[1].onward, 0)), "arn:aws:iam::" SPOKE ":role/Far");
    json_t *template = aws_setup_cloudformation(&s);
    assert_non_null(template);
    assert_string_equal(json_string_value(json_array_get(
                            json_object_get(resource(template, "RoleNear"), "DependsOn"), 0)),
        "RoleBase");
    char *text = json_dumps(template, JSON_COMPACT);
    assert_null(strstr(text, TRUST_BASE));
    assert_non_null(strstr(text, "{\"AWS\":{\"Ref\":\"BasePrincipalArn\"}}"));
    free(text);
    json_decref(template);
    aws_setup_done(&s);

    assert_int_equal(aws_setup_plan(&conf, SPOKE, NULL, &s), 0);
    assert_false(s.has_base);
    assert_int_equal(
        json_array_size(s.roles[0].after), 0); /* what it trusts is not of this account */
    assert_int_equal(json_array_size(s.roles[0].statements), 2);
    assert_non_null(json_object_get(json_array_get(s.roles[0].statements, 0), "Condition"));
    assert_null(json_object_get(json_array_get(s.roles[0].statements, 1), "Condition"));
    aws_setup_done(&s);
}

static void
tokens(void **state)
{
    struct conf_role roles[] = {ROLE("t", HUB, "Token", .flow = CONF_FLOW_OIDC)};
    const char *subject = NULL, *audience = NULL;
    struct aws_setup s;
    struct conf conf;
    (void)state;

    books_conf(&conf, &domain, roles, 1);
    conf.oidc.issuer = (char *)"https://id.example.com/x";
    conf.oidc.audience = (char *)"sts.amazonaws.com";
    assert_int_equal(aws_setup_plan(&conf, HUB, NULL, &s), 0);
    assert_string_equal(statement_text(s.roles[0].statements, 0, "Principal"),
        "arn:aws:iam::" HUB ":oidc-provider/id.example.com/x");
    assert_int_equal(json_unpack(json_array_get(s.roles[0].statements, 0), "{s{s{ss}s{ss}}}",
                         "Condition", "StringEquals", "id.example.com/x:aud", &audience,
                         "StringLike", "id.example.com/x:sub", &subject),
        0);
    assert_string_equal(audience, "sts.amazonaws.com");
    assert_string_equal(subject, "S-1-5-21-*");
    aws_setup_done(&s);
}

/* A pattern's roles are told, not made; and of an account in another partition it has none. */
static void
patterns_are_told(void **state)
{
    struct conf_role roles[] = {ROLE("a", HUB, "Admin", SAML)};
    struct conf_pattern patterns[] = {{.match = (char *)"AWS-{account}-{role}",
        .role = {.name = (char *)"p",
            .arn = (char *)"arn:aws:iam::{account}:role/{role}",
            .provider = (char *)"arn:aws:iam::{account}:saml-provider/other",
            .duration_s = 3600}}};
    struct aws_setup s;
    struct conf conf;
    (void)state;

    books_conf(&conf, &domain, roles, 1);
    conf.patterns = patterns;
    conf.n_patterns = 1;
    assert_int_equal(aws_setup_plan(&conf, HUB, "<xml/>", &s), 0);
    assert_int_equal(s.n_roles, 1);
    assert_int_equal(json_array_size(s.patterns), 1);
    assert_int_equal(json_array_size(s.providers), 2);
    aws_setup_done(&s);
    assert_int_equal(aws_setup_plan(&conf, "777788889999", "<xml/>", &s), 0);
    assert_int_equal(s.n_roles, 0);
    assert_string_equal(json_string_value(json_array_get(s.providers, 0)),
        "arn:aws:iam::777788889999:saml-provider/other");
    aws_setup_done(&s);

    roles[0].arn = (char *)"arn:aws-cn:iam::" HUB ":role/Admin";
    assert_int_equal(aws_setup_plan(&conf, HUB, "<xml/>", &s), 0);
    assert_int_equal(json_array_size(s.patterns), 0);
    aws_setup_done(&s);
}

/* What begins a template in Terraform is written so that it means itself, wherever it comes from. */
static void
no_text_becomes_a_template(void **state)
{
    struct conf_role roles[] = {ROLE("a", HUB, "Admin", SAML)};
    struct conf_pattern patterns[] = {{.match = (char *)"$AWS-%{role}",
        .role = {.name = (char *)"p",
            .arn = (char *)"arn:aws:iam::" HUB ":role/{role}",
            .provider = (char *)"arn:aws:iam::" HUB ":saml-provider/awsfed"}}};
    struct aws_setup s;
    struct conf conf;
    (void)state;

    books_conf(&conf, &domain, roles, 1);
    conf.patterns = patterns;
    conf.n_patterns = 1;
    assert_int_equal(aws_setup_plan(&conf, HUB, "<x a=\"${file(1)}%{if}\"/>", &s), 0);
    json_t *made = aws_setup_terraform(&s);
    json_t *provider = json_object_get(
        json_object_get(
            json_object_get(json_object_get(made, "resource"), "aws_iam_saml_provider"), "awsfed"),
        "saml_metadata_document");
    assert_string_equal(json_string_value(provider), "<x a=\"$${file(1)}%%{if}\"/>");
    char *text = json_dumps(json_object_get(made, "output"), JSON_COMPACT);
    assert_non_null(strstr(text, "$AWS-%%{role}"));
    free(text);
    json_decref(made);
    aws_setup_done(&s);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_account_that_is_not_ours_has_none),
        cmocka_unit_test(sections_of_one_role_are_merged),
        cmocka_unit_test(each_partition_has_its_audience),
        cmocka_unit_test(chains_and_keys),
        cmocka_unit_test(tokens),
        cmocka_unit_test(patterns_are_told),
        cmocka_unit_test(no_text_becomes_a_template),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
