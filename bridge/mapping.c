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
#include "bridge/mapping_gaps.h"
#include "bridge/mentions.h"
#include "conf/pattern.h"

struct mapper {
    struct addir *const *dirs;
    struct conf *first;          /* of the start: what is not of the book stays as it says */
    struct conf *conf;           /* of the book; only the refreshing thread looks here */
    struct mentions mentions;    /* its groups; likewise */
    struct book_groups *domains; /* what each said last; likewise */
    pthread_mutex_t lock;        /* for now */
    struct book *now;
};

/* ---- The answers ---- */

static void
like_free(const struct conf *conf, struct book_like *like)
{
    for (size_t i = 0; like != NULL && i < conf->n_patterns; i++)
        free(like[i].groups);
    free(like);
}

static void
domains_free(const struct conf *conf, struct book_groups *domains)
{
    for (size_t i = 0; domains != NULL && i < conf->n_domains; i++) {
        like_free(conf, domains[i].like);
        free(domains[i].roles);
        free(domains[i].login);
        free(domains[i].deny);
        free(domains[i].demand);
    }
    free(domains);
}

/* Nothing known of anything, with room for all of it. NULL: out of memory. */
static struct book_groups *
domains_new(const struct conf *conf, const struct mentions *mentions)
{
    struct book_groups *domains = calloc(conf->n_domains + 1, sizeof(*domains));

    for (size_t i = 0; domains != NULL && i < conf->n_domains; i++) {
        struct book_groups *g = &domains[i];
        g->roles = calloc(mentions->n_roles + 1, sizeof(*g->roles));
        g->login = calloc(conf->domains[i].login_groups.n + 1, sizeof(*g->login));
        g->deny = calloc(conf->domains[i].deny_groups.n + 1, sizeof(*g->deny));
        g->demand = calloc(mentions_of_demand(conf) + 1, sizeof(*g->demand));
        if (g->roles == NULL || g->login == NULL || g->deny == NULL || g->demand == NULL) {
            domains_free(conf, domains);
            return NULL;
        }
    }
    return domains;
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
    if (r == 0)
        *ret = like;
    else
        like_free(conf, like);
    return r;
}

/*
 * What a domain said of one group. A group of deny-groups that was found once and is not any more keeps its SID: renamed or
 * deleted by whoever may do that in the directory, it must not let in those it kept out.
 */
static void
take_answer(const struct conf *conf, const struct mention *mention, size_t domain,
    const struct sid *sid, struct book_groups *domains)
{
    bool by_finder = mention->of == MENTION_ROLE || mention_is_demand(mention);
    struct book_groups *of = &domains[by_finder ? domain : mention->owner];

    /* A built-in group is each domain's own: the one of another says nothing of this one's people. */
    if (!by_finder && mention->owner != domain && sid->len != 0 && !sid_is_of_domain(sid))
        return;
    if (mention->of == MENTION_ROLE)
        of->roles[mention->at] = *sid;
    else if (by_finder)
        of->demand[mention->at] = *sid;
    else if (mention->of == MENTION_LOGIN)
        of->login[mention->at] = *sid;
    else if (sid->len != 0)
        of->deny[mention->at] = *sid;
    else if (of->deny[mention->at].len != 0)
        fed_log_error(
            "%s:%u: the group \"%s\" of deny-groups is not found any more; the SID that it had "
            "still counts, until a restart: correct the name, write its SID, or remove it",
            conf->domains[mention->owner].where.file, conf->domains[mention->owner].where.line,
            mention->text);
}

/* Ask one domain for all that is its own; on failure nothing changes. */
static int
ask_domain(const struct mapper *m, const struct conf *conf, const struct mentions *mentions,
    size_t domain, struct book_groups *domains)
{
    char why[ADDIR_WHY_MAX] = "";
    struct book_like *like = NULL;
    struct sid *sids = NULL;
    int r = mentions_ask(mentions, m->dirs[domain], domain, &sids, why);

    if (r == 0)
        r = ask_patterns(m->dirs[domain], conf, &like, why);
    if (r != 0) {
        fed_log_warning("the groups of %s could not be read: %s%s%s", conf->domains[domain].name,
            fed_strerror(r), why[0] != '\0' ? ": " : "", why);
        free(sids);
        return r;
    }
    for (size_t i = 0; i < mentions->n; i++) {
        if (mention_is_of(&mentions->items[i], domain))
            take_answer(conf, &mentions->items[i], domain, &sids[i], domains);
    }
    free(sids);
    like_free(conf, domains[domain].like);
    domains[domain].like = like;
    domains[domain].known = true;
    return 0;
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
    if (mentions_make(conf, &m->mentions) == 0)
        m->domains = domains_new(conf, &m->mentions);
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
    mentions_done(&m->mentions);
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
        int r = ask_domain(m, m->conf, &m->mentions, i, m->domains);
        if (r != 0)
            result = r;
    }
    int r = book_new(m->conf, m->domains, false, &book);
    if (r != 0)
        return r;
    (void)mapping_gaps(m->conf, &m->mentions, m->domains);
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
    struct book_groups *domains = NULL;
    struct mentions mentions = {0};
    struct book *book = NULL;
    int r = mentions_make(conf, &mentions);

    if (r == 0)
        r = check_reload(m, conf);
    if (r == 0 && (domains = domains_new(conf, &mentions)) == NULL)
        r = FED_E_NOMEM;
    if (r == 0)
        r = want_attributes(m, conf);
    for (size_t i = 0; i < conf->n_domains && r == 0; i++)
        r = ask_domain(m, conf, &mentions, i, domains);
    if (r == 0 && mapping_gaps(conf, &mentions, domains) > 0)
        r = FED_E_CONFIG;
    if (r == 0)
        r = book_new(conf, domains, false, &book);
    if (r != 0) {
        domains_free(conf, domains);
        mentions_done(&mentions);
        return r;
    }
    put_book(m, book);
    domains_free(m->conf, m->domains);
    mentions_done(&m->mentions);
    conf_free(m->conf);
    m->domains = domains;
    m->mentions = mentions;
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
