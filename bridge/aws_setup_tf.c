/*
 * An account's plan as Terraform, in its JSON syntax (a file NAME.tf.json is a module's as NAME.tf would be).
 * https://developer.hashicorp.com/terraform/language/syntax/json
 * SPDX-License-Identifier: Apache-2.0
 */
#include "bridge/aws_setup.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/secret.h"
#include "bridge/trust.h"

enum { TEXT_LIMIT = 1024 * 1024, REFERENCE_SIZE = 256 };

/* ---- Texts: "${" and "%{" begin a template, and are written twice where they shall not ---- */

static int
add_escaped(struct fed_secret *to, const char *text)
{
    int r = 0;

    for (const char *p = text; *p != '\0' && r == 0; p++) {
        if ((*p == '$' || *p == '%') && p[1] == '{')
            r = fed_secret_add_byte(to, (unsigned char)*p);
        if (r == 0)
            r = fed_secret_add_byte(to, (unsigned char)*p);
    }
    return r;
}

/* A text that means itself; NULL: out of memory. */
static json_t *
literal(const char *text)
{
    struct fed_secret to = FED_SECRET_INIT(TEXT_LIMIT);
    json_t *made = add_escaped(&to, text) == 0 ? json_string(fed_secret_str(&to)) : NULL;

    fed_secret_done(&to);
    return made;
}

/* A policy as IAM takes it: a text. What stands in the place of marker is a reference to Terraform. Consumes the policy. */
static json_t *
policy_text(json_t *policy, const char *marker, const char *reference)
{
    struct fed_secret to = FED_SECRET_INIT(TEXT_LIMIT);
    char *text = policy != NULL ? json_dumps(policy, JSON_COMPACT) : NULL;
    json_t *made = NULL;
    char *next = text;
    int r = text != NULL ? 0 : FED_E_NOMEM;

    for (char *at; r == 0 && next != NULL; next = at) {
        if ((at = strstr(next, marker)) != NULL) {
            *at = '\0';
            at += strlen(marker);
        }
        r = add_escaped(&to, next);
        if (r == 0 && at != NULL)
            r = fed_secret_addf(&to, "${%s}", reference);
    }
    if (r == 0)
        made = json_string(fed_secret_str(&to));
    fed_secret_done(&to);
    free(text);
    json_decref(policy);
    return made;
}

/* ---- Variables ---- */

/* A slip in a role's name would leave the role without its policies, and say nothing. */
static json_t *
make_known(const struct aws_setup *s)
{
    struct fed_secret text = FED_SECRET_INIT(TEXT_LIMIT);
    json_t *made = NULL;
    int r = fed_secret_add_str(&text, "${length(setsubtract(keys(var.awsfed_policy_arns), [");

    for (size_t i = 0; i < s->n_roles && r == 0; i++)
        r = fed_secret_addf(&text, "%s\"%s\"", i > 0 ? ", " : "", s->roles[i].name);
    if (r == 0)
        r = fed_secret_add_str(&text, "])) == 0}");
    if (r == 0)
        made = json_pack("{ss ss}", "condition", fed_secret_str(&text), "error_message",
            "There is no role of that name in this account's set-up.");
    fed_secret_done(&text);
    return made;
}

static json_t *
make_variables(const struct aws_setup *s)
{
    json_t *all = json_pack("{s{ss ss ss} s{ss ss s{}}}", "awsfed_revoked_before", "type", "string",
        "default", AWS_SETUP_BEFORE, "description",
        "All sessions of these roles from before this moment (UTC) are denied everything",
        "awsfed_policy_arns", "type", "map(set(string))", "description",
        "ARNs of the managed policies of each role, by the role's name", "default");

    (void)json_object_set_new(
        json_object_get(all, "awsfed_policy_arns"), "validation", make_known(s));
    if (s->has_base)
        (void)json_object_set_new(all, "awsfed_base_principal_arn",
            json_pack("{ss ss s{ss ss}}", "type", "string", "description",
                "Whose keys base-credential of [aws] has: the role of the instance, pod or task, "
                "or the user",
                "validation", "condition",
                "${can(regex(\"^arn:aws[a-z-]*:iam::[0-9]{12}:(role|user)/[A-Za-z0-9_+=,.@/"
                "-]+$\", var.awsfed_base_principal_arn))}",
                "error_message", "This must be the ARN of a role or user of IAM."));
    return all;
}

/* ---- Resources ---- */

static json_t *
make_saml(const struct aws_setup *s)
{
    json_t *all = json_object();
    char key[AWS_SETUP_KEY_SIZE];
    struct arn arn;

    for (size_t i = 0; i < json_array_size(s->providers); i++) {
        if (arn_parse(json_string_value(json_array_get(s->providers, i)), &arn) != 0)
            continue;
        (void)snprintf(key, sizeof(key), i == 0 ? "awsfed" : "awsfed%zu", i + 1);
        (void)json_object_set_new(all, key,
            json_pack("{so so?}", "name", literal(arn.name), "saml_metadata_document",
                s->metadata != NULL ? literal(s->metadata) : NULL));
    }
    return all;
}

static json_t *
make_oidc(const struct aws_setup *s)
{
    return json_pack("{s{so s[o]}}", "awsfed", "url", literal(s->conf->oidc.issuer),
        "client_id_list", literal(s->conf->oidc.audience));
}

