/*
 * Walking the rules.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "bridge/demand.h"

#include "base/text.h"
#include "bridge/book_rules.h"
#include "conf/home.h"
#include "conf/network.h"

/* Whom the walk is for. */
struct walk {
    const struct conf_mfa *mfa;
    const struct book *book;
    const struct demand_from *from;
    const struct addir_entry *entry; /* NULL: groups are open */
    size_t domain;                   /* the entry's */
};

/* Of a condition: is it met, not met, or can it not be told? */
enum fit {
    FITS,
    FITS_NOT,
    FITS_NOWHERE, /* nobody of whom we know: there is no such group, or not all domains say theirs */
    FITS_PERHAPS, /* the entry will tell */
    FITS_UNKNOWN  /* the group's domain has not answered yet */
};

static bool
has_service(const struct conf_list *services, const char *service)
{
    for (size_t i = 0; i < services->n && service != NULL; i++) {
        if (text_equal_nocase(services->items[i], service))
            return true;
    }
    return services->n == 0;
}

static bool
has_network(const struct conf_list *networks, const char *rhost)
{
    for (size_t i = 0; i < networks->n; i++) {
        if (network_has(networks->items[i], rhost))
            return true;
    }
    return networks->n == 0;
}

/*
 * Is the person in the group at a place of the book's? A group of another domain counts by its SID; a built-in one is each
 * domain's own (bridge/book.h).
 */
static enum fit
has_group(const struct walk *w, const char *group, size_t at)
{
    const char *name;
    int home = home_of_group(w->book->conf, group, &name);
    enum fit fit = FITS_UNKNOWN;
    bool is_silent = false;

    if (home >= 0 && !w->book->domains[home].known)
        return FITS_UNKNOWN;
    for (size_t i = 0; i < w->book->conf->n_domains; i++) {
        const struct domain_rules *d = &w->book->domains[i];
        is_silent = is_silent || (!d->known && home == HOME_ANYWHERE);
        if (!d->known || d->demand[at].len == 0)
            continue;
        fit = FITS_NOT;
        if ((i == w->domain || sid_is_of_domain(&d->demand[at])) &&
            addir_in_group(w->entry, &d->demand[at]))
            return FITS;
    }
    /* A domain that has not answered may have a group of that name, too, with the person in it. */
    return fit == FITS_UNKNOWN || is_silent ? FITS_NOWHERE : fit;
}

/* Is the person in one of these, which begin at a place of the book's? */
static enum fit
has_any(const struct walk *w, const struct conf_list *groups, size_t at)
{
    enum fit worst = FITS_NOT;

    if (groups->n == 0)
        return FITS_NOT;
    if (w->entry == NULL)
        return FITS_PERHAPS;
    if (!w->book->domains[w->domain].known)
        return FITS_UNKNOWN;
    for (size_t i = 0; i < groups->n; i++) {
        enum fit fit = has_group(w, groups->items[i], at + i);
        if (fit == FITS)
            return FITS;
        if (fit != FITS_NOT && worst != FITS_UNKNOWN)
            worst = fit;
    }
    return worst;
}

/*
 * What is no address, such as a name that the asker's own DNS gave, is of no network that spares a code; nor can it be told
 * not to be of one that requires it (I-22).
 */
static bool
fits_networks(const struct conf_rule *rule, const char *rhost)
{
    if (has_network(&rule->networks, rhost))
        return true;
    return rule->required == CONF_MFA_YES && rhost != NULL && rhost[0] != '\0' &&
           !network_has(rhost, rhost);
}

static enum fit
fits_rule(const struct walk *w, const struct conf_rule *rule, size_t at)
{
    if (!has_service(&rule->services, w->from->service) || !fits_networks(rule, w->from->rhost))
        return FITS_NOT;
    if (rule->groups.n == 0)
        return FITS;
    enum fit fit = has_any(w, &rule->groups, at);
    /* Who is in a group that does not exist cannot be known: that spares nobody a code. */
    if (fit == FITS_NOWHERE)
        fit = rule->required == CONF_MFA_YES ? FITS : FITS_NOT;
    return fit;
}

