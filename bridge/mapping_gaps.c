/*
 * Naming what is missing.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "bridge/mapping_gaps.h"

#include "base/log.h"
#include "conf/home.h"
#include "conf/pattern.h"

/* Has a domain that it is looked for in found it, or not answered yet? */
static bool
may_be(const struct conf *conf, const struct mention *m, const struct book_groups *domains)
{
    if (m->of == MENTION_LOGIN)
        return !domains[m->home].known || domains[m->owner].login[m->at].len != 0;
    if (m->of == MENTION_DENY)
        return !domains[m->home].known || domains[m->owner].deny[m->at].len != 0;
    for (size_t i = 0; i < conf->n_domains; i++) {
        const struct sid *found = m->of == MENTION_ROLE ? domains[i].roles : domains[i].demand;
        if (mention_is_of(m, i) && (!domains[i].known || found[m->at].len != 0))
            return true;
    }
    return false;
}

/* One of the second factor's: what it means for whom a code is asked of. */
static void
name_demand(const struct conf *conf, const struct mention *m, const char *where)
{
    const struct conf_rule *rule = &conf->rules[m->owner];

    if (m->of == MENTION_EXEMPT)
        fed_log_error("no group \"%s\" in %s, or more than one, named in [mfa] exempt-groups: it "
                      "exempts nobody; correct the name, or remove it",
            m->text, where);
    else
        fed_log_error("%s:%u: no group \"%s\" in %s, or more than one, named in [mfa-rule %s]: %s; "
                      "correct the name, write its SID, or remove it",
            rule->where.file, rule->where.line, m->text, where, rule->name,
            rule->required == CONF_MFA_YES
                ? "who is in it cannot be known, so the rule fits everybody there"
                : "it has no members");
}

static void
name_group(const struct conf *conf, const struct mention *m)
{
    const char *where = m->home >= 0 ? conf->domains[m->home].name : "any domain";

    if (m->of == MENTION_ROLE) {
        const struct conf_role *role = &conf->roles[m->owner];
        fed_log_error("%s:%u: no group \"%s\" in %s, or more than one, for [role %s]: correct the "
                      "name, or remove it",
            role->where.file, role->where.line, m->text, where, role->name);
        return;
    }
    if (mention_is_demand(m)) {
        name_demand(conf, m, where);
        return;
    }
    const struct conf_domain *dc = &conf->domains[m->owner];
    if (m->of == MENTION_LOGIN)
        fed_log_error("%s:%u: no group \"%s\" in %s, or more than one, named in login-groups: "
                      "correct the name, or remove it",
            dc->where.file, dc->where.line, m->text, where);
    else
        fed_log_error("%s:%u: no group \"%s\" in %s, or more than one, named in deny-groups: who "
                      "is in it cannot be known, so nobody of %s logs in: correct the name, write "
                      "its SID, or remove it",
            dc->where.file, dc->where.line, m->text, where, dc->name);
}

static void
name_empty_patterns(const struct conf *conf, const struct book_groups *domains)
{
    struct pattern_found found;

    for (size_t i = 0; i < conf->n_patterns; i++) {
        const struct conf_pattern *p = &conf->patterns[i];
        bool any = false;
        for (size_t k = 0; k < conf->n_domains && !any; k++) {
            any = !domains[k].known;
            for (size_t j = 0; !any && j < domains[k].like[i].n; j++)
                any = pattern_fits(p->match, domains[k].like[i].groups[j].name, &found);
        }
        if (!any)
            fed_log_warning("%s:%u: [role-pattern %s] fits no group: it makes no role",
                p->role.where.file, p->role.where.line, p->role.name);
    }
}

size_t
mapping_gaps(
    const struct conf *conf, const struct mentions *mentions, const struct book_groups *domains)
{
    size_t missing = 0;

    for (size_t i = 0; i < mentions->n; i++) {
        if (may_be(conf, &mentions->items[i], domains))
            continue;
        name_group(conf, &mentions->items[i]);
        missing++;
    }
    name_empty_patterns(conf, domains);
    return missing;
}