/* Applied to another account by mistake, the roles would trust providers that are not theirs. */
static json_t *
make_guard(const struct aws_setup *s)
{
    char condition[REFERENCE_SIZE];

    (void)snprintf(condition, sizeof(condition),
        "${data.aws_caller_identity.awsfed.account_id == \"%s\"}", s->account);
    return json_pack("{s{ss ss++}}", "precondition", "condition", condition, "error_message",
        "This is the set-up of account ", s->account, ": use credentials of that one.");
}

static json_t *
make_role(const struct aws_setup *s, const struct aws_setup_role *role)
{
    char name[REFERENCE_SIZE];
    json_t *made =
        json_pack("{so so sI so so}", "name", literal(role->name), "path", literal(role->path),
            "max_session_duration", (json_int_t)role->duration_s, "assume_role_policy",
            policy_text(trust_policy(json_incref(role->statements)), TRUST_BASE,
                "var.awsfed_base_principal_arn"),
            "lifecycle", make_guard(s));
    json_t *after = json_array();

    for (size_t i = 0; i < json_array_size(role->after); i++) {
        (void)snprintf(name, sizeof(name), "aws_iam_role.%s",
            json_string_value(json_array_get(role->after, i)));
        (void)json_array_append_new(after, json_string(name));
    }
    if (json_array_size(after) > 0)
        (void)json_object_set(made, "depends_on", after);
    json_decref(after);
    return made;
}

static void
add_inline(const struct aws_setup_role *role, json_t *to)
{
    char key[REFERENCE_SIZE], reference[REFERENCE_SIZE];
    json_t *deny = json_pack("{ss s[{ss ss ss s{s{ss}}}]}", "Version", "2012-10-17", "Statement",
        "Effect", "Deny", "Action", "*", "Resource", "*", "Condition", "DateLessThan",
        "aws:TokenIssueTime", "<before>");

    (void)snprintf(reference, sizeof(reference), "${aws_iam_role.%s.id}", role->key);
    (void)snprintf(key, sizeof(key), "%s_revocation", role->key);
    (void)json_object_set_new(to, key,
        json_pack("{ss ss so}", "name", AWS_SETUP_DENY, "role", reference, "policy",
            policy_text(deny, "<before>", "var.awsfed_revoked_before")));
    if (json_array_size(role->onward) == 0)
        return;
    json_t *allow = json_pack("{ss s[{ss s[sss] sO}]}", "Version", "2012-10-17", "Statement",
        "Effect", "Allow", "Action", "sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity",
        "Resource", role->onward);
    (void)snprintf(key, sizeof(key), "%s_via", role->key);
    (void)json_object_set_new(to, key,
        json_pack("{ss ss so}", "name", AWS_SETUP_ONWARD, "role", reference, "policy",
            policy_text(allow, TRUST_BASE, "")));
}

static json_t *
make_attachment(const struct aws_setup_role *role)
{
    char each[REFERENCE_SIZE], reference[REFERENCE_SIZE];

    (void)snprintf(
        each, sizeof(each), "${toset(try(var.awsfed_policy_arns[\"%s\"], []))}", role->name);
    (void)snprintf(reference, sizeof(reference), "${aws_iam_role.%s.name}", role->key);
    return json_pack(
        "{ss ss ss}", "for_each", each, "role", reference, "policy_arn", "${each.value}");
}

/* Resources of a type, where there are any. */
static void
put(json_t *to, const char *type, json_t *resources)
{
    if (json_object_size(resources) > 0)
        (void)json_object_set(to, type, resources);
    json_decref(resources);
}

static json_t *
make_resources(const struct aws_setup *s)
{
    json_t *all = json_object(), *roles = json_object(), *policies = json_object(),
           *attachments = json_object();

    for (size_t i = 0; i < s->n_roles; i++) {
        const struct aws_setup_role *role = &s->roles[i];
        (void)json_object_set_new(roles, role->key, make_role(s, role));
        add_inline(role, policies);
        (void)json_object_set_new(attachments, role->key, make_attachment(role));
    }
    put(all, "aws_iam_saml_provider", make_saml(s));
    if (json_array_size(s->issuers) > 0)
        put(all, "aws_iam_openid_connect_provider", make_oidc(s));
    put(all, "aws_iam_role", roles);
    put(all, "aws_iam_role_policy", policies);
    put(all, "aws_iam_role_policy_attachment", attachments);
    return all;
}

json_t *
aws_setup_terraform(const struct aws_setup *s)
{
    json_t *root = json_pack("{ss++ s{ss s{s{ss ss}}} s{s{s{}}}}", "//",
        "awsfed: identity providers and roles of account ", s->account,
        "; made by awsfed-admin aws-setup", "terraform", "required_version", ">= 1.2",
        "required_providers", "aws", "source", "hashicorp/aws", "version", ">= 5.81", "data",
        "aws_caller_identity", "awsfed");

    (void)json_object_set_new(root, "variable", make_variables(s));
    if (json_array_size(s->patterns) > 0)
        (void)json_object_set_new(root, "output",
            json_pack("{s{ss so}}", "awsfed_role_patterns", "description", AWS_SETUP_PATTERNS,
                "value", policy_text(json_incref(s->patterns), "<none>", "")));
    if (json_object_set_new(root, "resource", make_resources(s)) == 0)
        return root;
    json_decref(root);
    return NULL;
}
