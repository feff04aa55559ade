/*
 * One Active Directory domain: names, entries, groups. Each call sets its budget of time at
 * its start; everything below works by it.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ldap/addir_inside.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "ldap/attribute.h"
#include "ldap/entry.h"
#include "ldap/groups.h"
#include "ldap/person.h"
#include "ldap/reading.h"
#include "ldap/why.h"

_Static_assert((int)ADDIR_WHY_MAX == (int)WHY_MAX, "one size for the line of the log");

/* ---- Making one ---- */

int
addir_new(const struct conf_domain *conf, const struct conf_list *attributes, struct addir **ret,
    char *why)
{
    struct addir *dir = calloc(1, sizeof(*dir));
    struct wanted *wanted = NULL;
    int r;

    why[0] = '\0';
    if (dir == NULL)
        return why_not(why, FED_E_NOMEM, "out of memory");
    dir->conf = conf;
    policy_cache_init(&dir->policy);
    names_init(&dir->names, conf->name, conf->netbios_name);
    r = wanted_new(attributes, NULL, &wanted, why);
    dir->wanted = wanted;
    if (r == 0)
        r = domain_new(conf, &dir->domain, why);
    if (r == 0)
        r = identity_new(&dir->identities);
    if (r == 0)
        r = tries_new(&dir->tries);
    if (r != 0) {
        addir_free(dir);
        return r == FED_E_NOMEM ? why_not(why, r, "out of memory") : r;
    }
    *ret = dir;
    return 0;
}

void
addir_free(struct addir *dir)
{
    if (dir == NULL)
        return;
    domain_free(dir->domain);
    identity_free(dir->identities);
    tries_free(dir->tries);
    policy_cache_done(&dir->policy);
    wanted_free(dir->wanted);
    free(dir);
}

int
addir_want(struct addir *dir, const struct conf_list *attributes, char *why)
{
    struct wanted *wanted = dir->wanted;

    why[0] = '\0';
    if (wanted_has(wanted, attributes))
        return 0;
    int r = wanted_new(attributes, wanted, &wanted, why);
    if (r == 0)
        dir->wanted = wanted;
    return r;
}

size_t
addir_asks(const struct addir *dir)
{
    return dir->wanted->extra.n;
}

int
addir_answers(struct addir *dir, char *why)
{
    enum domain_door door = addir_has_service(dir) ? DOMAIN_SERVICE : DOMAIN_PEOPLE;
    struct domain_budget budget = domain_budget(dir->domain);
    struct conn *conn;

    why[0] = '\0';
    int r = domain_take(dir->domain, door, &budget, &conn, why);
    if (r == 0)
        domain_put(dir->domain, door, conn);
    return r;
}

void
addir_ask_clocks(struct addir *dir)
{
    domain_ask_clocks(dir->domain);
}

unsigned
addir_clock_off(struct addir *dir, int64_t *ret_off_s)
{
    return domain_clock_off(dir->domain, ret_off_s);
}

/* ---- Names ---- */

bool
addir_owns(const struct addir *dir, const char *name, char *bare, bool *ret_bare_name)
{
    return names_own(&dir->names, name, bare, ret_bare_name);
}

int
addir_resolve(struct addir *dir, const char *name, struct addir_person *ret, char *why)
{
    struct domain_budget budget = domain_budget(dir->domain);
    int r = text_check_name(name);

    why[0] = '\0';
    if (r != 0)
        return why_not(why, r, "not a name to look up");
    r = identity_get(dir->identities, name, clock_mono_ms(), ret);
    if (r == FED_E_UNKNOWN_USER)
        return why_not(why, r, "no entry matched the name a moment ago");
    if (r == 0)
        return 0;
    r = person_search(dir->domain, NULL, &dir->names, dir->conf->base_dn, name, &budget, ret, why);
    if (r == 0 || r == FED_E_UNKNOWN_USER)
        identity_put(dir->identities, name, r == 0 ? ret : NULL, clock_mono_ms());
    return r;
}

bool
addir_has_service(const struct addir *dir)
{
    return dir->conf->service_bind != CONF_SERVICE_NONE;
}

