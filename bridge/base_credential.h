/*
 * Where the bridge's own keys come from ([aws] base-credential), for roles with flow = assume-role. They are asked
 * for by the keyring and never leave the bridge.
 *
 *   imds              the instance's role, by IMDSv2: a token by PUT, then GET; never version 1
 *   container         ECS and EKS: the endpoint that AWS_CONTAINER_CREDENTIALS_RELATIVE_URI or …_FULL_URI names,
 *                     with what AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE holds
 *   web-identity:FILE AssumeRoleWithWebIdentity of the role that AWS_ROLE_ARN names, with the file's token
 *   file:PATH         keys in the form of ~/.aws/credentials, section [default]; temporary or long-lived
 *
 * The AWS_ variables are those of the service itself, as the platform sets them, and each counts with its kind alone.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef BRIDGE_BASE_CREDENTIAL_H
#define BRIDGE_BASE_CREDENTIAL_H

#include "base/err.h"
#include "bridge/sts.h"

struct base_credential;

/*
 * conf and sts outlive it. Reads the service's variables, no file and no network.
 *   why   STS_WHY_MAX bytes
 * Returns 0, FED_E_CONFIG (a variable is missing or wrong), FED_E_NOMEM.
 */
FED_MUST_USE int base_credential_new(
    const struct conf_aws *conf, struct sts *sts, struct base_credential **ret, char *why);
void base_credential_free(struct base_credential *base);

/* Get keys from the source, each time anew: a keyring_fetch with a struct base_credential as its argument. */
FED_MUST_USE int base_credential_fetch(
    void *base, int64_t deadline_ms, struct sts_credential *ret, char *why);

#endif
