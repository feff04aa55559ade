/*
 * The domain's own entry, read for what its lock-out policy says.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ldap/policy.h"

#include <stdbool.h>
#include <stdio.h>

#include "base/clock.h"
#include "ldap/entry.h"
#include "ldap/why.h"

/* Numbers of one entry, by name; and the DN of the password settings that hold for a person. */
struct numbers {
    const char *const *names; /* NULL at the end */
    int64_t *values;
    bool *seen;
    char settings[ADDIR_DN_MAX];
    bool entry;
};

static void
numbers_start(void *arg)
{
    struct numbers *n = arg;

    for (size_t i = 0; n->names[i] != NULL; i++)
        n->seen[i] = false;
    n->settings[0] = '\0';
    n->entry = false;
}

static int
numbers_entry(void *arg, const struct berval *dn)
{
    (void)dn;
    ((struct numbers *)arg)->entry = true;
    return 0;
}

static int
numbers_attribute(void *arg, const struct berval *name, const struct berval *values, size_t n)
{
    struct numbers *numbers = arg;

    if (n != 1)
        return FED_E_DIRECTORY;
    if (entry_name_is(name, "msDS-ResultantPSO"))
        return entry_text(values, numbers->settings, sizeof(numbers->settings));
    for (size_t i = 0; numbers->names[i] != NULL; i++) {
        if (!entry_name_is(name, numbers->names[i]))
            continue;
        numbers->seen[i] = true;
        return entry_integer(values, &numbers->values[i]);
    }
    return 0;
}

/* Read them; an entry that is not there, or not for us to read, has none. */
static int
read_numbers(struct domain *domain, const char *dn, char *const *names, struct numbers *ret,
    const struct domain_budget *budget, char *why)
{
    struct conn_query query = {.base = dn,
        .scope = LDAP_SCOPE_BASE,
        .filter = "(objectClass=*)",
        .attributes = names,
        .most = 1};
    struct conn_sink sink = {numbers_start, numbers_entry, numbers_attribute, ret};
    struct conn_answer answer;
    int r;

    ret->names = (const char *const *)names;
    why[0] = '\0';
    r = domain_search(domain, &query, &sink, budget, &answer, why);
    if (r != 0)
        return r;
    if (answer.code != LDAP_SUCCESS && answer.code != LDAP_NO_SUCH_OBJECT &&
        answer.code != LDAP_INSUFFICIENT_ACCESS)
        return why_not(
            why, FED_E_DIRECTORY, "reading \"%.96s\": %d, %s", dn, answer.code, answer.text);
    return 0;
}

static bool
is_threshold(bool seen, int64_t value)
{
    return seen && value >= 0 && value <= UINT16_MAX;
}

/* The domain's own; others is true, since nobody looked. */
static int
read_domain(struct domain *domain, const char *base_dn, const struct domain_budget *budget,
    struct policy *ret, char *why)
{
    static char *const names[] = {
        (char *)"lockoutThreshold", (char *)"lockOutObservationWindow", NULL};
    int64_t values[2] = {0};
    bool seen[2] = {false};
    struct numbers numbers = {.values = values, .seen = seen};
    int r = read_numbers(domain, base_dn, names, &numbers, budget, why);

    if (r != 0)
        return r;
    if (!is_threshold(seen[0], values[0]))
        return why_not(
            why, FED_E_DIRECTORY, "lockoutThreshold of \"%.96s\" cannot be read", base_dn);
    *ret = (struct policy){(unsigned)values[0], seen[1] ? values[1] : INT64_MIN, true};
    return 0;
}

int
policy_threshold(struct domain *domain, const char *base_dn, const struct domain_budget *budget,
    unsigned *ret, char *why)
{
    struct policy policy;
    int r = read_domain(domain, base_dn, budget, &policy, why);

    if (r == 0)
        *ret = policy.threshold;
    return r;
}

/* One would do, but Samba gives all that there are whatever limit was asked for, and more than asked for is an error. */
enum { SETTINGS_MOST = 1000 };

/*
 * Is there any PSO? In a domain that locks nobody out and has none, a person's record of wrong passwords means
 * nothing, and a login need not read it. One that we may not read counts as none: it could not be obeyed either.
 */
