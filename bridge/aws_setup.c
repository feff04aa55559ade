/*
 * From sections to roles of one account.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "bridge/aws_setup.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bridge/trust.h"
#include "conf/flows.h"
#include "conf/pattern.h"

static bool
has_text(const json_t *array, const char *text)
{
    for (size_t i = 0; i < json_array_size(array); i++)
        if (strcmp(json_string_value(json_array_get(array, i)), text) == 0)
            return true;
    return false;
}

static int
add_text(json_t *array, const char *text)
{
    if (has_text(array, text))
        return 0;
    return json_array_append_new(array, json_string(text)) == 0 ? 0 : FED_E_NOMEM;
}

json_t *
aws_setup_accounts(const struct conf *conf)
{
    json_t *accounts = json_array();

    for (size_t i = 0; accounts != NULL && i < conf->n_roles; i++) {
        const char *account = conf->roles[i].account;
        size_t at = 0;
        if (has_text(accounts, account))
            continue;
        while (at < json_array_size(accounts) &&
               strcmp(json_string_value(json_array_get(accounts, at)), account) < 0)
            at++;
        if (json_array_insert_new(accounts, at, json_string(account)) != 0) {
            json_decref(accounts);
            return NULL;
        }
    }
    return accounts;
}

/* ---- One role ---- */

static struct aws_setup_role *
find_role(struct aws_setup *s, const char *arn)
{
    for (size_t i = 0; i < s->n_roles; i++)
        if (strcmp(s->roles[i].text, arn) == 0)
            return &s->roles[i];
    return NULL;
}

static bool
is_key_taken(const struct aws_setup *s, const char *key)
{
    for (size_t i = 0; i < s->n_roles; i++)
        if (strcmp(s->roles[i].key, key) == 0)
            return true;
    return false;
}

/* Letters and digits of the name, and a number where another role has the same. */
static void
make_key(const struct aws_setup *s, const char *name, char ret[AWS_SETUP_KEY_SIZE])
{
    char plain[AWS_SETUP_KEY_SIZE - 16] = "Role";
    size_t len = strlen(plain);

    for (const char *p = name; *p != '\0' && len + 1 < sizeof(plain); p++)
        if (isalnum((unsigned char)*p))
            plain[len++] = *p;
    plain[len] = '\0';
    (void)snprintf(ret, AWS_SETUP_KEY_SIZE, "%s", plain);
    for (unsigned n = 2; is_key_taken(s, ret); n++)
        (void)snprintf(ret, AWS_SETUP_KEY_SIZE, "%sN%u", plain, n);
}

/* Room for every section has been made. */
static int
add_role(struct aws_setup *s, const char *arn, struct aws_setup_role **ret)
{
    struct aws_setup_role *role = find_role(s, arn);

    if (role != NULL) {
        *ret = role;
        return 0;
    }
    struct aws_setup_role fresh = {.text = arn, .duration_s = AWS_SETUP_LEAST_S};
    if (arn_parse(arn, &fresh.arn) != 0)
        return FED_E_INVALID;
    const char *slash = strrchr(fresh.arn.name, '/');
    fresh.name = slash != NULL ? slash + 1 : fresh.arn.name;
    int n = snprintf(fresh.path, sizeof(fresh.path), "/%.*s",
        slash != NULL ? (int)(slash - fresh.arn.name) + 1 : 0, fresh.arn.name);
    if (n < 0 || (size_t)n >= sizeof(fresh.path))
        return FED_E_INVALID;
    make_key(s, fresh.name, fresh.key);
    fresh.statements = json_array();
    fresh.onward = json_array();
    fresh.after = json_array();
    role = &s->roles[s->n_roles++];
    *role = fresh;
    *ret = role;
    return role->statements != NULL && role->onward != NULL && role->after != NULL ? 0
                                                                                   : FED_E_NOMEM;
}

/* The providers that a section of this account trusts. */
static int
add_providers(struct aws_setup *s, const struct conf_role *section)
{
    if (section->via != NULL)
        return 0;
    if (section->flow == CONF_FLOW_SAML)
        return add_text(s->providers, section->provider);
    if (section->flow != CONF_FLOW_OIDC) {
        s->has_base = true;
        return 0;
    }
    char *arn = trust_oidc_arn(s->conf, section);
    int r = arn != NULL ? add_text(s->issuers, arn) : FED_E_NOMEM;
    free(arn);
    return r;
}

static int
add_section(struct aws_setup *s, const struct conf_role *section)
{
    struct aws_setup_role *role = NULL;
    int r = add_role(s, section->arn, &role);

    if (r == 0)
        r = trust_add(s->conf, section, role->statements);
    if (r == 0)
        r = add_providers(s, section);
    if (r == 0 && section->duration_s > role->duration_s)
        role->duration_s = section->duration_s;
    return r;
}

/* ---- Chains ---- */

