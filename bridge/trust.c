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

static int
add_saml(const struct conf_role *role, json_t *to)
{
    return add_once(to, json_pack("{ss s{ss} s[sss] s{s{ss}}}", "Effect", "Allow", "Principal",
                            "Federated", role->provider, "Action", "sts:AssumeRoleWithSAML",
                            "sts:TagSession", "sts:SetSourceIdentity", "Condition", "StringEquals",
                            "SAML:aud", recipient(role->arn)));
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
    int r =
        add_once(to, json_pack("{ss s{ss} s[sss] s{s{ss} s{ss}}}", "Effect", "Allow", "Principal",
                         "Federated", provider, "Action", "sts:AssumeRoleWithWebIdentity",
                         "sts:TagSession", "sts:SetSourceIdentity", "Condition", "StringEquals",
                         audience, conf->oidc.audience, "StringLike", subject, ANY_SID));
    free(provider);
    return r;
}

/* The external id stands in the request for the role, not in what is said of its tags: so two statements. */
static int
add_keys(const struct conf_role *role, const char *principal, json_t *to)
{
    json_t *statement = json_pack("{ss s{ss} ss}", "Effect", "Allow", "Principal", "AWS", principal,
        "Action", "sts:AssumeRole");

    if (role->external_id != NULL &&
        json_object_set_new(statement, "Condition",
            json_pack("{s{ss}}", "StringEquals", "sts:ExternalId", role->external_id)) != 0) {
        json_decref(statement);
        return FED_E_NOMEM;
    }
    int r = add_once(to, statement);
    if (r == 0)
        r = add_once(to, json_pack("{ss s{ss} s[ss]}", "Effect", "Allow", "Principal", "AWS",
                             principal, "Action", "sts:TagSession", "sts:SetSourceIdentity"));
    return r;
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
