/*
 * The domain's own entry, read for what its lock-out policy says.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ldap/policy.h"

#include <stdbool.h>

#include "base/text.h"
#include "ldap/entry.h"
#include "ldap/why.h"

/* The one attribute of the domain's own entry that we read. */
struct threshold_reader {
    bool seen;
    unsigned value;
};

static void
threshold_start(void *arg)
{
    *(struct threshold_reader *)arg = (struct threshold_reader){0};
}

static int
threshold_entry(void *arg, const struct berval *dn)
{
    (void)arg;
    (void)dn;
    return 0;
}

static int
threshold_attribute(void *arg, const struct berval *name, const struct berval *values, size_t n)
{
    struct threshold_reader *reader = arg;
    uint64_t number;
    char text[16];

    if (!entry_name_is(name, "lockoutThreshold"))
        return 0;
    if (n != 1 || entry_text(values, text, sizeof(text)) != 0 || text_to_u64(text, &number) != 0 ||
        number > UINT16_MAX)
        return FED_E_DIRECTORY;
    reader->seen = true;
    reader->value = (unsigned)number;
    return 0;
}

int
policy_threshold(struct domain *domain, const char *base_dn, const struct domain_budget *budget,
    unsigned *ret, char *why)
{
    static char *const names[] = {(char *)"lockoutThreshold", NULL};
    struct conn_query query = {.base = base_dn,
        .scope = LDAP_SCOPE_BASE,
        .filter = "(objectClass=*)",
        .attributes = names,
        .most = 1};
    struct threshold_reader reader = {0};
    struct conn_sink sink = {threshold_start, threshold_entry, threshold_attribute, &reader};
    struct conn_answer answer;
    int r;

    why[0] = '\0';
    r = domain_search(domain, &query, &sink, budget, &answer, why);
    if (r != 0)
        return r;
    if (answer.code != LDAP_SUCCESS || !reader.seen)
        return why_not(why, FED_E_DIRECTORY, "lockoutThreshold of \"%.96s\" cannot be read: %d, %s",
            base_dn, answer.code, answer.text);
    *ret = reader.value;
    return 0;
}