static int
add_onward(struct aws_setup *s, const char *via, const char *to)
{
    const struct conf_role *from = flows_find_role(s->conf, via);
    struct aws_setup_role *role = find_role(s, from->arn), *next = find_role(s, to);
    int r = 0;

    if (role == NULL)
        return 0; /* of another account */
    if (strcmp(role->text, to) != 0)
        r = add_text(role->onward, to);
    /* IAM refuses to trust a role that is not there yet. */
    if (r == 0 && next != NULL && next != role)
        r = add_text(next->after, role->key);
    return r;
}

static int
add_chains(struct aws_setup *s)
{
    static const struct pattern_found any = {.account = "*", .role = "*"};
    const struct conf *conf = s->conf;
    int r = 0;

    for (size_t i = 0; i < conf->n_roles && r == 0; i++)
        if (conf->roles[i].via != NULL)
            r = add_onward(s, conf->roles[i].via, conf->roles[i].arn);
    for (size_t i = 0; i < conf->n_patterns && r == 0; i++) {
        const struct conf_role *role = &conf->patterns[i].role;
        if (role->via == NULL)
            continue;
        char *arn = pattern_expand(role->arn, &any);
        r = arn != NULL ? add_onward(s, role->via, arn) : FED_E_NOMEM;
        free(arn);
    }
    return r;
}

/* ---- Patterns ---- */

/* May a pattern make roles of this account? Its ARN has {account}, or that account; and an account is in one partition. */
static bool
is_of_account(const struct aws_setup *s, const struct conf_role *role)
{
    const char *account = s->account;
    struct pattern_found found = pattern_sample;
    struct arn arn;

    (void)snprintf(found.account, sizeof(found.account), "%s", account);
    char *text = pattern_expand(role->arn, &found);
    bool is = text != NULL && arn_parse(text, &arn) == 0 && strcmp(arn.account, account) == 0 &&
              (s->n_roles == 0 || strcmp(arn.partition, s->roles[0].arn.partition) == 0);
    free(text);
    return is;
}

/* The provider of a pattern's roles in this account is made here; the roles are not. */
static int
add_pattern_provider(struct aws_setup *s, const struct conf_role *role)
{
    struct pattern_found found = pattern_sample;
    struct conf_role here = *role;
    int r = FED_E_NOMEM;

    (void)snprintf(found.account, sizeof(found.account), "%s", s->account);
    here.arn = pattern_expand(role->arn, &found);
    here.provider = role->provider != NULL ? pattern_expand(role->provider, &found) : NULL;
    if (here.arn != NULL && (here.provider != NULL || role->provider == NULL))
        r = add_providers(s, &here);
    free(here.arn);
    free(here.provider);
    return r;
}

static int
add_pattern(struct aws_setup *s, const struct conf_pattern *pattern)
{
    const struct conf_role *role = &pattern->role;
    json_t *statements = json_array();

    if (!is_of_account(s, role)) {
        json_decref(statements);
        return 0;
    }
    int r = statements != NULL ? trust_add(s->conf, role, statements) : FED_E_NOMEM;
    if (r == 0)
        r = add_pattern_provider(s, role);
    if (r != 0) {
        json_decref(statements);
        return r;
    }
    int64_t duration_s =
        role->duration_s > AWS_SETUP_LEAST_S ? role->duration_s : AWS_SETUP_LEAST_S;
    json_t *one = json_pack("{ss ss ss sI so}", "Section", role->name, "Groups", pattern->match,
        "Role", role->arn, "MaxSessionDuration", (json_int_t)duration_s, "Trust",
        trust_policy(statements));
    return json_array_append_new(s->patterns, one) == 0 ? 0 : FED_E_NOMEM;
}

/* ---- All of it ---- */

int
aws_setup_plan(
    const struct conf *conf, const char *account, const char *metadata, struct aws_setup *ret)
{
    struct aws_setup s = {.conf = conf,
        .account = account,
        .metadata = metadata,
        .roles = calloc(conf->n_roles + 1, sizeof(*s.roles)),
        .providers = json_array(),
        .issuers = json_array(),
        .patterns = json_array()};
    int r = s.roles != NULL && s.providers != NULL && s.issuers != NULL && s.patterns != NULL
                ? 0
                : FED_E_NOMEM;

    for (size_t i = 0; i < conf->n_roles && r == 0; i++)
        if (strcmp(conf->roles[i].account, account) == 0)
            r = add_section(&s, &conf->roles[i]);
    for (size_t i = 0; i < conf->n_patterns && r == 0; i++)
        r = add_pattern(&s, &conf->patterns[i]);
    if (r == 0)
        r = add_chains(&s);
    if (r == 0 && s.n_roles == 0 && json_array_size(s.patterns) == 0)
        r = FED_E_NOT_FOUND;
    if (r == 0)
        *ret = s;
    else
        aws_setup_done(&s);
    return r;
}

void
aws_setup_done(struct aws_setup *s)
{
    for (size_t i = 0; i < s->n_roles; i++) {
        json_decref(s->roles[i].statements);
        json_decref(s->roles[i].onward);
        json_decref(s->roles[i].after);
    }
    free(s->roles);
    json_decref(s->providers);
    json_decref(s->issuers);
    json_decref(s->patterns);
    *s = (struct aws_setup){0};
}
