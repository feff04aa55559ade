/*
 * Names to identities, by NSS and by the directory.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "bridge/identity.h"

#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PASSWD_BUFFER = 16384 };

/*
 * The one domain whose form of a name this is; a bare name is the default domain's. Where none is the default it is nobody's:
 * whom it means would change with whoever makes an account of that name in any of the domains.
 */
static int
find_domain(const struct bridge *b, const char *user, size_t *ret, char *bare, char *why)
{
    bool is_bare, any_bare = false;

    for (size_t i = 0; i < b->conf->n_domains; i++) {
        is_bare = false;
        if (addir_owns(b->dirs[i], user, bare, &is_bare) && !is_bare) {
            *ret = i;
            return 0;
        }
        any_bare = any_bare || is_bare;
    }
    for (size_t i = 0; any_bare && i < b->conf->n_domains; i++) {
        if (b->conf->domains[i].is_default && addir_owns(b->dirs[i], user, bare, &is_bare)) {
            *ret = i;
            return 0;
        }
    }
    if (any_bare)
        (void)snprintf(why, ADDIR_WHY_MAX,
            "no [domain] is the default: the name of this one has to be said, as in user@domain");
    return FED_E_UNKNOWN_USER;
}

static void
set_unknown_key(struct identity *id, const struct bridge *b, const char *bare)
{
    char lower[TEXT_NAME_MAX + 1];

    (void)snprintf(id->key, sizeof(id->key), "name:%s@%s", text_lower(lower, sizeof(lower), bare),
        b->conf->domains[id->domain].name);
}

/*
 * Without a service identity nobody can be asked who has a name: the enrolment says which SID it was, and the
 * login finds out whether it still is (I-8).
 */
static int
expect_enrolled(
    const struct bridge *b, size_t domain, const char *bare, struct addir_person *ret, char *why)
{
    const char *dns_name = b->conf->domains[domain].name;
    char name[2 * TEXT_NAME_MAX + 2], sid_text[STORE_SID_MAX];
    struct sid sid;

    (void)snprintf(name, sizeof(name), "%.*s@%s", (int)strcspn(bare, "@"), bare, dns_name);
    int r = store_find(b->store, name, sid_text);
    if (r == FED_E_NOT_ENROLLED || (r == 0 && sid_from_text(sid_text, &sid) != 0)) {
        (void)snprintf(why, ADDIR_WHY_MAX,
            "nobody is enrolled as %.80s, and there is no service identity to ask whose name that "
            "is: "
            "awsfed-admin mfa enrol USER --sid SID says it",
            name);
        return FED_E_UNKNOWN_USER;
    }
    if (r == 0)
        r = addir_expect(b->dirs[domain], bare, &sid, ret);
    return r == FED_E_NAME ? FED_E_UNKNOWN_USER : r;
}

/*
 * "x@SUFFIX" that is no domain's name: a userPrincipalName, in whatever domain has it. All are asked, since one that
 * two have is nobody's (I-10); and a domain that does not answer might have it.
 */
static int
find_by_suffix(const struct bridge *b, const char *user, struct identity *ret, char *why)
{
    struct addir_person person;
    unsigned hits = 0;

    if (strchr(user, '@') == NULL || strchr(user, '\\') != NULL)
        return FED_E_UNKNOWN_USER;
    for (size_t i = 0; i < b->conf->n_domains; i++) {
        if (!addir_has_service(b->dirs[i]))
            continue;
        int r = addir_resolve(b->dirs[i], user, &person, why);
        if (r != 0 && r != FED_E_UNKNOWN_USER)
            return r;
        if (r == 0) {
            ret->person = person;
            ret->domain = i;
            hits++;
        }
    }
    if (hits > 1)
        (void)snprintf(why, ADDIR_WHY_MAX, "more than one domain has that userPrincipalName");
    return hits == 1 ? 0 : FED_E_UNKNOWN_USER;
}

static int
find_in_domain(const struct bridge *b, const char *bare, struct identity *ret, char *why)
{
    set_unknown_key(ret, b, bare);
    return addir_has_service(b->dirs[ret->domain])
               ? addir_resolve(b->dirs[ret->domain], bare, &ret->person, why)
               : expect_enrolled(b, ret->domain, bare, &ret->person, why);
}

static void
complete(const struct bridge *b, struct identity *id)
{
    (void)sid_to_text(&id->person.sid, id->sid);
    (void)snprintf(id->key, sizeof(id->key), "%s", id->sid);
    (void)snprintf(
        id->name, sizeof(id->name), "%s@%s", id->person.sam, b->conf->domains[id->domain].name);
}

