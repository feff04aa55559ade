/*
 * The two services that hand keys to what runs on a machine of AWS's: instance metadata and container endpoints.
 * https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instancedata-data-retrieval.html
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef BRIDGE_METADATA_H
#define BRIDGE_METADATA_H

#include <stdbool.h>

#include "base/err.h"
#include "bridge/https.h"
#include "bridge/sts.h"

#define METADATA_INSTANCE  "http://169.254.169.254"
#define METADATA_CONTAINER "http://169.254.170.2" /* what a relative address is relative to */

/*
 * Both block up to the deadline (monotonic); any thread; why has STS_WHY_MAX bytes and says what and where.
 * Return 0, FED_E_AWS_UNAVAILABLE, FED_E_AWS_REFUSED (it says no), FED_E_TIMEOUT, FED_E_TLS, FED_E_NOMEM.
 */

/* IMDSv2 at an address without a slash at its end: METADATA_INSTANCE, but in tests. */
FED_MUST_USE int metadata_instance(struct https *https, const char *address, int64_t deadline_ms,
    struct sts_credential *ret, char *why);

/* The container endpoint of a whole URL; authorization is the header's value, NULL = none. */
FED_MUST_USE int metadata_container(struct https *https, const char *url,
    const struct fed_secret *authorization, int64_t deadline_ms, struct sts_credential *ret,
    char *why);

/* May keys be fetched from here? https anywhere; http of this host and of the platform's own addresses alone. */
bool metadata_is_safe(const char *url);

#endif
