/*
 * Making a book, and comparing two.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "bridge/book.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/log.h"
#include "bridge/book_rules.h"
#include "bridge/mentions.h"
#include "conf/pattern.h"

/* ---- Owning ---- */

struct book *
book_ref(struct book *book)
{
    if (book != NULL)
        (void)atomic_fetch_add(&book->refs, 1);
    return book;
}

void
book_unref(struct book *b)
{
    if (b == NULL || atomic_fetch_sub(&b->refs, 1) != 1)
        return;
    for (size_t i = 0; b->domains != NULL && i < b->conf->n_domains; i++) {
        free(b->domains[i].rules);
        free(b->domains[i].login);
        free(b->domains[i].deny);
        free(b->domains[i].demand);
    }
    for (size_t i = b->conf->n_roles; i < b->n_roles; i++) {
        struct conf_role *made = (struct conf_role *)b->roles[i];
        pattern_role_done(made);
        free(made);
    }
    book_index_done(&b->by_name);
    book_index_done(&b->by_arn);
    free(b->roles);
    free(b->domains);
    free(b->users);
    conf_free(b->conf);
    free(b);
}

size_t
book_size(const struct book *book)
{
    return book->n_roles;
}

const struct conf_role *
book_role(const struct book *book, unsigned index)
{
    return book->roles[index];
}

static const char *
name_of(const void *arg, unsigned role)
{
    return ((const struct book *)arg)->roles[role]->name;
}

static const char *
arn_of(const void *arg, unsigned role)
{
    return ((const struct book *)arg)->roles[role]->arn;
}

const struct conf_role *
book_find(const struct book *book, const char *name)
{
    unsigned role;

    return book_index_find(&book->by_name, name, &role) ? book->roles[role] : NULL;
}

/* ---- Making: roles ---- */

static int
add_role(struct book *b, const struct conf_role *role)
{
    int r;

    if (b->n_roles == b->room) {
        size_t room = b->room == 0 ? 64 : 2 * b->room;
        const struct conf_role **grown = reallocarray(b->roles, room, sizeof(*grown));
        if (grown == NULL)
            return FED_E_NOMEM;
        b->roles = grown;
        b->room = room;
    }
    unsigned index = (unsigned)b->n_roles;
    b->roles[b->n_roles++] = role;
    if ((r = book_index_add(&b->by_name, index)) == 0)
        r = book_index_add(&b->by_arn, index);
    return r;
}

static int
add_rule(struct domain_rules *d, size_t *room, const struct sid *sid, unsigned role)
{
    if (d->n_rules == *room) {
        size_t more = *room == 0 ? 64 : 2 * *room;
        struct rule *grown = reallocarray(d->rules, more, sizeof(*grown));
        if (grown == NULL)
            return FED_E_NOMEM;
        d->rules = grown;
        *room = more;
    }
    d->rules[d->n_rules++] = (struct rule){.sid = *sid, .role = role};
    return 0;
}

static void
complain(
    const struct book *b, const struct conf_pattern *pattern, const char *group, const char *what)
{
    if (!b->quiet)
        fed_log_warning("%s:%u: [role-pattern %s] makes no role of group \"%s\": %s",
            pattern->role.where.file, pattern->role.where.line, pattern->role.name, group, what);
}

/*
 * The role that a pattern makes of a group: a new one, or the one that a group of the same name in another domain made. What the
 * configuration says in a [role] goes before a pattern, and an earlier pattern before a later one.
 * ret_made is false where there is none.
 */
