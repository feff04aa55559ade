/*
 * The search for the one entry of a name.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ldap/person.h"

#include <stdio.h>

#include "ldap/entry.h"
#include "ldap/why.h"

/* Two are too many already; but Samba gives all that match whatever limit was asked for, and that is no fault of its own. */
enum { FILTER_MAX = 4096, PERSONS_MOST = 100 };

static int
complete_person(const struct names *names, struct addir_person *person, char *why)
{
    if (person->sid.len == 0 || person->sam[0] == '\0')
        return why_not(
            why, FED_E_UNKNOWN_USER, "the entry has no objectSid or sAMAccountName to read");
    if (person->upn[0] == '\0') {
        int n = snprintf(person->upn, sizeof(person->upn), "%s@%s", person->sam, names->domain);
        if (n < 0 || (size_t)n >= sizeof(person->upn))
            return why_not(why, FED_E_UNKNOWN_USER, "the account's name is too long");
    }
    return 0;
}

int
person_search(struct domain *domain, struct conn *conn, const struct names *names,
    const char *base_dn, const char *name, const struct domain_budget *budget,
    struct addir_person *ret, char *why)
{
    struct fed_secret filter = FED_SECRET_INIT(FILTER_MAX);
    struct conn_query query = {.base = base_dn,
        .scope = LDAP_SCOPE_SUBTREE,
        .attributes = person_names,
        .most = PERSONS_MOST};
    struct person_reader reader = {0};
    struct conn_sink sink = person_sink(&reader);
    struct conn_answer answer;
    int r = names_filter(names, name, &filter);

    if (r == 0) {
        query.filter = fed_secret_str(&filter);
        r = conn == NULL ? domain_search(domain, &query, &sink, budget, &answer, why)
                         : conn_search(conn, &query, &sink, domain_answer_by(budget), &answer, why);
    }
    fed_secret_done(&filter);
    if (r != 0)
        return r;
    if (answer.code == LDAP_SIZELIMIT_EXCEEDED || reader.n_entries > 1)
        return why_not(why, FED_E_UNKNOWN_USER, "more than one entry matches the name");
    if (answer.code != LDAP_SUCCESS)
        return why_not(
            why, FED_E_DIRECTORY, "searching a person: %d, %s", answer.code, answer.text);
    if (reader.n_entries == 0)
        return why_not(why, FED_E_UNKNOWN_USER, "no entry matches the name");
    r = complete_person(names, &reader.person, why);
    if (r == 0)
        *ret = reader.person;
    return r;
}
