/*
 * A snapshot of the resolved groups, replaced as a whole.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "bridge/mapping.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/text.h"

/* One rule "members of this group have this", sorted by SID. */
struct rule {
    struct sid sid;
    unsigned role;
};

/* What is known of one domain's groups. */
struct resolved {
    bool known;
    struct rule *rules;
    size_t n_rules;
    struct sid *login, *deny; /* as many as configured; len 0 = does not exist */
};

struct mapper {
    const struct conf *conf;
    struct addir *const *dirs;
    pthread_rwlock_t lock; /* for domains */
    struct resolved *domains;
};

static void
resolved_done(struct resolved *d)
{
    free(d->rules);
    free(d->login);
    free(d->deny);
    *d = (struct resolved){0};
}

int
mapper_new(const struct conf *conf, struct addir *const *dirs, struct mapper **ret)
{
    struct mapper *m = calloc(1, sizeof(*m));

    if (m == NULL)
        return FED_E_NOMEM;
    m->conf = conf;
    m->dirs = dirs;
    m->domains = calloc(conf->n_domains, sizeof(*m->domains));
    if (m->domains == NULL) {
        free(m);
        return FED_E_NOMEM;
    }
    (void)pthread_rwlock_init(&m->lock, NULL);
    *ret = m;
    return 0;
}

void
mapper_free(struct mapper *m)
{
    if (m == NULL)
        return;
    for (size_t i = 0; i < m->conf->n_domains; i++)
        resolved_done(&m->domains[i]);
    free(m->domains);
    (void)pthread_rwlock_destroy(&m->lock);
    free(m);
}

static int
compare_rules(const void *a, const void *b)
{
    const struct rule *x = a, *y = b;
    int order = sid_compare(&x->sid, &y->sid);

    return order != 0 ? order : (x->role > y->role) - (x->role < y->role);
}

static size_t
count_groups(const struct conf *conf)
{
    size_t n = 0;

    for (size_t i = 0; i < conf->n_roles; i++)
        n += conf->roles[i].groups.n;
    return n;
}

/* Every group of every role in one question to the directory. */
static int
resolve_roles(struct mapper *m, size_t domain, struct resolved *d, char *why)
{
    const struct conf *conf = m->conf;
    size_t n = count_groups(conf), at = 0;
    char **names = calloc(n + 1, sizeof(*names));
    struct sid *sids = calloc(n + 1, sizeof(*sids));
    int r = FED_E_NOMEM;

    d->rules = calloc(n + 1, sizeof(*d->rules));
    if (names == NULL || sids == NULL || d->rules == NULL)
        goto out;
    for (size_t i = 0; i < conf->n_roles; i++) {
        for (size_t j = 0; j < conf->roles[i].groups.n; j++)
            names[at++] = conf->roles[i].groups.items[j];
    }
    if (n > 0 && (r = addir_groups(m->dirs[domain], names, n, sids, why)) != 0)
        goto out;
    at = 0;
    for (unsigned i = 0; i < conf->n_roles; i++) {
        for (size_t j = 0; j < conf->roles[i].groups.n; j++, at++) {
            if (sids[at].len != 0)
                d->rules[d->n_rules++] = (struct rule){.sid = sids[at], .role = i};
            else if (conf->n_domains == 1)
                fed_log_warning("%s:%u: no group \"%s\" in %s, or more than one: "
                                "the role [role %s] is given to nobody by it",
                    conf->roles[i].where.file, conf->roles[i].where.line, names[at],
                    conf->domains[domain].name, conf->roles[i].name);
        }
    }
    qsort(d->rules, d->n_rules, sizeof(*d->rules), compare_rules);
    r = 0;

out:
    free(names);
    free(sids);
    return r;
}

static int
resolve_list(struct mapper *m, size_t domain, const struct conf_list *list, const char *key,
    struct sid **ret, char *why)
{
    const struct conf_domain *dc = &m->conf->domains[domain];
    struct sid *sids;
    int r;

    if (list->n == 0)
        return 0;
    sids = calloc(list->n, sizeof(*sids));
    if (sids == NULL)
        return FED_E_NOMEM;
    if ((r = addir_groups(m->dirs[domain], list->items, list->n, sids, why)) != 0) {
        free(sids);
        return r;
    }
    for (size_t i = 0; i < list->n; i++) {
        if (sids[i].len == 0)
            fed_log_error("%s:%u: no group \"%s\" in %s, or more than one, named in %s",
                dc->where.file, dc->where.line, list->items[i], dc->name, key);
    }
    *ret = sids;
    return 0;
}

