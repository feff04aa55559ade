/*
 * Flows and chains, checked once when the configuration is read.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "conf/flows.h"

#include <string.h>
#include <strings.h>

#include "conf/arn.h"

const struct conf_role *
flows_find_role(const struct conf *conf, const char *name)
{
    for (size_t i = 0; i < conf->n_roles; i++)
        if (strcmp(conf->roles[i].name, name) == 0)
            return &conf->roles[i];
    return NULL;
}

bool
flows_is_chained(const struct conf_role *role)
{
    return role->via != NULL || role->flow == CONF_FLOW_ASSUME_ROLE;
}

bool
flows_is_hop(const struct conf *conf, const struct conf_role *role)
{
    for (size_t i = 0; i < conf->n_roles; i++)
        if (conf->roles[i].via != NULL && strcmp(conf->roles[i].via, role->name) == 0)
            return true;
    for (size_t i = 0; i < conf->n_patterns; i++)
        if (conf->patterns[i].role.via != NULL &&
            strcmp(conf->patterns[i].role.via, role->name) == 0)
            return true;
    return false;
}

/* One role under check, or the role that a pattern makes. */
struct check {
    const struct conf *conf;
    const struct conf_role *role;
    const struct section *section;
    struct conf_errors *errors;
};

static void
check_needs(const struct check *c)
{
    const struct conf_role *role = c->role;

    if (role->via != NULL)
        return;
    if (role->flow == CONF_FLOW_OIDC && c->conf->oidc.where.file == NULL)
        conf_errors_add(c->errors, section_where(c->section, "flow"),
            "no [oidc], which [%s] with flow = oidc needs: add it with issuer and key",
            c->section->title);
    if (role->flow == CONF_FLOW_SAML && c->conf->saml.where.file == NULL)
        conf_errors_add(c->errors, section_where(c->section, "flow"),
            "no [saml], which [%s] with flow = saml needs: add it with entity-id, key and "
            "certificate",
            c->section->title);
    if (role->flow == CONF_FLOW_ASSUME_ROLE && c->conf->aws.base_credential == NULL)
        conf_errors_add(c->errors, section_where(c->section, "flow"),
            "[%s] with flow = assume-role needs keys to ask with: set base-credential in "
            "[aws]",
            c->section->title);
}

static void
check_chained(const struct check *c)
{
    const struct conf_role *role = c->role;

    if (!flows_is_chained(role)) {
        if (role->external_id != NULL)
            conf_errors_add(c->errors, section_where(c->section, "external-id"),
                "\"external-id\" of [%s] reaches AWS with flow = assume-role or via only: "
                "remove it",
                c->section->title);
        return;
    }
    if (role->duration_s > FLOWS_CHAINED_MOST_S)
        conf_errors_add(c->errors, section_where(c->section, "duration"),
            "\"duration\" of [%s] is more than 1h, the most that AWS gives a role that is "
            "assumed by another: write 1h or less",
            c->section->title);
}

/* A transitive tag of an earlier role comes along, and AWS refuses to have it set again. */
static void
check_inherited(const struct check *c, const struct conf_role *earlier)
{
    const struct conf_role *role = c->role;

    for (size_t i = 0; i < earlier->transitive_tags.n; i++)
        for (size_t j = 0; j < role->n_tags; j++)
            if (strcasecmp(role->tags[j].key, earlier->transitive_tags.items[i]) == 0)
                conf_errors_add(c->errors, section_where(c->section, "tags"),
                    "tag \"%s\" of [%s] comes along from [role %s], where it is transitive, "
                    "and cannot be set again: remove it here",
                    role->tags[j].key, c->section->title, earlier->name);
    if (role->source_identity != NULL && earlier->source_identity != NULL &&
        strcmp(role->source_identity, earlier->source_identity) != 0)
        conf_errors_add(c->errors, section_where(c->section, "source-identity"),
            "\"source-identity\" of [%s] is not that of [role %s], and AWS never changes one: "
            "write the same, or leave it out here",
            c->section->title, earlier->name);
}

/* From the role back to the one that is taken first. */
static void
check_via(const struct check *c)
{
    const struct conf_role *role = c->role, *at = role;
    struct arn mine, other;

    for (unsigned hops = 0; at->via != NULL; hops++) {
        const struct conf_role *next = flows_find_role(c->conf, at->via);
        if (next == NULL) {
            if (at == role)
                conf_errors_add(c->errors, section_where(c->section, "via"),
                    "there is no [role %s], via which [%s] is to be taken: name one", at->via,
                    c->section->title);
            return; /* else it is said where it stands */
        }
        if (next == role || hops == FLOWS_HOPS_MOST) {
            conf_errors_add(c->errors, section_where(c->section, "via"),
                "\"via\" of [%s] leads back to it, or over more than %d roles: end the chain "
                "with a role that has no via",
                c->section->title, FLOWS_HOPS_MOST);
            return;
        }
        if (at == role && arn_parse(role->arn, &mine) == 0 && next->arn != NULL &&
            arn_parse(next->arn, &other) == 0 && strcmp(mine.partition, other.partition) != 0)
            conf_errors_add(c->errors, section_where(c->section, "via"),
                "[%s] is in partition %s, [role %s] in %s: no role leads from one to another",
                c->section->title, mine.partition, next->name, other.partition);
        check_inherited(c, next);
        at = next;
    }
}

void
flows_split_base(struct conf_aws *aws)
{
    const char *text = aws->base_credential;

    if (text == NULL)
        return;
    const char *colon = strchr(text, ':');
    aws->base_file = colon != NULL ? colon + 1 : NULL;
    if (strcmp(text, "imds") == 0)
        aws->base = CONF_BASE_IMDS;
    else if (strcmp(text, "container") == 0)
        aws->base = CONF_BASE_CONTAINER;
    else if (strncmp(text, "web-identity:", 13) == 0)
        aws->base = CONF_BASE_WEB_IDENTITY;
    else
        aws->base = CONF_BASE_FILE;
}

void
flows_check(const struct conf *conf, const struct conf_role *role, const struct section *section,
    struct conf_errors *errors)
{
    const struct check c = {.conf = conf, .role = role, .section = section, .errors = errors};

    check_needs(&c);
    check_chained(&c);
    check_via(&c);
}
