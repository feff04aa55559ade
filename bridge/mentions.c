/*
 * The row of named groups, and one question a domain for those that are its.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "bridge/mentions.h"

#include <stdlib.h>

#include "conf/home.h"

size_t
mentions_of_demand(const struct conf *conf)
{
    size_t n = conf->mfa.exempt_groups.n;

    for (size_t i = 0; i < conf->n_rules; i++)
        n += conf->rules[i].groups.n;
    return n;
}

bool
mention_is_demand(const struct mention *mention)
{
    return mention->of == MENTION_EXEMPT || mention->of == MENTION_RULE;
}

static size_t
count(const struct conf *conf)
{
    size_t n = mentions_of_demand(conf);

    for (size_t i = 0; i < conf->n_roles; i++)
        n += conf->roles[i].groups.n;
    for (size_t i = 0; i < conf->n_domains; i++)
        n += conf->domains[i].login_groups.n + conf->domains[i].deny_groups.n;
    return n;
}

static void
add_list(struct mentions *m, const struct conf *conf, enum mention_of of, size_t owner,
    const struct conf_list *list, size_t at)
{
    for (size_t i = 0; i < list->n; i++) {
        struct mention *one = &m->items[m->n++];
        *one = (struct mention){.of = of, .owner = owner, .at = at + i, .text = list->items[i]};
        one->home = home_of_group(conf, one->text, &one->name);
        if (one->home == HOME_ANYWHERE && (of == MENTION_LOGIN || of == MENTION_DENY))
            one->home = (int)owner;
    }
}

int
mentions_make(const struct conf *conf, struct mentions *ret)
{
    struct mentions m = {.items = calloc(count(conf) + 1, sizeof(*m.items))};

    if (m.items == NULL)
        return FED_E_NOMEM;
    for (size_t i = 0; i < conf->n_roles; i++)
        add_list(&m, conf, MENTION_ROLE, i, &conf->roles[i].groups, m.n);
    m.n_roles = m.n;
    for (size_t i = 0; i < conf->n_domains; i++) {
        add_list(&m, conf, MENTION_LOGIN, i, &conf->domains[i].login_groups, 0);
        add_list(&m, conf, MENTION_DENY, i, &conf->domains[i].deny_groups, 0);
    }
    size_t first = m.n;
    add_list(&m, conf, MENTION_EXEMPT, 0, &conf->mfa.exempt_groups, 0);
    for (size_t i = 0; i < conf->n_rules; i++)
        add_list(&m, conf, MENTION_RULE, i, &conf->rules[i].groups, m.n - first);
    *ret = m;
    return 0;
}

int
mentions_of_role(const struct conf *conf, const struct conf_role *role, struct mentions *ret)
{
    struct mentions m = {.items = calloc(role->groups.n + 1, sizeof(*m.items))};

    if (m.items == NULL)
        return FED_E_NOMEM;
    add_list(&m, conf, MENTION_ROLE, 0, &role->groups, 0);
    m.n_roles = m.n;
    *ret = m;
    return 0;
}

void
mentions_done(struct mentions *mentions)
{
    free(mentions->items);
    *mentions = (struct mentions){0};
}

bool
mention_is_of(const struct mention *mention, size_t domain)
{
    return mention->home == HOME_ANYWHERE || mention->home == (int)domain;
}

int
mentions_ask(
    const struct mentions *m, struct addir *dir, size_t domain, struct sid **ret, char *why)
{
    char **names = calloc(m->n + 1, sizeof(*names));
    struct sid *found = calloc(m->n + 1, sizeof(*found)), *all = calloc(m->n + 1, sizeof(*all));
    size_t n = 0, at = 0;
    int r = names != NULL && found != NULL && all != NULL ? 0 : FED_E_NOMEM;

    for (size_t i = 0; r == 0 && i < m->n; i++)
        if (mention_is_of(&m->items[i], domain))
            names[n++] = (char *)m->items[i].name;
    if (r == 0 && n > 0)
        r = addir_groups(dir, names, n, found, why);
    for (size_t i = 0; r == 0 && i < m->n; i++)
        if (mention_is_of(&m->items[i], domain))
            all[i] = found[at++];
    free(names);
    free(found);
    if (r != 0) {
        free(all);
        return r;
    }
    *ret = all;
    return 0;
}