static int
refresh_domain(struct mapper *m, size_t i)
{
    const struct conf_domain *dc = &m->conf->domains[i];
    struct resolved fresh = {.known = true};
    char why[ADDIR_WHY_MAX] = "";
    int r;

    if ((r = resolve_roles(m, i, &fresh, why)) != 0 ||
        (r = resolve_list(m, i, &dc->login_groups, "login-groups", &fresh.login, why)) != 0 ||
        (r = resolve_list(m, i, &dc->deny_groups, "deny-groups", &fresh.deny, why)) != 0) {
        fed_log_warning("the groups of %s could not be read: %s%s%s", dc->name, fed_strerror(r),
            why[0] != '\0' ? ": " : "", why);
        resolved_done(&fresh);
        return r;
    }
    (void)pthread_rwlock_wrlock(&m->lock);
    struct resolved old = m->domains[i];
    m->domains[i] = fresh;
    (void)pthread_rwlock_unlock(&m->lock);
    resolved_done(&old);
    return 0;
}

int
mapper_refresh(struct mapper *m)
{
    int result = 0;

    for (size_t i = 0; i < m->conf->n_domains; i++) {
        int r = refresh_domain(m, i);
        if (r != 0)
            result = r;
    }
    return result;
}

/* Mark the roles of the rules for one group. */
static void
mark_group(const struct resolved *d, const struct sid *group, unsigned char *has)
{
    size_t low = 0, high = d->n_rules;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (sid_compare(&d->rules[middle].sid, group) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    for (; low < d->n_rules && sid_equal(&d->rules[low].sid, group); low++)
        has[d->rules[low].role] = 1;
}

/* A bare name means the default domain's; "name@domain" and a UPN say whose they are. */
static bool
is_user(const struct conf_domain *domain, const struct addir_person *person, const char *name)
{
    const char *at = strrchr(name, '@');

    if (at == NULL)
        return domain->is_default && text_equal_nocase(name, person->sam);
    if (text_equal_nocase(name, person->upn))
        return true;
    size_t len = (size_t)(at - name);
    return text_equal_nocase(at + 1, domain->name) && strlen(person->sam) == len &&
           strncasecmp(person->sam, name, len) == 0;
}

static void
mark_users(
    const struct conf *conf, size_t domain, const struct addir_person *person, unsigned char *has)
{
    for (size_t i = 0; i < conf->n_roles; i++) {
        for (size_t j = 0; j < conf->roles[i].users.n; j++) {
            if (is_user(&conf->domains[domain], person, conf->roles[i].users.items[j]))
                has[i] = 1;
        }
    }
}

int
mapper_roles(struct mapper *m, size_t domain, const struct addir_person *person,
    const struct addir_entry *entry, unsigned **ret_roles, size_t *ret_n)
{
    unsigned char *has = calloc(m->conf->n_roles + 1, 1);
    unsigned *roles = NULL;
    size_t n = 0;
    int r = 0;

    if (has == NULL)
        return FED_E_NOMEM;
    (void)pthread_rwlock_rdlock(&m->lock);
    if (!m->domains[domain].known)
        r = FED_E_DIRECTORY;
    for (size_t i = 0; r == 0 && i < entry->n_groups; i++)
        mark_group(&m->domains[domain], &entry->groups[i], has);
    (void)pthread_rwlock_unlock(&m->lock);
    if (r != 0)
        goto out;

    mark_users(m->conf, domain, person, has);
    for (size_t i = 0; i < m->conf->n_roles; i++)
        n += has[i];
    if (n > 0 && (roles = calloc(n, sizeof(*roles))) == NULL) {
        r = FED_E_NOMEM;
        goto out;
    }
    n = 0;
    for (unsigned i = 0; i < m->conf->n_roles; i++) {
        if (has[i])
            roles[n++] = i;
    }
    *ret_roles = roles;
    *ret_n = n;

out:
    free(has);
    return r;
}

static bool
in_any(const struct addir_entry *entry, const struct sid *sids, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (sids[i].len != 0 && addir_in_group(entry, &sids[i]))
            return true;
    }
    return false;
}

int
mapper_may_login(struct mapper *m, size_t domain, const struct addir_entry *entry)
{
    const struct conf_domain *dc = &m->conf->domains[domain];
    int r = 0;

    if (dc->login_groups.n == 0 && dc->deny_groups.n == 0)
        return 0;
    (void)pthread_rwlock_rdlock(&m->lock);
    const struct resolved *d = &m->domains[domain];
    if (!d->known)
        r = FED_E_DIRECTORY;
    else if (in_any(entry, d->deny, dc->deny_groups.n))
        r = FED_E_NOT_LISTED;
    else if (dc->login_groups.n > 0 && !in_any(entry, d->login, dc->login_groups.n))
        r = FED_E_NOT_LISTED;
    (void)pthread_rwlock_unlock(&m->lock);
    return r;
}
