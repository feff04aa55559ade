/*
 * What must hold of single roles and patterns, beyond each key.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "conf/roles.h"

#include <stdlib.h>
#include <string.h>

#include "conf/arn.h"
#include "conf/flows.h"
#include "conf/pattern.h"
#include "conf/policy.h"

/* A pattern is checked with nobody's account: say what stands for it. */
static const char *
shown(const char *account)
{
    return strcmp(account, pattern_sample.account) == 0 ? "{account}" : account;
}

static void
check_provider(const struct conf_role *role, const struct arn *arn, const struct section *section,
    struct conf_errors *errors)
{
    struct arn provider;

    if (role->provider == NULL) {
        if (!section_says(section, "provider") && role->via == NULL && role->flow == CONF_FLOW_SAML)
            conf_errors_add(errors, &section->where,
                "\"provider\" is missing in [%s]: add the ARN of the SAML provider in account %s",
                section->title, shown(arn->account));
        return;
    }
    if (arn_parse(role->provider, &provider) != 0 ||
        (strcmp(provider.account, arn->account) == 0 &&
            strcmp(provider.partition, arn->partition) == 0))
        return;
    conf_errors_add(errors, section_where(section, "provider"),
        "\"provider\" of [%s] is in account %s of %s, the role in %s of %s: name the role's own "
        "account's provider",
        section->title, shown(provider.account), provider.partition, shown(arn->account),
        arn->partition);
}

static void
check_policies(const struct conf_role *role, const struct arn *arn, const struct section *section,
    struct conf_errors *errors)
{
    struct arn policy;

    for (size_t i = 0; i < role->policy_arns.n; i++) {
        if (arn_parse(role->policy_arns.items[i], &policy) != 0 ||
            (strcmp(policy.partition, arn->partition) == 0 &&
                (strcmp(policy.account, arn->account) == 0 || strcmp(policy.account, "aws") == 0)))
            continue;
        conf_errors_add(errors, section_where(section, "policy-arns"),
            "policy \"%s\" of [%s] is not in account %s of %s: use one of the role's account, or "
            "of AWS",
            role->policy_arns.items[i], section->title, arn->account, arn->partition);
    }
}

static void
check_region(const struct conf *conf, const struct conf_role *role, const struct arn *arn,
    const struct section *section, struct conf_errors *errors)
{
    const char *region = role->region != NULL ? role->region : conf->aws.region;

    if (region == NULL || arn_region_fits(arn->partition, region))
        return;
    conf_errors_add(errors, section_where(section, role->region != NULL ? "region" : "arn"),
        "[%s] is in partition %s, region %s is not: set region in [%s]", section->title,
        arn->partition, region, section->title);
}

static void
check_transitive(
    const struct conf_role *role, const struct section *section, struct conf_errors *errors)
{
    /* Without tags because they are wrong, every key here would be reported as well. */
    if (role->n_tags == 0 && section_says(section, "tags"))
        return;
    for (size_t i = 0; i < role->transitive_tags.n; i++) {
        bool found = false;
        for (size_t j = 0; j < role->n_tags && !found; j++)
            found = strcmp(role->tags[j].key, role->transitive_tags.items[i]) == 0;
        if (!found)
            conf_errors_add(errors, section_where(section, "transitive-tags"),
                "transitive tag \"%s\" of [%s] is none of its tags: add it to tags, letter by "
                "letter the same",
                role->transitive_tags.items[i], section->title);
    }
}

/* Read the policy that a section names; the roles of a pattern have it in common. */
static int
read_policy(struct conf_role *role, const struct section *section, struct conf_errors *errors)
{
    char why[POLICY_WHY_MAX] = "";
    size_t arns = 0;

    for (size_t i = 0; i < role->policy_arns.n; i++)
        arns += strlen(role->policy_arns.items[i]);
    if (arns > POLICY_MAX)
        conf_errors_add(errors, section_where(section, "policy-arns"),
            "policy-arns of [%s] have %zu characters: AWS takes %d, with the policy's",
            section->title, arns, POLICY_MAX);
    if (role->policy == NULL)
        return 0;
    int r = policy_load(role->policy, &role->policy_text, why);
    if (r == FED_E_CONFIG)
        conf_errors_add(
            errors, section_where(section, "policy"), "policy of [%s]: %s", section->title, why);
    if (r == 0)
        role->digest = sections_digest_text(role->digest, role->policy_text);
    return r == FED_E_CONFIG ? 0 : r;
}

/* What holds for a role and for what a pattern makes. */
static void
check_taking(const struct conf *conf, const struct conf_role *role, const struct arn *arn,
    const struct section *section, struct conf_errors *errors)
{
    check_provider(role, arn, section, errors);
    check_policies(role, arn, section, errors);
    check_region(conf, role, arn, section, errors);
    flows_check(conf, role, section, errors);
}

int
roles_check(const struct conf *conf, struct conf_role *role, const struct section *section,
    struct conf_errors *errors)
{
    struct arn arn;

    if (!section_has_items(section, "groups") && !section_has_items(section, "users") &&
        !flows_is_hop(conf, role))
        conf_errors_add(errors, section_where(section, "groups"),
            "[%s] has neither groups nor users: say who may take it", section->title);
    check_transitive(role, section, errors);
    int r = read_policy(role, section, errors);
    if (r != 0)
        return r;
    if (role->arn == NULL || arn_parse(role->arn, &arn) != 0)
        return 0; /* reported where it was read */
    check_taking(conf, role, &arn, section, errors);
    role->account = strdup(arn.account);
    role->partition = strdup(arn.partition);
    return role->account != NULL && role->partition != NULL ? 0 : FED_E_NOMEM;
}

/* A placeholder that the pattern does not find stands in the ARN as it is, and that is no ARN. */
static bool
finds(const struct conf_pattern *pattern, const char *text, const char *mark)
{
    return text == NULL || strstr(text, mark) == NULL || strstr(pattern->match, mark) != NULL;
}

static bool
check_placeholders(
    const struct conf_pattern *pattern, const struct section *section, struct conf_errors *errors)
{
    static const char *const marks[] = {"{account}", "{role}"};
    bool right = true;

    for (size_t i = 0; i < 2; i++) {
        bool found = finds(pattern, pattern->role.arn, marks[i]) &&
                     finds(pattern, pattern->role.provider, marks[i]) &&
                     finds(pattern, pattern->role.alias, marks[i]);
        for (size_t j = 0; j < pattern->role.policy_arns.n; j++)
            found = found && finds(pattern, pattern->role.policy_arns.items[j], marks[i]);
        if (!found)
            conf_errors_add(errors, section_where(section, "match"),
                "\"match\" of [%s] finds no %s, which its other keys use: write it into match, or "
                "the text itself into them",
                section->title, marks[i]);
        right = right && found;
    }
    return right;
}

/* A pattern is right when the role is that it makes of some group. */
int
roles_check_pattern(const struct conf *conf, struct conf_pattern *pattern,
    const struct section *section, struct conf_errors *errors)
{
    struct conf_role role;
    struct arn arn;

    check_transitive(&pattern->role, section, errors);
    int r = read_policy(&pattern->role, section, errors);
    if (r != 0 || !check_placeholders(pattern, section, errors))
        return r;
    r = pattern_role(pattern, &pattern_sample, &role);
    if (r != 0)
        return r == FED_E_INVALID ? 0 : r; /* reported where it was read */
    if (arn_parse(role.arn, &arn) == 0)
        check_taking(conf, &role, &arn, section, errors);
    pattern_role_done(&role);
    return 0;
}