static int
find_settings(struct domain *domain, const char *base_dn, const struct domain_budget *budget,
    bool *ret, char *why)
{
    static char *const nothing[] = {(char *)LDAP_NO_ATTRS, NULL};
    static char *const no_names[] = {NULL};
    char dn[ADDIR_DN_MAX];
    struct numbers numbers = {.names = (const char *const *)no_names};
    struct conn_sink sink = {numbers_start, numbers_entry, numbers_attribute, &numbers};
    struct conn_query query = {.base = dn,
        .scope = LDAP_SCOPE_ONELEVEL,
        .filter = "(objectClass=msDS-PasswordSettings)",
        .attributes = nothing,
        .most = SETTINGS_MOST};
    struct conn_answer answer;

    int n = snprintf(dn, sizeof(dn), "CN=Password Settings Container,CN=System,%s", base_dn);
    if (n < 0 || (size_t)n >= sizeof(dn))
        return why_not(why, FED_E_TOO_BIG, "the base DN is too long");
    int r = domain_search(domain, &query, &sink, budget, &answer, why);
    if (r == 0)
        *ret = numbers.entry || answer.code == LDAP_SIZELIMIT_EXCEEDED;
    return r;
}

/* What the domain says holds where the settings of their own may not be read: a service account seldom may. */
static int
read_settings(struct domain *domain, const char *dn, const struct domain_budget *budget,
    struct policy *policy, char *why)
{
    static char *const names[] = {
        (char *)"msDS-LockoutThreshold", (char *)"msDS-LockoutObservationWindow", NULL};
    int64_t values[2] = {0};
    bool seen[2] = {false};
    struct numbers numbers = {.values = values, .seen = seen};
    int r = read_numbers(domain, dn, names, &numbers, budget, why);

    if (r == 0 && is_threshold(seen[0], values[0]) && seen[1])
        *policy = (struct policy){(unsigned)values[0], values[1], true};
    return r;
}

/* Windows are negative, in 100 ns; the least number there is means "for ever", as does one that is missing. */
static bool
still_counts(const struct policy *policy, int64_t last_nt, int64_t now_nt)
{
    if (policy->window_nt == INT64_MIN || last_nt > now_nt)
        return true;
    return now_nt - last_nt < -policy->window_nt;
}

int
policy_tries(struct domain *domain, const struct policy *of_domain, const char *person_dn,
    int64_t now_nt, const struct domain_budget *budget, struct addir_tries *ret, char *why)
{
    static char *const names[] = {
        (char *)"badPwdCount", (char *)"badPasswordTime", (char *)"msDS-ResultantPSO", NULL};
    int64_t values[3] = {0};
    bool seen[3] = {false};
    struct numbers numbers = {.values = values, .seen = seen};
    struct policy policy = *of_domain;

    if (policy.threshold == 0 && !policy.others) {
        *ret = (struct addir_tries){.threshold = 0};
        return 0;
    }
    int r = read_numbers(domain, person_dn, names, &numbers, budget, why);
    if (r == 0 && numbers.settings[0] != '\0')
        r = read_settings(domain, numbers.settings, budget, &policy, why);
    if (r != 0)
        return r;
    *ret = (struct addir_tries){.threshold = policy.threshold};
    if (seen[0] && values[0] > 0 && still_counts(&policy, values[1], now_nt))
        ret->wrong = values[0] < UINT16_MAX ? (unsigned)values[0] : UINT16_MAX;
    return 0;
}

/* ---- The domain's, remembered ---- */

enum { GOOD_MS = 15 * 60 * 1000 };

void
policy_cache_init(struct policy_cache *cache)
{
    *cache = (struct policy_cache){0};
    pthread_mutex_init(&cache->lock, NULL);
}

void
policy_cache_done(struct policy_cache *cache)
{
    pthread_mutex_destroy(&cache->lock);
}

int
policy_cached(struct policy_cache *cache, struct domain *domain, const char *base_dn,
    const struct domain_budget *budget, struct policy *ret, char *why)
{
    struct policy policy;
    bool fresh;
    int r;

    why[0] = '\0';
    pthread_mutex_lock(&cache->lock);
    policy = cache->policy;
    fresh = clock_mono_ms() < cache->until_ms;
    pthread_mutex_unlock(&cache->lock);
    if (!fresh) {
        if ((r = read_domain(domain, base_dn, budget, &policy, why)) != 0 ||
            (r = find_settings(domain, base_dn, budget, &policy.others, why)) != 0)
            return r;
        pthread_mutex_lock(&cache->lock);
        cache->policy = policy;
        cache->until_ms = clock_mono_ms() + GOOD_MS;
        pthread_mutex_unlock(&cache->lock);
    }
    *ret = policy;
    return 0;
}
