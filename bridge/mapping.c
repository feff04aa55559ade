/*
 * Asking the directory for groups, and making books of the answers.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "bridge/mapping.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/log.h"
#include "conf/pattern.h"

struct mapper {
    struct addir *const *dirs;
    struct conf *first;          /* of the start: what is not of the book stays as it says */
    struct conf *conf;           /* of the book; only the refreshing thread looks here */
    struct book_groups *domains; /* what each said last; likewise */
    pthread_mutex_t lock;        /* for now */
    struct book *now;
};

/* ---- The answers ---- */

static void
groups_done(const struct conf *conf, struct book_groups *g)
{
    for (size_t i = 0; g->like != NULL && i < conf->n_patterns; i++)
        free(g->like[i].groups);
    free(g->like);
    free(g->roles);
    free(g->login);
    free(g->deny);
    *g = (struct book_groups){0};
}

static void
domains_free(const struct conf *conf, struct book_groups *domains)
{
    for (size_t i = 0; domains != NULL && i < conf->n_domains; i++)
        groups_done(conf, &domains[i]);
    free(domains);
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
ask_roles(struct addir *dir, const struct conf *conf, struct sid **ret, char *why)
{
    size_t n = count_groups(conf), at = 0;
    char **names = calloc(n + 1, sizeof(*names));
    struct sid *sids = calloc(n + 1, sizeof(*sids));
    int r = names != NULL && sids != NULL ? 0 : FED_E_NOMEM;

    for (size_t i = 0; r == 0 && i < conf->n_roles; i++) {
        for (size_t j = 0; j < conf->roles[i].groups.n; j++)
            names[at++] = conf->roles[i].groups.items[j];
    }
    if (r == 0 && n > 0)
        r = addir_groups(dir, names, n, sids, why);
    free(names);
    if (r != 0) {
        free(sids);
        return r;
    }
    *ret = sids;
    return 0;
}

static int
ask_list(struct addir *dir, const struct conf_list *list, struct sid **ret, char *why)
{
    struct sid *sids = calloc(list->n + 1, sizeof(*sids));
    int r = sids != NULL ? 0 : FED_E_NOMEM;

    if (r == 0 && list->n > 0)
        r = addir_groups(dir, list->items, list->n, sids, why);
    if (r != 0) {
        free(sids);
        return r;
    }
    *ret = sids;
    return 0;
}

static int
ask_patterns(struct addir *dir, const struct conf *conf, struct book_like **ret, char *why)
{
    struct book_like *like = calloc(conf->n_patterns + 1, sizeof(*like));
    int r = like != NULL ? 0 : FED_E_NOMEM;

    for (size_t i = 0; i < conf->n_patterns && r == 0; i++) {
        const char *match = conf->patterns[i].match;
        r = addir_groups_like(dir, match, pattern_prefix(match), &like[i].groups, &like[i].n, why);
    }
    if (r == 0) {
        *ret = like;
        return 0;
    }
    for (size_t i = 0; like != NULL && i < conf->n_patterns; i++)
        free(like[i].groups);
    free(like);
    return r;
}

static int
ask_domain(const struct mapper *m, const struct conf *conf, size_t i, struct book_groups *ret)
{
    const struct conf_domain *dc = &conf->domains[i];
    struct book_groups fresh = {.known = true};
    char why[ADDIR_WHY_MAX] = "";
    int r = ask_roles(m->dirs[i], conf, &fresh.roles, why);

    if (r == 0)
        r = ask_patterns(m->dirs[i], conf, &fresh.like, why);
    if (r == 0)
        r = ask_list(m->dirs[i], &dc->login_groups, &fresh.login, why);
    if (r == 0)
        r = ask_list(m->dirs[i], &dc->deny_groups, &fresh.deny, why);
    if (r != 0) {
        fed_log_warning("the groups of %s could not be read: %s%s%s", dc->name, fed_strerror(r),
            why[0] != '\0' ? ": " : "", why);
        groups_done(conf, &fresh);
        return r;
    }
    *ret = fresh;
    return 0;
}

/* ---- What does not exist is named ---- */

/* A group of a role may be any one domain's. */
static size_t
name_unknown_of_roles(const struct conf *conf, const struct book_groups *domains)
{
    size_t at = 0, unknown = 0;

    for (size_t i = 0; i < conf->n_roles; i++) {
        const struct conf_role *role = &conf->roles[i];
        for (size_t j = 0; j < role->groups.n; j++, at++) {
            bool found = false;
            for (size_t k = 0; k < conf->n_domains && !found; k++)
                found = !domains[k].known || domains[k].roles[at].len != 0;
            if (found)
                continue;
            unknown++;
            fed_log_error("%s:%u: no group \"%s\" in any domain, or more than one, for [role %s]: "
                          "correct the name, or remove it",
                role->where.file, role->where.line, role->groups.items[j], role->name);
        }
    }
    return unknown;
}

static size_t
name_unknown_of_list(const struct conf_domain *dc, const struct conf_list *list,
    const struct sid *sids, const char *key)
{
    size_t unknown = 0;

    for (size_t i = 0; i < list->n; i++) {
        if (sids[i].len != 0)
            continue;
        unknown++;
        fed_log_error("%s:%u: no group \"%s\" in %s, or more than one, named in %s: correct the "
                      "name, or remove it",
            dc->where.file, dc->where.line, list->items[i], dc->name, key);
    }
    return unknown;
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

static size_t
name_unknown(const struct conf *conf, const struct book_groups *domains)
{
    size_t unknown = name_unknown_of_roles(conf, domains);

    for (size_t i = 0; i < conf->n_domains; i++) {
        const struct conf_domain *dc = &conf->domains[i];
        if (!domains[i].known)
            continue;
        unknown += name_unknown_of_list(dc, &dc->login_groups, domains[i].login, "login-groups");
        unknown += name_unknown_of_list(dc, &dc->deny_groups, domains[i].deny, "deny-groups");
    }
    name_empty_patterns(conf, domains);
    return unknown;
}

/* ---- The book of now ---- */

int
mapper_new(struct conf *conf, struct addir *const *dirs, struct mapper **ret)
{
    struct mapper *m = calloc(1, sizeof(*m));
    int r = FED_E_NOMEM;

    if (m == NULL)
        return FED_E_NOMEM;
    m->dirs = dirs;
    m->first = conf_ref(conf);
    m->conf = conf_ref(conf);
    (void)pthread_mutex_init(&m->lock, NULL);
    m->domains = calloc(conf->n_domains + 1, sizeof(*m->domains));
    if (m->domains != NULL)
        r = book_new(conf, m->domains, false, &m->now);
    if (r != 0) {
        mapper_free(m);
        return r;
    }
    *ret = m;
    return 0;
}

void
mapper_free(struct mapper *m)
{
    if (m == NULL)
        return;
    domains_free(m->conf, m->domains);
    book_unref(m->now);
    conf_free(m->conf);
    conf_free(m->first);
    (void)pthread_mutex_destroy(&m->lock);
    free(m);
}

struct book *
mapper_book(struct mapper *m)
{
    (void)pthread_mutex_lock(&m->lock);
    struct book *book = book_ref(m->now);
    (void)pthread_mutex_unlock(&m->lock);
    return book;
}

bool
mapper_is_now(struct mapper *m, const struct book *book)
{
    (void)pthread_mutex_lock(&m->lock);
    bool is_now = m->now == book;
    (void)pthread_mutex_unlock(&m->lock);
    return is_now;
}

static void
put_book(struct mapper *m, struct book *book)
{
    (void)pthread_mutex_lock(&m->lock);
    struct book *old = m->now;
    m->now = book;
    (void)pthread_mutex_unlock(&m->lock);
    book_unref(old);
}

int
mapper_refresh(struct mapper *m)
{
    struct book *book = NULL;
    int result = 0;

    for (size_t i = 0; i < m->conf->n_domains; i++) {
        struct book_groups fresh = {0};
        int r = ask_domain(m, m->conf, i, &fresh);
        if (r != 0) {
            result = r;
            continue;
        }
        groups_done(m->conf, &m->domains[i]);
        m->domains[i] = fresh;
    }
    int r = book_new(m->conf, m->domains, false, &book);
    if (r != 0)
        return r;
    (void)name_unknown(m->conf, m->domains); /* they give nobody anything, and may come back */
    if (book_equal(book, m->now)) /* what tickets hold stays true: nobody need be asked again */
        book_unref(book);
    else
        put_book(m, book);
    return result;
}

/* ---- Another reading of the configuration ---- */

/* "[section] key = text": name the part before the text, once for a key that is in both. */
static size_t
name_fixed(const struct conf_list *in, const struct conf_list *not_in, bool both)
{
    size_t n = 0;

    for (size_t i = 0; i < in->n; i++) {
        const char *equals = strstr(in->items[i], " = ");
        size_t len = equals != NULL ? (size_t)(equals - in->items[i]) + 3 : 0;
        bool same = false, other = false;
        for (size_t j = 0; j < not_in->n && !same; j++) {
            same = strcmp(in->items[i], not_in->items[j]) == 0;
            other = other || strncmp(in->items[i], not_in->items[j], len) == 0;
        }
        if (same || (other && !both))
            continue;
        n++;
        fed_log_warning("%.*s was changed: that needs a restart", (int)len - 3, in->items[i]);
    }
    return n;
}

static bool
same_domains(const struct conf *a, const struct conf *b)
{
    if (a->n_domains != b->n_domains)
        return false;
    for (size_t i = 0; i < a->n_domains; i++) {
        if (strcmp(a->domains[i].name, b->domains[i].name) != 0)
            return false;
    }
    return true;
}

/* Before the book that needs them, so that whoever is looked up with it has them. What is read for nothing does no harm. */
static int
want_attributes(const struct mapper *m, const struct conf *conf)
{
    char why[ADDIR_WHY_MAX] = "";
    int r = 0;

    for (size_t i = 0; i < conf->n_domains && r == 0; i++)
        r = addir_want(m->dirs[i], &conf->ad_attributes, why);
    if (why[0] != '\0')
        fed_log_error("%s", why);
    return r;
}

static int
check_reload(const struct mapper *m, const struct conf *conf)
{
    if (!same_domains(m->first, conf)) {
        fed_log_error("the [domain …] sections are others than before: that needs a restart");
        return FED_E_CONFIG;
    }
    if (conf->n_roles + conf->n_patterns > 0 && m->first->aws.region == NULL) {
        fed_log_error("there are roles for the first time: that needs a restart");
        return FED_E_CONFIG;
    }
    (void)name_fixed(&conf->fixed, &m->first->fixed, true);
    (void)name_fixed(&m->first->fixed, &conf->fixed, false);
    return 0;
}

int
mapper_reload(struct mapper *m, struct conf *conf)
{
    struct book_groups *domains = calloc(conf->n_domains + 1, sizeof(*domains));
    struct book *book = NULL;
    int r = domains != NULL ? check_reload(m, conf) : FED_E_NOMEM;

    if (r == 0)
        r = want_attributes(m, conf);
    for (size_t i = 0; i < conf->n_domains && r == 0; i++)
        r = ask_domain(m, conf, i, &domains[i]);
    if (r == 0 && name_unknown(conf, domains) > 0)
        r = FED_E_CONFIG;
    if (r == 0)
        r = book_new(conf, domains, false, &book);
    if (r != 0) {
        domains_free(conf, domains);
        return r;
    }
    put_book(m, book);
    domains_free(m->conf, m->domains);
    conf_free(m->conf);
    m->domains = domains;
    m->conf = conf_ref(conf);
    return 0;
}

/* ---- Asking ---- */

int
mapper_roles(struct mapper *m, size_t domain, const struct addir_person *person,
    const struct addir_entry *entry, struct book **ret_book, unsigned **ret_roles, size_t *ret_n)
{
    struct book *book = mapper_book(m);
    int r = book_roles(book, domain, person, entry, ret_roles, ret_n);

    if (r != 0)
        book_unref(book);
    else
        *ret_book = book;
    return r;
}

int
mapper_may_login(struct mapper *m, size_t domain, const struct addir_entry *entry)
{
    struct book *book = mapper_book(m);
    int r = book_may_login(book, domain, entry);

    book_unref(book);
    return r;
}
