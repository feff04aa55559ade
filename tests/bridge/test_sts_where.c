/*
 * Where STS is asked: every kind of endpoint, in every partition, and the order of regions.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "bridge/sts_where.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

static char central[] = "eu-central-1", west[] = "eu-west-1", gov[] = "us-gov-east-1";
static char aws[] = "aws", aws_gov[] = "aws-us-gov", aws_cn[] = "aws-cn";

/* As botocore's endpoint rules have them (endpoint-rule-set-1.json of sts; a test of the lab compares them too). */
static void
addresses(void **state)
{
    static const struct {
        const char *partition, *region;
        bool fips, dualstack;
        const char *url;
    } cases[] = {
        {aws, "eu-central-1", false, false, "https://sts.eu-central-1.amazonaws.com/"},
        {aws, "us-east-1", true, false, "https://sts-fips.us-east-1.amazonaws.com/"},
        {aws, "eu-west-1", false, true, "https://sts.eu-west-1.api.aws/"},
        {aws, "us-east-2", true, true, "https://sts-fips.us-east-2.api.aws/"},
        {aws_gov, "us-gov-west-1", false, false, "https://sts.us-gov-west-1.amazonaws.com/"},
        {aws_gov, "us-gov-west-1", true, false, "https://sts.us-gov-west-1.amazonaws.com/"},
        {aws_gov, "us-gov-west-1", true, true, "https://sts-fips.us-gov-west-1.api.aws/"},
        {aws_cn, "cn-north-1", false, false, "https://sts.cn-north-1.amazonaws.com.cn/"},
        {aws_cn, "cn-north-1", false, true, "https://sts.cn-north-1.api.amazonwebservices.com.cn/"},
    };
    char url[STS_URL_MAX];
    (void)state;

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct conf_aws conf = {.use_fips = cases[i].fips, .use_dualstack = cases[i].dualstack};
        assert_int_equal(sts_where_url(&conf, cases[i].partition, cases[i].region, url), 0);
        assert_string_equal(url, cases[i].url);
    }
    static char own[] = "https://vpce.example.com:8443";
    struct conf_aws conf = {.endpoint = own, .use_fips = true};
    assert_int_equal(sts_where_url(&conf, aws, central, url), 0);
    assert_string_equal(url, "https://vpce.example.com:8443/");
}

static void
order(void **state)
{
    char *fallbacks[] = {west, gov, central};
    struct conf_aws conf = {.region = central, .fallback_regions = {fallbacks, 3}};
    struct conf_role role = {.partition = aws, .region = west};
    struct sts_where where;
    (void)state;

    sts_where_list(
        &conf, &role, &where); /* its own, the general one, none twice, none of elsewhere */
    assert_int_equal(where.n, 2);
    assert_string_equal(where.regions[0], west);
    assert_string_equal(where.regions[1], central);

    role = (struct conf_role){.partition = aws_gov};
    sts_where_list(&conf, &role, &where);
    assert_int_equal(where.n, 1);
    assert_string_equal(where.regions[0], gov);
    role.partition = aws_cn;
    sts_where_list(&conf, &role, &where);
    assert_int_equal(where.n, 1);
    assert_string_equal(where.regions[0], "cn-north-1");

    static char own[] = "https://vpce.example.com";
    conf.endpoint = own;
    role = (struct conf_role){.partition = aws, .region = west};
    sts_where_list(&conf, &role, &where);
    assert_int_equal(where.n, 1); /* one place to ask, and the region to sign for */
    assert_string_equal(where.regions[0], west);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(addresses), cmocka_unit_test(order)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
