/*
 * The two questions to AWS that a revocation needs: whose keys are these (STS GetCallerIdentity), and put an inline policy on a
 * role (IAM PutRolePolicy). Query protocol, SigV4 by libcurl; https://docs.aws.amazon.com/IAM/latest/APIReference/API_PutRolePolicy.html.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef BRIDGE_IAM_H
#define BRIDGE_IAM_H

#include <stdint.h>

#include "base/err.h"
#include "bridge/sts.h"
#include "conf/conf.h"

enum { IAM_URL_MAX = 512, IAM_REGION_MAX = 32 };

struct iam;

/* conf must outlive it. why as of sts_new. 0, FED_E_CONFIG, FED_E_NOMEM. */
FED_MUST_USE int iam_new(const struct conf_aws *conf, struct iam **ret, char *why);
void iam_free(struct iam *iam);

/*
 * Both block up to the deadline (monotonic), and try again what may pass; any thread. why has STS_WHY_MAX bytes and says on failure
 * what AWS said. Return 0 (done, and AWS said so), FED_E_AWS_REFUSED, FED_E_AWS_UNAVAILABLE, FED_E_TIMEOUT, FED_E_TLS, FED_E_NOMEM: whether it
 * was done is not known when no answer came.
 */
FED_MUST_USE int iam_whose(struct iam *iam, const struct sts_credential *keys,
    const char *partition, int64_t deadline_ms, char ret_account[13], char *why);

struct iam_policy {
    const char *partition, *role_name; /* of the account whose keys these are */
    const char *name, *document;
};
FED_MUST_USE int iam_put_role_policy(struct iam *iam, const struct sts_credential *keys,
    const struct iam_policy *policy, int64_t deadline_ms, char *why);

/* Where IAM of a partition is, and for which region it wants to be signed to. 0 or FED_E_TOO_BIG. */
FED_MUST_USE int iam_where(const struct conf_aws *conf, const char *partition,
    char ret_url[IAM_URL_MAX], char ret_region[IAM_REGION_MAX]);

#endif
