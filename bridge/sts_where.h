/*
 * Where a role is asked for: regions in their order, and the address of STS there.
 * https://docs.aws.amazon.com/general/latest/gr/sts.html
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef BRIDGE_STS_WHERE_H
#define BRIDGE_STS_WHERE_H

#include <stddef.h>

#include "base/err.h"
#include "conf/conf.h"

enum { STS_REGIONS_MOST = 16, STS_URL_MAX = 512 };

struct sts_where {
    const char *regions[STS_REGIONS_MOST]; /* borrowed from the configuration; one at least */
    size_t n;
};

/*
 * The role's region, then [aws] region, then the fallbacks, as far as they lie in the role's partition; with an
 * endpoint of its own, the first of them. Never blocks; any thread.
 */
void sts_where_list(
    const struct conf_aws *conf, const struct conf_role *role, struct sts_where *ret);

/* The address of STS in a region of a partition. 0 or FED_E_TOO_BIG. */
FED_MUST_USE int sts_where_url(
    const struct conf_aws *conf, const char *partition, const char *region, char ret[STS_URL_MAX]);

#endif
