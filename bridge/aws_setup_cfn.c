/*
 * An account's plan as a CloudFormation template, in JSON.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "bridge/aws_setup.h"

#include <stdio.h>
#include <string.h>

#include "bridge/trust.h"

#define BASE_PARAMETER   "BasePrincipalArn"
#define BEFORE_PARAMETER "RevokedBefore"

enum { NAME_SIZE = AWS_SETUP_KEY_SIZE + 16 };

/* ---- Parameters and conditions ---- */

static json_t *
make_parameters(const struct aws_setup *s)
{
    json_t *all = json_object();
    char name[NAME_SIZE];

    (void)json_object_set_new(all, BEFORE_PARAMETER,
        json_pack("{ss ss ss ss}", "Type", "String", "Default", AWS_SETUP_BEFORE, "AllowedPattern",
            "[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z", "Description",
            "All sessions of these roles from before this moment (UTC) are denied everything"));
    if (s->has_base)
        (void)json_object_set_new(all, BASE_PARAMETER,
            json_pack("{ss ss ss}", "Type", "String", "AllowedPattern",
                "arn:aws[a-z-]*:iam::[0-9]{12}:(role|user)/.+", "Description",
                "Whose keys base-credential of [aws] has: the role of the instance, pod or task, "
                "or the user"));
    for (size_t i = 0; i < s->n_roles; i++) {
        (void)snprintf(name, sizeof(name), "%sPolicies", s->roles[i].key);
        (void)json_object_set_new(all, name,
            json_pack("{ss ss ss+}", "Type", "CommaDelimitedList", "Default", "", "Description",
                "ARNs of the managed policies of ", s->roles[i].name));
    }
    return all;
}

/* A list with nothing in it is a list of one empty text, which IAM refuses. */
static json_t *
make_conditions(const struct aws_setup *s)
{
    json_t *all = json_object();
    char name[NAME_SIZE], parameter[NAME_SIZE];

    for (size_t i = 0; i < s->n_roles; i++) {
        (void)snprintf(name, sizeof(name), "%sHasPolicies", s->roles[i].key);
        (void)snprintf(parameter, sizeof(parameter), "%sPolicies", s->roles[i].key);
        (void)json_object_set_new(all, name,
            json_pack("{s[{s[{s[so]}s]}]}", "Fn::Not", "Fn::Equals", "Fn::Join", "",
                json_pack("{ss}", "Ref", parameter), ""));
    }
    return all;
}

/* ---- Resources ---- */

static int
add_providers(const struct aws_setup *s, json_t *to)
{
    char key[NAME_SIZE];
    struct arn arn;
    int bad = 0;

    for (size_t i = 0; i < json_array_size(s->providers); i++) {
        if (arn_parse(json_string_value(json_array_get(s->providers, i)), &arn) != 0)
            return FED_E_INVALID;
        (void)snprintf(key, sizeof(key), i == 0 ? "SamlProvider" : "SamlProvider%zu", i + 1);
        bad |= json_object_set_new(to, key,
            json_pack("{ss s{ss ss?}}", "Type", "AWS::IAM::SAMLProvider", "Properties", "Name",
                arn.name, "SamlMetadataDocument", s->metadata));
    }
    if (json_array_size(s->issuers) > 0)
        bad |= json_object_set_new(to, "OidcProvider",
            json_pack("{ss s{ss s[s]}}", "Type", "AWS::IAM::OIDCProvider", "Properties", "Url",
                s->conf->oidc.issuer, "ClientIdList", s->conf->oidc.audience));
    return bad == 0 ? 0 : FED_E_NOMEM;
}

/* The base credential's ARN is a parameter's value. */
static void
put_base(json_t *statements)
{
    for (size_t i = 0; i < json_array_size(statements); i++) {
        json_t *principal = json_object_get(json_array_get(statements, i), "Principal");
        const char *who = json_string_value(json_object_get(principal, "AWS"));
        if (who != NULL && strcmp(who, TRUST_BASE) == 0)
            (void)json_object_set_new(principal, "AWS", json_pack("{ss}", "Ref", BASE_PARAMETER));
    }
}

static json_t *
make_inline(const struct aws_setup_role *role)
{
    json_t *all = json_array();

    (void)json_array_append_new(
        all, json_pack("{ss s{ss s[{ss ss ss s{s{s{ss}}}}]}}", "PolicyName", AWS_SETUP_DENY,
                 "PolicyDocument", "Version", "2012-10-17", "Statement", "Effect", "Deny", "Action",
                 "*", "Resource", "*", "Condition", "DateLessThan", "aws:TokenIssueTime", "Ref",
                 BEFORE_PARAMETER));
    if (json_array_size(role->onward) > 0)
        (void)json_array_append_new(
            all, json_pack("{ss s{ss s[{ss s[sss] sO}]}}", "PolicyName", AWS_SETUP_ONWARD,
                     "PolicyDocument", "Version", "2012-10-17", "Statement", "Effect", "Allow",
                     "Action", "sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity",
                     "Resource", role->onward));
    return all;
}

static json_t *
make_role(const struct aws_setup_role *role)
{
    char condition[NAME_SIZE], parameter[NAME_SIZE];
    json_t *statements = json_deep_copy(role->statements);

    put_base(statements);
    (void)snprintf(condition, sizeof(condition), "%sHasPolicies", role->key);
    (void)snprintf(parameter, sizeof(parameter), "%sPolicies", role->key);
    json_t *made = json_pack("{ss s{ss ss sI so s{s[s{ss}{ss}]} so}}", "Type", "AWS::IAM::Role",
        "Properties", "RoleName", role->name, "Path", role->path, "MaxSessionDuration",
        (json_int_t)role->duration_s, "AssumeRolePolicyDocument", trust_policy(statements),
        "ManagedPolicyArns", "Fn::If", condition, "Ref", parameter, "Ref", "AWS::NoValue",
        "Policies", make_inline(role));
    if (json_array_size(role->after) > 0)
        (void)json_object_set(made, "DependsOn", role->after);
    return made;
}

static json_t *
make_resources(const struct aws_setup *s)
{
    json_t *all = json_object();
    int bad = add_providers(s, all);

    for (size_t i = 0; i < s->n_roles; i++)
        bad |= json_object_set_new(all, s->roles[i].key, make_role(&s->roles[i]));
    if (bad == 0)
        return all;
    json_decref(all);
    return NULL;
}

json_t *
aws_setup_cloudformation(const struct aws_setup *s)
{
    json_t *root = json_pack("{ss ss++}", "AWSTemplateFormatVersion", "2010-09-09", "Description",
        "awsfed: identity providers and roles of account ", s->account,
        "; made by awsfed-admin aws-setup");

    if (json_array_size(s->patterns) > 0)
        (void)json_object_set_new(root, "Metadata",
            json_pack(
                "{s{ss sO}}", "awsfed", "Note", AWS_SETUP_PATTERNS, "RolePatterns", s->patterns));
    (void)json_object_set_new(root, "Parameters", make_parameters(s));
    (void)json_object_set_new(root, "Conditions", make_conditions(s));
    if (json_object_set_new(root, "Resources", make_resources(s)) == 0)
        return root;
    json_decref(root);
    return NULL;
}
