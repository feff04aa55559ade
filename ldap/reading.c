/*
 * Reading an entry, piece by piece where it has to be.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ldap/reading.h"

#include "ldap/entry.h"
#include "ldap/why.h"

static int
check_answer(const struct conn_answer *answer, char *why)
{
    if (answer->code == LDAP_SUCCESS)
        return 0;
    if (answer->code == LDAP_NO_SUCH_OBJECT)
        return why_not(why, FED_E_UNKNOWN_USER, "reading an entry: no such entry");
    return why_not(
        why, FED_E_DIRECTORY, "reading an entry: result %d: %s", answer->code, answer->text);
}

/* The next piece of tokenGroups. An answer without one would be asked for again for ever. */
static int
read_piece(struct conn *conn, struct conn_query *query, struct entry_reader *reader,
    const struct domain_budget *budget, char *why)
{
    char piece[64];
    char *names[] = {(char *)"objectSid", piece, NULL};
    struct conn_sink sink = entry_piece_sink(reader);
    size_t before = reader->groups.pieces;
    struct conn_answer answer;

    range_ask(&reader->groups, ENTRY_GROUPS, piece, sizeof(piece));
    query->attributes = names;
    int r = conn_search(conn, query, &sink, domain_answer_by(budget), &answer, why);
    if (r == 0)
        r = check_answer(&answer, why);
    if (r == 0 && (reader->n_entries != 1 || reader->groups.pieces == before))
        r = why_not(why, FED_E_DIRECTORY, "%s: no more came, and there must be more", piece);
    /* It was there a moment ago. */
    return r == FED_E_UNKNOWN_USER ? FED_E_DIRECTORY : r;
}

int
reading_on(struct conn *conn, const char *dn, const struct wanted *wanted,
    const struct domain_budget *budget, struct addir_entry *ret, char *why)
{
    struct conn_query query = {.base = dn,
        .scope = LDAP_SCOPE_BASE,
        .filter = "(objectClass=*)",
        .attributes = wanted->names,
        .most = 1};
    struct entry_reader reader;
    struct conn_answer answer;
    struct conn_sink sink;

    entry_reader_init(&reader, &wanted->extra);
    sink = entry_sink(&reader);
    int r = conn_search(conn, &query, &sink, domain_answer_by(budget), &answer, why);
    if (r == 0)
        r = check_answer(&answer, why);
    while (r == 0 && entry_has_more(&reader))
        r = read_piece(conn, &query, &reader, budget, why);
    if (r == 0)
        r = entry_take(&reader, ret, why);
    entry_reader_done(&reader);
    return r;
}

struct service_read {
    const char *dn;
    const struct wanted *wanted;
    struct addir_entry *ret;
};

static int
read_as_service(void *arg, struct conn *conn, const struct domain_budget *budget, char *why)
{
    struct service_read *read = arg;

    return reading_on(conn, read->dn, read->wanted, budget, read->ret, why);
}

int
reading_by_service(struct domain *domain, const char *dn, const struct wanted *wanted,
    const struct domain_budget *budget, struct addir_entry *ret, char *why)
{
    struct service_read read = {dn, wanted, ret};

    return domain_ask(domain, read_as_service, &read, budget, why);
}