int
addir_expect(
    const struct addir *dir, const char *name, const struct sid *sid, struct addir_person *ret)
{
    struct addir_person person = {.sid = *sid};
    const char *at = strrchr(name, '@');
    size_t len = at != NULL ? (size_t)(at - name) : strlen(name);
    int n;

    if (text_check_name(name) != 0 || len == 0 ||
        (at != NULL && !text_equal_nocase(at + 1, dir->conf->name)))
        return FED_E_NAME;
    memcpy(person.sam, name, len);
    n = snprintf(person.upn, sizeof(person.upn), "%s@%s", person.sam, dir->conf->name);
    if (n < 0 || (size_t)n >= sizeof(person.upn))
        return FED_E_NAME;
    *ret = person;
    return 0;
}

/* ---- Entries ---- */

int
addir_check_sid(struct addir *dir, const struct addir_person *person, struct addir_entry *entry,
    int error, char *why)
{
    if (entry->account.has_sid && sid_equal(&entry->account.sid, &person->sid))
        return 0;
    identity_drop(dir->identities, &person->sid);
    addir_entry_done(entry);
    return why_not(why, error, "the entry's objectSid is not the one that the name resolved to");
}

int
addir_read(
    struct addir *dir, const struct addir_person *person, struct addir_entry *ret_entry, char *why)
{
    struct domain_budget budget = domain_budget(dir->domain);
    struct addir_entry entry = {0};

    why[0] = '\0';
    if (!addir_has_service(dir))
        return why_not(why, FED_E_DIRECTORY,
            "domain %s has no service identity: nobody's entry can be read without their password",
            dir->conf->name);
    int r = reading_by_service(dir->domain, person->dn, dir->wanted, &budget, &entry, why);
    if (r == 0)
        r = addir_check_sid(dir, person, &entry, FED_E_UNKNOWN_USER, why);
    if (r == FED_E_UNKNOWN_USER)
        identity_drop(dir->identities, &person->sid);
    if (r == 0)
        *ret_entry = entry;
    return r;
}

/* ---- Groups, policy ---- */

int
addir_groups(struct addir *dir, char *const *groups, size_t n, struct sid *ret_sids, char *why)
{
    struct domain_budget budget = domain_budget(dir->domain);

    why[0] = '\0';
    return groups_search(dir->domain, dir->conf->base_dn, groups, n, &budget, ret_sids, why);
}

int
addir_groups_like(struct addir *dir, const char *prefix, size_t prefix_len,
    struct addir_group **ret, size_t *ret_n, char *why)
{
    struct domain_budget budget = domain_budget(dir->domain);

    why[0] = '\0';
    return groups_like(
        dir->domain, dir->conf->base_dn, prefix, prefix_len, &budget, ret, ret_n, why);
}

int
addir_lockout_threshold(struct addir *dir, unsigned *ret, char *why)
{
    struct domain_budget budget = domain_budget(dir->domain);

    return policy_threshold(dir->domain, dir->conf->base_dn, &budget, ret, why);
}

int
addir_attribute_read(struct addir *dir, const struct sid *sid, const char *attribute,
    struct fed_secret *ret, char *why)
{
    struct domain_budget budget = domain_budget(dir->domain);

    why[0] = '\0';
    return attribute_read(dir->domain, sid, attribute, &budget, ret, why);
}

int
addir_attribute_exchange(struct addir *dir, const struct sid *sid, const char *attribute,
    const struct fed_secret *old_value, const struct fed_secret *new_value, char *why)
{
    struct domain_budget budget = domain_budget(dir->domain);

    why[0] = '\0';
    return attribute_exchange(dir->domain, sid, attribute, old_value, new_value, &budget, why);
}

int
addir_attribute_each(struct addir *dir, const char *attribute,
    int (*fn)(void *arg, const struct sid *sid, const void *value, size_t len), void *arg,
    char *why)
{
    struct domain_budget budget = domain_budget(dir->domain);

    why[0] = '\0';
    return attribute_each(dir->domain, dir->conf->base_dn, attribute, &budget, fn, arg, why);
}

int
addir_tries(struct addir *dir, const struct addir_person *person, int64_t now_s,
    struct addir_tries *ret, char *why)
{
    struct domain_budget budget = domain_budget(dir->domain);
    struct policy policy;
    int r = policy_cached(&dir->policy, dir->domain, dir->conf->base_dn, &budget, &policy, why);

    if (r != 0)
        return r;
    return policy_tries(
        dir->domain, &policy, person->dn, account_nt_time(now_s), &budget, ret, why);
}