static enum demand
demand_of(enum conf_mfa_required required)
{
    switch (required) {
    case CONF_MFA_YES:
        break;
    case CONF_MFA_ENROLLED:
        return DEMAND_ENROLLED;
    case CONF_MFA_NO:
        return DEMAND_NOTHING;
    }
    return DEMAND_CODE;
}

static int
settle(enum demand demand, const struct conf_rule *rule, const char *key, unsigned *demands,
    struct demand_by *by)
{
    *demands |= demand;
    *by = (struct demand_by){.rule = rule, .key = key};
    return 0;
}

/*
 * [mfa] itself, where no rule has decided. A network's forgiveness is known at once; that a member of exempt-groups gets no role
 * holds there too.
 */
static int
walk_default(const struct walk *w, unsigned *demands, struct demand_by *by)
{
    const struct conf_list *networks = &w->mfa->exempt_networks;
    bool in_network = networks->n > 0 && has_network(networks, w->from->rhost);
    enum fit member = has_any(w, &w->book->conf->mfa.exempt_groups, 0);

    if (member == FITS)
        return settle(DEMAND_NOTHING, NULL, "exempt-groups", demands, by);
    if (in_network)
        return settle(DEMAND_NETWORK, NULL, "exempt-networks", demands, by);
    if (member == FITS_UNKNOWN)
        return FED_E_DIRECTORY;
    if (member == FITS_PERHAPS)
        *demands |= DEMAND_NOTHING;
    return settle(demand_of(w->mfa->required), NULL, "required", demands, by);
}

static int
walk(const struct walk *w, unsigned *demands, struct demand_by *by)
{
    const struct conf *conf = w->book->conf;
    size_t at = conf->mfa.exempt_groups.n;

    *demands = 0;
    for (size_t i = 0; i < conf->n_rules; at += conf->rules[i++].groups.n) {
        const struct conf_rule *rule = &conf->rules[i];
        switch (fits_rule(w, rule, at)) {
        case FITS:
            return settle(demand_of(rule->required), rule, "required", demands, by);
        case FITS_PERHAPS:
            *demands |= demand_of(rule->required);
            break;
        case FITS_UNKNOWN:
            return FED_E_DIRECTORY;
        case FITS_NOT:
        case FITS_NOWHERE:
            break;
        }
    }
    return walk_default(w, demands, by);
}

unsigned
demand_possible(const struct conf_mfa *mfa, const struct book *book, const struct demand_from *from)
{
    struct walk w = {.mfa = mfa, .book = book, .from = from};
    unsigned demands = DEMAND_CODE;
    struct demand_by by;

    return walk(&w, &demands, &by) == 0 ? demands : DEMAND_CODE;
}

int
demand_decide(const struct conf_mfa *mfa, const struct book *book, const struct demand_from *from,
    size_t domain, const struct addir_entry *entry, enum demand *ret, struct demand_by *ret_by)
{
    struct walk w = {.mfa = mfa, .book = book, .from = from, .domain = domain, .entry = entry};
    struct demand_by by;
    unsigned demands;
    int r = walk(&w, &demands, &by);

    if (r != 0)
        return r;
    *ret = (enum demand)demands;
    if (ret_by != NULL)
        *ret_by = by;
    return 0;
}

bool
demand_is_open(unsigned demands)
{
    return (demands & (demands - 1)) != 0;
}

bool
demand_met(unsigned demands, enum demand_code code)
{
    switch (code) {
    case DEMAND_RIGHT:
        return demands != 0;
    case DEMAND_WRONG:
        return (demands & DEMAND_NETWORK) != 0;
    case DEMAND_UNENROLLED:
        return (demands & ~(unsigned)DEMAND_CODE) != 0;
    case DEMAND_ABSENT:
        return (demands & (DEMAND_NOTHING | DEMAND_NETWORK)) != 0;
    }
    return false;
}
