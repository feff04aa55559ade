/*
 * Groups by name to SIDs.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ldap/groups.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "ldap/entry.h"
#include "ldap/escape.h"
#include "ldap/why.h"

enum groups_form
groups_form(const char *group)
{
    if (strncmp(group, "S-1-", 4) == 0)
        return GROUPS_SID;
    if (strchr(group, '=') != NULL)
        return GROUPS_DN;
    for (const char *p = group; *p != '\0'; p++)
        if ((unsigned char)*p >= 0x80)
            return GROUPS_FOREIGN;
    return GROUPS_NAME;
}

int
groups_filter(char *const *groups, size_t n, struct fed_secret *filter)
{
    int r;

    fed_secret_clear(filter);
    r = fed_secret_add_str(filter, "(&(objectClass=group)(|");
    for (size_t i = 0; i < n && r == 0; i++) {
        r = fed_secret_add_str(filter, "(sAMAccountName=");
        if (r == 0)
            r = escape_filter(filter, groups[i], strlen(groups[i]));
        if (r == 0)
            r = fed_secret_add_str(filter, ")");
    }
    return r != 0 ? r : fed_secret_add_str(filter, "))");
}

/* ---- Reading: an entry is complete when the next one begins ---- */

/* What one search for groups found: a SID a group, none where several entries claim its name. */
struct groups_reader {
    char *const *groups;
    struct sid *sids;
    unsigned char *hits; /* 0, 1, or 2 for more */
    size_t n;
    bool all_match; /* the search was for groups[0] alone: every entry is it */
    struct sid sid; /* of the entry at hand */
    char name[260];
};

static void
finish_entry(struct groups_reader *reader)
{
    for (size_t i = 0; i < reader->n && reader->sid.len != 0; i++) {
        if (!reader->all_match && !text_equal_nocase(reader->groups[i], reader->name))
            continue;
        reader->sids[i] = reader->hits[i] == 0 ? reader->sid : (struct sid){0};
        reader->hits[i] = reader->hits[i] == 0 ? 1 : 2;
    }
    reader->sid = (struct sid){0};
    reader->name[0] = '\0';
}

static void
groups_start(void *arg)
{
    struct groups_reader *reader = arg;

    for (size_t i = 0; i < reader->n; i++) {
        reader->sids[i] = (struct sid){0};
        reader->hits[i] = 0;
    }
    reader->sid = (struct sid){0};
    reader->name[0] = '\0';
}

static int
groups_entry(void *arg, const struct berval *dn)
{
    (void)dn;
    finish_entry(arg);
    return 0;
}

static int
groups_attribute(void *arg, const struct berval *name, const struct berval *values, size_t n)
{
    struct groups_reader *reader = arg;

    if (n != 1)
        return FED_E_DIRECTORY;
    if (entry_name_is(name, "objectSid"))
        return sid_parse(values->bv_val, values->bv_len, &reader->sid) == 0 ? 0 : FED_E_DIRECTORY;
    if (entry_name_is(name, "sAMAccountName"))
        return entry_text(values, reader->name, sizeof(reader->name));
    return 0;
}

/* ---- Searching ---- */

/* One search for up to GROUPS_CHUNK groups. */
static int
search(struct domain *domain, struct conn_query *query, struct groups_reader *reader,
    const struct domain_budget *budget, char *why)
{
    static char *const names[] = {(char *)"objectSid", (char *)"sAMAccountName", NULL};
    struct conn_sink sink = {groups_start, groups_entry, groups_attribute, reader};
    struct conn_answer answer;
    int r;

    /* sAMAccountName is unique in a domain; room for more is there to notice when it is not. */
    query->attributes = names;
    query->most = 2 * reader->n;
    r = domain_search(domain, query, &sink, budget, &answer, why);
    if (r != 0)
        return r;
    finish_entry(reader);
    /* A DN of another domain is answered with a referral: no group of this one (I-5). */
    if (answer.code == LDAP_NO_SUCH_OBJECT || answer.code == LDAP_INVALID_DN_SYNTAX ||
        answer.code == LDAP_REFERRAL)
        return 0;
    if (answer.code != LDAP_SUCCESS)
        return why_not(
            why, FED_E_DIRECTORY, "the search for groups: result %d: %s", answer.code, answer.text);
    return 0;
}