static int
make_role(struct book *b, const struct conf_pattern *pattern, const char *group,
    const struct pattern_found *found, bool *ret_made, unsigned *ret_role)
{
    struct conf_role *role = calloc(1, sizeof(*role));
    unsigned other;
    int r = role != NULL ? pattern_role(pattern, found, role) : FED_E_NOMEM;

    *ret_made = false;
    if (r == FED_E_INVALID)
        complain(b, pattern, group, "AWS takes no such ARN, or the name cannot be typed");
    if (r != 0) {
        free(role);
        return r == FED_E_INVALID ? 0 : r;
    }
    bool taken = book_index_find(&b->by_arn, role->arn, &other) ||
                 book_index_find(&b->by_name, role->name, &other);
    if (!taken) {
        *ret_made = true;
        *ret_role = (unsigned)b->n_roles;
        return add_role(b, role); /* in the book from here on, even when this fails */
    }
    if (other >= b->conf->n_roles && b->roles[other]->where.line == role->where.line &&
        b->roles[other]->where.file == role->where.file &&
        strcmp(b->roles[other]->arn, role->arn) == 0) {
        *ret_made = true;
        *ret_role = other;
    } else if (other >= b->conf->n_roles) {
        complain(b, pattern, group, "another pattern, or another path, has made that role already");
    }
    pattern_role_done(role);
    free(role);
    return 0;
}

static int
add_pattern(struct book *b, const struct conf_pattern *pattern, const struct book_like *like,
    struct domain_rules *d, size_t *room)
{
    struct pattern_found found;
    bool made;
    unsigned role;
    int r = 0;

    for (size_t i = 0; i < like->n && r == 0; i++) {
        if (!pattern_fits(pattern->match, like->groups[i].name, &found))
            continue;
        r = make_role(b, pattern, like->groups[i].name, &found, &made, &role);
        if (r == 0 && made)
            r = add_rule(d, room, &like->groups[i].sid, role);
    }
    return r;
}

static int
compare_rules(const void *a, const void *b)
{
    const struct rule *x = a, *y = b;
    int order = sid_compare(&x->sid, &y->sid);

    return order != 0 ? order : (x->role > y->role) - (x->role < y->role);
}

static int
copy_sids(const struct sid *from, size_t n, struct sid **ret)
{
    if (n == 0)
        return 0;
    *ret = calloc(n, sizeof(**ret));
    if (*ret == NULL)
        return FED_E_NOMEM;
    memcpy(*ret, from, n * sizeof(**ret));
    return 0;
}

static int
add_domain(struct book *b, size_t index, const struct book_groups *groups)
{
    const struct conf_domain *dc = &b->conf->domains[index];
    struct domain_rules *d = &b->domains[index];
    size_t room = 0, at = 0;
    int r = 0;

    d->known = groups->known;
    if (!groups->known)
        return 0;
    for (unsigned i = 0; i < b->conf->n_roles; i++) {
        for (size_t j = 0; j < b->conf->roles[i].groups.n && r == 0; j++, at++) {
            if (groups->roles[at].len != 0)
                r = add_rule(d, &room, &groups->roles[at], i);
        }
    }
    for (size_t i = 0; i < b->conf->n_patterns && r == 0; i++)
        r = add_pattern(b, &b->conf->patterns[i], &groups->like[i], d, &room);
    if (r == 0)
        r = copy_sids(groups->login, dc->login_groups.n, &d->login);
    if (r == 0)
        r = copy_sids(groups->deny, dc->deny_groups.n, &d->deny);
    if (r == 0)
        r = copy_sids(groups->demand, mentions_of_demand(b->conf), &d->demand);
    d->n_own = d->n_rules;
    return r;
}

/*
 * What the groups of one domain give, they give the people of every domain whose entries say that they are in them. Only the built-in
 * ones (S-1-5-32-…) have the same SID everywhere and mean each domain's own.
 */
static int
share_rules(struct book *b, size_t with)
{
    struct domain_rules *d = &b->domains[with];
    size_t room = d->n_rules;
    int r = 0;

    for (size_t i = 0; i < b->conf->n_domains; i++) {
        const struct domain_rules *from = &b->domains[i];
        for (size_t k = 0; i != with && k < from->n_own && r == 0; k++) {
            if (sid_is_of_domain(&from->rules[k].sid))
                r = add_rule(d, &room, &from->rules[k].sid, from->rules[k].role);
        }
    }
    return r;
}

