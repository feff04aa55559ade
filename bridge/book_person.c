/*
 * Looking people up in a book.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/text.h"
#include "bridge/book_rules.h"
#include "conf/home.h"

/* The first rule that is not below a group, from low on. */
static size_t
find_rule(const struct domain_rules *d, const struct sid *group, size_t low)
{
    size_t high = d->n_rules;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (sid_compare(&d->rules[middle].sid, group) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static void
mark_groups(const struct domain_rules *d, const struct addir_entry *entry, unsigned char *has)
{
    size_t at = 0;

    /* Both are sorted, so what lies behind is not looked at again. */
    for (size_t i = 0; i < entry->n_groups; i++) {
        at = find_rule(d, &entry->groups[i], at);
        for (size_t j = at; j < d->n_rules && sid_equal(&d->rules[j].sid, &entry->groups[i]); j++)
            has[d->rules[j].role] = 1;
    }
}

static void
mark_user(const struct book *b, const char *name, unsigned char *has)
{
    size_t low = 0, high = b->n_users;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (strcasecmp(b->users[middle].name, name) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    for (; low < b->n_users && strcasecmp(b->users[low].name, name) == 0; low++)
        has[b->users[low].role] = 1;
}

/*
 * Is this the name of somebody in another of our domains? A domain lets its operators write any userPrincipalName, and would
 * so give its people what the configuration gives to that other's.
 */
static bool
is_of_another(const struct book *b, const struct conf_domain *domain, const char *upn)
{
    const char *suffix = strrchr(upn, '@') + 1;

    for (size_t i = 0; i < b->conf->n_domains; i++)
        if (&b->conf->domains[i] != domain && text_equal_nocase(b->conf->domains[i].name, suffix))
            return true;
    return false;
}

/* A bare name means the default domain's; "name@domain" and a UPN say whose they are. */
static void
mark_users(const struct book *b, const struct conf_domain *domain,
    const struct addir_person *person, unsigned char *has)
{
    char full[2 * TEXT_NAME_MAX + 2];

    if (b->n_users == 0)
        return;
    if (domain->is_default && strchr(person->sam, '@') == NULL)
        mark_user(b, person->sam, has);
    if (strchr(person->upn, '@') != NULL && !is_of_another(b, domain, person->upn))
        mark_user(b, person->upn, has);
    (void)snprintf(full, sizeof(full), "%.256s@%.256s", person->sam, domain->name);
    mark_user(b, full, has);
}

int
book_roles(const struct book *b, size_t domain, const struct addir_person *person,
    const struct addir_entry *entry, unsigned **ret_roles, size_t *ret_n)
{
    unsigned *roles = NULL;
    size_t n = 0, at = 0;

    if (!b->domains[domain].known)
        return FED_E_DIRECTORY;
    unsigned char *has = calloc(b->n_roles + 1, 1);
    if (has == NULL)
        return FED_E_NOMEM;
    mark_groups(&b->domains[domain], entry, has);
    mark_users(b, &b->conf->domains[domain], person, has);
    for (size_t i = 0; i < b->n_roles; i++)
        n += has[i];
    if (n > 0 && (roles = calloc(n, sizeof(*roles))) == NULL) {
        free(has);
        return FED_E_NOMEM;
    }
    for (unsigned i = 0; at < n; i++) {
        if (has[i])
            roles[at++] = i;
    }
    free(has);
    *ret_roles = roles;
    *ret_n = n;
    return 0;
}

bool
book_why(const struct book *b, size_t domain, const struct addir_entry *entry, unsigned role,
    struct sid *ret_group)
{
    const struct domain_rules *d = &b->domains[domain];

    for (size_t i = 0; i < d->n_rules; i++) {
        if (d->rules[i].role == role && addir_in_group(entry, &d->rules[i].sid)) {
            *ret_group = d->rules[i].sid;
            return true;
        }
    }
    return false;
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

/*
 * Why a group of a list is not known: 0 when all are, FED_E_DIRECTORY when its domain has not answered yet, else
 * FED_E_CONFIG: there is none of that name.
 */
static int
unknown_group(
    const struct book *b, const struct conf_list *list, const struct sid *sids, size_t domain)
{
    int r = 0;

    for (size_t i = 0; i < list->n; i++) {
        const char *name;
        int home = home_of_group(b->conf, list->items[i], &name);
        if (sids[i].len != 0)
            continue;
        if (!b->domains[home >= 0 ? (size_t)home : domain].known)
            return FED_E_DIRECTORY;
        r = FED_E_CONFIG;
    }
    return r;
}

int
book_may_login(const struct book *b, size_t domain, const struct addir_entry *entry)
{
    const struct conf_domain *dc = &b->conf->domains[domain];
    const struct domain_rules *d = &b->domains[domain];

    if (dc->login_groups.n == 0 && dc->deny_groups.n == 0)
        return 0;
    if (!d->known)
        return FED_E_DIRECTORY;
    if (in_any(entry, d->deny, dc->deny_groups.n))
        return FED_E_NOT_LISTED;
    if (dc->login_groups.n > 0 && !in_any(entry, d->login, dc->login_groups.n))
        return unknown_group(b, &dc->login_groups, d->login, domain) == FED_E_DIRECTORY
                   ? FED_E_DIRECTORY
                   : FED_E_NOT_LISTED;
    return unknown_group(b, &dc->deny_groups, d->deny, domain);
}