static int
search_names(struct domain *domain, const char *base_dn, struct groups_reader *reader,
    const struct domain_budget *budget, char *why)
{
    struct fed_secret filter = FED_SECRET_INIT(GROUPS_FILTER_MAX);
    struct conn_query query = {.base = base_dn, .scope = LDAP_SCOPE_SUBTREE};
    int r = groups_filter(reader->groups, reader->n, &filter);

    if (r != 0)
        (void)why_not(why, r, "the names of the groups are too long for a search");
    query.filter = fed_secret_str(&filter);
    if (r == 0)
        r = search(domain, &query, reader, budget, why);
    fed_secret_done(&filter);
    return r;
}

static int
search_one(struct domain *domain, const char *base_dn, char *const *group,
    const struct domain_budget *budget, struct sid *ret_sid, char *why)
{
    struct conn_query query = {
        .base = *group, .scope = LDAP_SCOPE_BASE, .filter = "(objectClass=group)"};
    unsigned char hits = 0;
    struct groups_reader reader = {
        .groups = group, .sids = ret_sid, .hits = &hits, .n = 1, .all_match = true};

    switch (groups_form(*group)) {
    case GROUPS_SID:
        /* One that is no SID after all stays "not found". */
        if (sid_from_text(*group, ret_sid) != 0)
            *ret_sid = (struct sid){0};
        return 0;
    case GROUPS_DN:
        return search(domain, &query, &reader, budget, why);
    case GROUPS_FOREIGN:
        return search_names(domain, base_dn, &reader, budget, why);
    case GROUPS_NAME:
        break;
    }
    return 0;
}

/* The next names, at most a chunk of them, and where they stand; returns how many. */
static size_t
next_chunk(char *const *groups, size_t n, size_t *at, char **names, size_t *places)
{
    size_t found = 0;

    for (; *at < n && found < GROUPS_CHUNK; (*at)++) {
        if (groups_form(groups[*at]) != GROUPS_NAME)
            continue;
        names[found] = groups[*at];
        places[found++] = *at;
    }
    return found;
}

static int
search_all_names(struct domain *domain, const char *base_dn, char *const *groups, size_t n,
    const struct domain_budget *budget, struct sid *sids, char *why)
{
    char *names[GROUPS_CHUNK];
    size_t places[GROUPS_CHUNK], found, at = 0;
    unsigned char hits[GROUPS_CHUNK];
    struct sid chunk[GROUPS_CHUNK];

    while ((found = next_chunk(groups, n, &at, names, places)) > 0) {
        struct groups_reader reader = {.groups = names, .sids = chunk, .hits = hits, .n = found};
        int r = search_names(domain, base_dn, &reader, budget, why);
        if (r != 0)
            return r;
        for (size_t i = 0; i < found; i++)
            sids[places[i]] = chunk[i];
    }
    return 0;
}

int
groups_search(struct domain *domain, const char *base_dn, char *const *groups, size_t n,
    const struct domain_budget *budget, struct sid *ret_sids, char *why)
{
    struct sid *sids = calloc(n != 0 ? n : 1, sizeof(*sids));
    int r;

    if (sids == NULL)
        return why_not(why, FED_E_NOMEM, "out of memory");
    r = search_all_names(domain, base_dn, groups, n, budget, sids, why);
    for (size_t i = 0; i < n && r == 0; i++)
        if (groups_form(groups[i]) != GROUPS_NAME)
            r = search_one(domain, base_dn, &groups[i], budget, &sids[i], why);
    if (r == 0 && n > 0)
        memcpy(ret_sids, sids, n * sizeof(*sids));
    free(sids);
    return r;
}

