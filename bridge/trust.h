/*
 * Trust policies: what IAM has to say of a role so that its section in the configuration can take it, and no more.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_create_for-idp_saml.html and …_oidc.html, "Pass session tags in STS".
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef BRIDGE_TRUST_H
#define BRIDGE_TRUST_H

#include <jansson.h>

#include "base/err.h"
#include "conf/conf.h"

/* Where the ARN of what the base credential is belongs: no ARN has these characters, and whoever prints the policy replaces it. */
#define TRUST_BASE "<base principal>"

/*
 * Append the statements for a section to an array, but those that are there already: two sections may name one role.
 * Tags and the source identity are allowed always: so a section may come to have some without a change at AWS.
 *   role   arn and provider as AWS knows them; of a pattern also with {account} and {role}
 * Returns 0 or FED_E_NOMEM. Never blocks; any thread.
 */
FED_MUST_USE int trust_add(const struct conf *conf, const struct conf_role *role, json_t *to);

/* The policy of these statements, which it takes over, whatever comes; NULL: out of memory. */
json_t *trust_policy(json_t *statements);

/*
 * The ARN of the OIDC provider of [oidc] issuer in a role's account and partition, as above. The caller frees it; NULL: out of memory.
 */
char *trust_oidc_arn(const struct conf *conf, const struct conf_role *role);

#endif
