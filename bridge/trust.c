/*
 * One statement a way: by assertion, by token, by keys.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "bridge/trust.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bridge/saml.h"
#include "conf/flows.h"

enum { SCHEME = sizeof("https://") - 1, KEY_MAX = 300 };

/* Everybody of a directory: SIDs of built-in accounts have another form. */
#define ANY_SID "S-1-5-21-*"

static int
add_once(json_t *to, json_t *statement)
{
    for (size_t i = 0; i < json_array_size(to); i++) {
        if (json_equal(json_array_get(to, i), statement)) {
            json_decref(statement);
            return 0;
        }
    }
    return statement != NULL && json_array_append_new(to, statement) == 0 ? 0 : FED_E_NOMEM;
}

/* "arn:PARTITION:iam::ACCOUNT:" of a role, which a pattern's placeholders may stand in. */
static int
prefix_len(const char *arn)
{
    const char *colon = strrchr(arn, ':');

    return colon != NULL ? (int)(colon - arn) + 1 : 0;
}

static const char *
recipient(const char *arn)
{
    const char *of = saml_recipient("aws");

    if (strncmp(arn, "arn:aws-us-gov:", 15) == 0)
        of = saml_recipient("aws-us-gov");
    else if (strncmp(arn, "arn:aws-cn:", 11) == 0)
        of = saml_recipient("aws-cn");
    return of;
}

/*
 * The role itself, on conditions (NULL: on none; taken over, whatever comes), and what is said of its session. The latter is nothing
 * without the former, and stands alone: not every key that the request for a role has is documented for these two actions as well.
 */
static int
add_pair(
    const char *kind, const char *principal, const char *action, json_t *conditions, json_t *to)
{
    int r = add_once(to, json_pack("{ss s{ss} ss so*}", "Effect", "Allow", "Principal", kind,
                             principal, "Action", action, "Condition", conditions));

    if (r != 0)
        return r;
    return add_once(to, json_pack("{ss s{ss} s[ss]}", "Effect", "Allow", "Principal", kind,
                            principal, "Action", "sts:TagSession", "sts:SetSourceIdentity"));
}

static int
add_saml(const struct conf_role *role, json_t *to)
{
    json_t *conditions = json_pack("{s{ss}}", "StringEquals", "SAML:aud", recipient(role->arn));

    return conditions != NULL
               ? add_pair("Federated", role->provider, "sts:AssumeRoleWithSAML", conditions, to)
               : FED_E_NOMEM;
}

char *
trust_oidc_arn(const struct conf *conf, const struct conf_role *role)
{
    char *arn = NULL;

    return asprintf(&arn, "%.*soidc-provider/%s", prefix_len(role->arn), role->arn,
               conf->oidc.issuer + SCHEME) > 0
               ? arn
               : NULL;
}

/* The principal says whose issuer it is, and STS that the token's iss is that one; audience and subject are ours to say. */
static int
add_oidc(const struct conf *conf, const struct conf_role *role, json_t *to)
{
    char audience[KEY_MAX], subject[KEY_MAX];
    char *provider = trust_oidc_arn(conf, role);

    if (provider == NULL)
        return FED_E_NOMEM;
    (void)snprintf(audience, sizeof(audience), "%s:aud", conf->oidc.issuer + SCHEME);
    (void)snprintf(subject, sizeof(subject), "%s:sub", conf->oidc.issuer + SCHEME);
    json_t *conditions = json_pack("{s{ss} s{ss}}", "StringEquals", audience, conf->oidc.audience,
        "StringLike", subject, ANY_SID);
    int r = conditions != NULL
                ? add_pair("Federated", provider, "sts:AssumeRoleWithWebIdentity", conditions, to)
                : FED_E_NOMEM;
    free(provider);
    return r;
}

static int
add_keys(const struct conf_role *role, const char *principal, json_t *to)
{
    json_t *conditions = NULL;

    if (role->external_id != NULL) {
        conditions = json_pack("{s{ss}}", "StringEquals", "sts:ExternalId", role->external_id);
        if (conditions == NULL)
            return FED_E_NOMEM;
    }
    return add_pair("AWS", principal, "sts:AssumeRole", conditions, to);
}

int
trust_add(const struct conf *conf, const struct conf_role *role, json_t *to)
{
    if (role->via != NULL) /* there is such a role: the configuration was checked */
        return add_keys(role, flows_find_role(conf, role->via)->arn, to);
    switch (role->flow) {
    case CONF_FLOW_SAML:
        return add_saml(role, to);
    case CONF_FLOW_OIDC:
        return add_oidc(conf, role, to);
    case CONF_FLOW_ASSUME_ROLE:
        break;
    }
    return add_keys(role, TRUST_BASE, to);
}

json_t *
trust_policy(json_t *statements)
{
    return json_pack("{ss so}", "Version", "2012-10-17", "Statement", statements);
}