int
identity_find(const struct bridge *b, const char *user, struct identity *ret, char *why)
{
    char bare[TEXT_NAME_MAX + 1];
    int r = text_check_name(user);

    *ret = (struct identity){0};
    why[0] = '\0';
    if (r != 0)
        return r;
    if (find_domain(b, user, &ret->domain, bare, why) == 0) {
        r = find_in_domain(b, bare, ret, why);
    } else {
        set_unknown_key(ret, b, user);
        ret->anywhere = true;
        r = find_by_suffix(b, user, ret, why);
    }
    if (r != 0) {
        ret->person = (struct addir_person){0};
        return r;
    }
    complete(b, ret);
    return 0;
}

/* Is the name enrolled as somebody else already? */
static int
check_enrolled(const struct bridge *b, const struct identity *id, char *why)
{
    char enrolled[STORE_SID_MAX];
    int r = store_find(b->store, id->name, enrolled);

    if (r == FED_E_NOT_ENROLLED || (r == 0 && strcmp(enrolled, id->sid) == 0))
        return 0;
    if (r != 0)
        return r;
    (void)snprintf(why, ADDIR_WHY_MAX,
        "%.80s is enrolled as %.80s: awsfed-admin mfa reset forgets that", id->name, enrolled);
    return FED_E_EXISTS;
}

int
identity_told(
    const struct bridge *b, const char *user, const char *sid_text, struct identity *ret, char *why)
{
    char bare[TEXT_NAME_MAX + 1];
    struct identity id = {0};
    struct sid sid;

    why[0] = '\0';
    if (text_check_name(user) != 0)
        return FED_E_NAME;
    if (sid_from_text(sid_text, &sid) != 0 || !sid_is_of_domain(&sid)) {
        (void)snprintf(why, ADDIR_WHY_MAX,
            "\"%.80s\" is no SID of a person: it is written as in S-1-5-21-1-2-3-1103", sid_text);
        return FED_E_INVALID;
    }
    if (find_domain(b, user, &id.domain, bare, why) == 0 &&
        !addir_has_service(b->dirs[id.domain])) {
        int r = addir_expect(b->dirs[id.domain], bare, &sid, &id.person);
        if (r != 0)
            return r;
        complete(b, &id);
        if ((r = check_enrolled(b, &id, why)) == 0)
            *ret = id;
        return r;
    }
    int r = identity_find(b, user, &id, why);
    if (r == 0 && !sid_equal(&id.person.sid, &sid)) {
        (void)snprintf(why, ADDIR_WHY_MAX, "%.80s is %.80s in the directory: leave --sid out",
            id.name, id.sid);
        r = FED_E_INVALID;
    }
    if (r == 0)
        *ret = id;
    return r;
}

static bool
is_listed(const struct bridge *b, const char *user)
{
    const struct conf_list *list = &b->conf->bridge.local_users;

    for (size_t i = 0; i < list->n; i++) {
        if (strcmp(list->items[i], user) == 0)
            return true;
    }
    return false;
}

/* Judge what getpwnam_r or getpwuid_r said. */
static int
check_account(const struct bridge *b, int error, const struct passwd *found)
{
    if (found == NULL)
        return error == 0 || error == ENOENT || error == ESRCH ? FED_E_NOT_FOUND : FED_E_SYSTEM;
    if (found->pw_uid < b->conf->bridge.minimum_uid || is_listed(b, found->pw_name))
        return FED_E_LOCAL_USER;
    return 0;
}

int
identity_uid(const struct bridge *b, const char *user, uid_t *ret)
{
    struct passwd account, *found = NULL;
    char *buffer = malloc(PASSWD_BUFFER);

    if (buffer == NULL)
        return FED_E_NOMEM;
    int error = getpwnam_r(user, &account, buffer, PASSWD_BUFFER, &found);
    int r = check_account(b, error, found);
    if (r == 0)
        *ret = account.pw_uid;
    free(buffer);
    return r;
}

int
identity_name(const struct bridge *b, uid_t uid, char ret_user[TEXT_NAME_MAX + 1])
{
    struct passwd account, *found = NULL;
    char *buffer = malloc(PASSWD_BUFFER);

    if (buffer == NULL)
        return FED_E_NOMEM;
    int error = getpwuid_r(uid, &account, buffer, PASSWD_BUFFER, &found);
    int r = check_account(b, error, found);
    if (r == 0 && strlen(account.pw_name) > TEXT_NAME_MAX)
        r = FED_E_NAME;
    if (r == 0)
        memcpy(ret_user, account.pw_name, strlen(account.pw_name) + 1);
    free(buffer);
    return r;
}