/* ---- By prefix ---- */

struct like_reader {
    struct addir_group *groups;
    size_t n, room;
};

/* One that came without a SID or a name that can be read is no group of anybody's. */
static void
drop_incomplete(struct like_reader *reader)
{
    if (reader->n > 0 && (reader->groups[reader->n - 1].sid.len == 0 ||
                             reader->groups[reader->n - 1].name[0] == '\0'))
        reader->n--;
}

static void
like_start(void *arg)
{
    struct like_reader *reader = arg;

    reader->n = 0;
}

static int
like_entry(void *arg, const struct berval *dn)
{
    struct like_reader *reader = arg;

    (void)dn;
    drop_incomplete(reader);
    if (reader->n == reader->room) {
        size_t room = reader->room == 0 ? 256 : 2 * reader->room;
        struct addir_group *grown = reallocarray(reader->groups, room, sizeof(*grown));
        if (grown == NULL)
            return FED_E_NOMEM;
        reader->groups = grown;
        reader->room = room;
    }
    reader->groups[reader->n++] = (struct addir_group){.name = ""};
    return 0;
}

static int
like_attribute(void *arg, const struct berval *name, const struct berval *values, size_t n)
{
    struct like_reader *reader = arg;
    struct addir_group *group = &reader->groups[reader->n - 1];

    if (n != 1)
        return 0;
    if (entry_name_is(name, "objectSid") &&
        sid_parse(values->bv_val, values->bv_len, &group->sid) != 0)
        group->sid = (struct sid){0};
    if (entry_name_is(name, "sAMAccountName") &&
        entry_text(values, group->name, sizeof(group->name)) != 0)
        group->name[0] = '\0';
    return 0;
}

/* (&(objectClass=group)(sAMAccountName=prefix*)) */
static int
like_filter(const char *prefix, size_t prefix_len, struct fed_secret *filter)
{
    int r = fed_secret_add_str(filter, "(&(objectClass=group)(sAMAccountName=");

    if (r == 0)
        r = escape_filter(filter, prefix, prefix_len);
    return r != 0 ? r : fed_secret_add_str(filter, "*))");
}

int
groups_like(struct domain *domain, const char *base_dn, const char *prefix, size_t prefix_len,
    const struct domain_budget *budget, struct addir_group **ret, size_t *ret_n, char *why)
{
    static char *const names[] = {(char *)"objectSid", (char *)"sAMAccountName", NULL};
    struct fed_secret filter = FED_SECRET_INIT(GROUPS_FILTER_MAX);
    struct conn_query query = {.base = base_dn,
        .scope = LDAP_SCOPE_SUBTREE,
        .attributes = names,
        .most = GROUPS_LIKE_MAX,
        .page = GROUPS_PAGE};
    struct like_reader reader = {0};
    struct conn_sink sink = {like_start, like_entry, like_attribute, &reader};
    struct conn_answer answer;
    int r = like_filter(prefix, prefix_len, &filter);

    if (r != 0)
        (void)why_not(why, r, "out of memory");
    query.filter = fed_secret_str(&filter);
    if (r == 0)
        r = domain_search(domain, &query, &sink, budget, &answer, why);
    fed_secret_done(&filter);
    if (r == 0 && answer.code != LDAP_SUCCESS)
        r = why_not(why, FED_E_DIRECTORY, "the search for groups like \"%.64s*\": result %d: %s",
            prefix, answer.code, answer.text);
    if (r != 0) {
        free(reader.groups);
        return r;
    }
    drop_incomplete(&reader);
    if (reader.n == 0) {
        free(reader.groups);
        reader.groups = NULL;
    }
    *ret = reader.groups;
    *ret_n = reader.n;
    return 0;
}
