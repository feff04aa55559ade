/*
 * Regions and addresses of STS.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "bridge/sts_where.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "conf/arn.h"

static void
add_region(struct sts_where *where, const char *partition, const char *region)
{
    if (region == NULL || where->n == STS_REGIONS_MOST || !arn_region_fits(partition, region))
        return;
    for (size_t i = 0; i < where->n; i++) {
        if (strcmp(where->regions[i], region) == 0)
            return;
    }
    where->regions[where->n++] = region;
}

void
sts_where_list(const struct conf_aws *conf, const struct conf_role *role, struct sts_where *ret)
{
    static const char *const homes[] = {"us-east-1", "us-gov-west-1", "cn-north-1"};

    ret->n = 0;
    add_region(ret, role->partition, role->region);
    add_region(ret, role->partition, conf->region);
    for (size_t i = 0; i < conf->fallback_regions.n; i++)
        add_region(ret, role->partition, conf->fallback_regions.items[i]);
    /* A role in a partition of which no region is configured. */
    for (size_t i = 0; ret->n == 0 && i < sizeof(homes) / sizeof(homes[0]); i++)
        add_region(ret, role->partition, homes[i]);
    if (conf->endpoint != NULL && ret->n > 1)
        ret->n = 1; /* there is but one place to ask */
}

/*
 * sts.REGION.amazonaws.com, sts-fips.REGION…; dual-stack has another suffix; GovCloud's plain endpoints are FIPS's own,
 * and it has none of that name (the endpoint rules of the SDKs, sts in partitions.json).
 */
int
sts_where_url(
    const struct conf_aws *conf, const char *partition, const char *region, char ret[STS_URL_MAX])
{
    bool china = strcmp(partition, "aws-cn") == 0, gov = strcmp(partition, "aws-us-gov") == 0;
    bool fips = conf->use_fips && !(gov && !conf->use_dualstack);
    const char *suffix = china ? "amazonaws.com.cn" : "amazonaws.com";
    int n;

    if (conf->use_dualstack)
        suffix = china ? "api.amazonwebservices.com.cn" : "api.aws";
    if (conf->endpoint != NULL) {
        size_t len = strlen(conf->endpoint);
        n = snprintf(
            ret, STS_URL_MAX, "%s%s", conf->endpoint, conf->endpoint[len - 1] == '/' ? "" : "/");
    } else {
        n = snprintf(ret, STS_URL_MAX, "https://sts%s.%s.%s/", fips ? "-fips" : "", region, suffix);
    }
    return n > 0 && n < STS_URL_MAX ? 0 : FED_E_TOO_BIG;
}