static int
compare_users(const void *a, const void *b)
{
    const struct user_rule *x = a, *y = b;
    int order = strcasecmp(x->name, y->name);

    return order != 0 ? order : (x->role > y->role) - (x->role < y->role);
}

static int
add_users(struct book *b)
{
    size_t n = 0;

    for (size_t i = 0; i < b->conf->n_roles; i++)
        n += b->conf->roles[i].users.n;
    if (n == 0)
        return 0;
    b->users = calloc(n, sizeof(*b->users));
    if (b->users == NULL)
        return FED_E_NOMEM;
    for (unsigned i = 0; i < b->conf->n_roles; i++) {
        for (size_t j = 0; j < b->conf->roles[i].users.n; j++)
            b->users[b->n_users++] =
                (struct user_rule){.name = b->conf->roles[i].users.items[j], .role = i};
    }
    qsort(b->users, b->n_users, sizeof(*b->users), compare_users);
    return 0;
}

int
book_new(struct conf *conf, const struct book_groups *domains, bool quiet, struct book **ret)
{
    struct book *b = calloc(1, sizeof(*b));
    int r = 0;

    if (b == NULL)
        return FED_E_NOMEM;
    atomic_init(&b->refs, 1);
    b->conf = conf_ref(conf);
    b->quiet = quiet;
    b->by_name = (struct book_index){.text = name_of, .arg = b};
    b->by_arn = (struct book_index){.text = arn_of, .arg = b};
    b->domains = calloc(conf->n_domains + 1, sizeof(*b->domains));
    if (b->domains == NULL)
        r = FED_E_NOMEM;
    for (size_t i = 0; i < conf->n_roles && r == 0; i++)
        r = add_role(b, &conf->roles[i]);
    for (size_t i = 0; i < conf->n_domains && r == 0; i++)
        r = add_domain(b, i, &domains[i]);
    for (size_t i = 0; i < conf->n_domains && r == 0; i++)
        r = share_rules(b, i);
    for (size_t i = 0; i < conf->n_domains && r == 0; i++) {
        if (b->domains[i].n_rules > 0)
            qsort(b->domains[i].rules, b->domains[i].n_rules, sizeof(struct rule), compare_rules);
    }
    if (r == 0)
        r = add_users(b);
    if (r != 0) {
        book_unref(b);
        return r;
    }
    *ret = b;
    return 0;
}

/* ---- Comparing ---- */

static bool
same_sids(const struct sid *a, const struct sid *b, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (sid_compare(&a[i], &b[i]) != 0)
            return false;
    }
    return true;
}

static bool
same_rules(const struct conf *conf, const struct conf_domain *dc, const struct domain_rules *a,
    const struct domain_rules *b)
{
    if (a->known != b->known || a->n_rules != b->n_rules)
        return false;
    for (size_t i = 0; i < a->n_rules; i++) {
        if (compare_rules(&a->rules[i], &b->rules[i]) != 0)
            return false;
    }
    return !a->known || (same_sids(a->login, b->login, dc->login_groups.n) &&
                            same_sids(a->deny, b->deny, dc->deny_groups.n) &&
                            same_sids(a->demand, b->demand, mentions_of_demand(conf)));
}

bool
book_equal(const struct book *a, const struct book *b)
{
    if (a->conf != b->conf || a->n_roles != b->n_roles)
        return false;
    for (size_t i = 0; i < a->n_roles; i++) {
        if (a->roles[i]->digest != b->roles[i]->digest)
            return false;
    }
    for (size_t i = 0; i < a->conf->n_domains; i++) {
        if (!same_rules(a->conf, &a->conf->domains[i], &a->domains[i], &b->domains[i]))
            return false;
    }
    return true;
}
