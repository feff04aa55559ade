/*
 * An attribute as a place to keep a value in.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ldap/attribute.h"

#include <stdio.h>
#include <string.h>

#include "ldap/entry.h"
#include "ldap/exchange.h"
#include "ldap/why.h"

enum { TRIES = 2, PAGE = 500, MOST = 1000000, DN_MAX = SID_TEXT_MAX + 8 };

/* "<SID=S-1-5-…>": AD takes it for a DN (MS-ADTS 3.1.1.3.1.2.4), so nobody's name has to be looked up. */
static void
dn_of(const struct sid *sid, char ret[DN_MAX])
{
    char text[SID_TEXT_MAX];

    (void)snprintf(ret, DN_MAX, "<SID=%s>", sid_to_text(sid, text));
}

/* As domain_search, on the pinned server. */
static int
search(struct domain *domain, const struct conn_query *query, const struct conn_sink *sink,
    const struct domain_budget *budget, struct conn_answer *ret, char *why)
{
    bool again = true;
    int r = FED_E_DIRECTORY;

    for (int tries = 0; again && tries < TRIES; tries++) {
        struct conn *conn;
        r = domain_take(domain, DOMAIN_PINNED, budget, &conn, why);
        if (r != 0)
            break;
        r = conn_search(conn, query, sink, domain_answer_by(budget), ret, why);
        again = conn_is_broken(conn);
        domain_put(domain, DOMAIN_PINNED, conn);
    }
    return r;
}

/* ---- One entry, or many: one is complete when the next begins ---- */

struct reader {
    const char *attribute;
    struct sid sid;
    struct fed_secret value;
    bool has_value, may_write;
    size_t n_entries;
    attribute_fn *fn; /* NULL: keep the one there is */
    void *arg;
};

static int
finish_entry(struct reader *reader)
{
    int r = 0;

    if (reader->fn != NULL && reader->has_value) {
        if (reader->sid.len == 0)
            return FED_E_DIRECTORY;
        r = reader->fn(reader->arg, &reader->sid, reader->value.data, reader->value.len);
        reader->has_value = false;
        reader->sid.len = 0;
    }
    return r;
}

static void
on_start(void *arg)
{
    struct reader *reader = arg;

    fed_secret_clear(&reader->value);
    reader->has_value = reader->may_write = false;
    reader->sid.len = 0;
    reader->n_entries = 0;
}

static int
on_entry(void *arg, const struct berval *dn)
{
    struct reader *reader = arg;

    (void)dn;
    reader->n_entries++;
    return finish_entry(reader);
}

static int
on_attribute(void *arg, const struct berval *name, const struct berval *values, size_t n)
{
    struct reader *reader = arg;

    if (entry_name_is(name, "objectSid"))
        return n == 1 ? sid_parse(values->bv_val, values->bv_len, &reader->sid) : FED_E_DIRECTORY;
    if (entry_name_is(name, "allowedAttributesEffective")) {
        for (size_t i = 0; i < n && !reader->may_write; i++)
            reader->may_write = entry_name_is(&values[i], reader->attribute);
        return 0;
    }
    if (!entry_name_is(name, reader->attribute))
        return 0;
    if (n != 1 || values->bv_len == 0)
        return FED_E_DIRECTORY;
    reader->has_value = true;
    return fed_secret_set(&reader->value, values->bv_val, values->bv_len);
}

/* The entry of a SID, into the reader. Errors of attribute_read. */
static int
read_entry(struct domain *domain, const struct sid *sid, const char *attribute,
    const struct domain_budget *budget, struct reader *reader, char *why)
{
    char dn[DN_MAX];
    char *names[] = {(char *)"objectSid", (char *)attribute, NULL};
    struct conn_query query = {.base = dn,
        .scope = LDAP_SCOPE_BASE,
        .filter = "(objectClass=*)",
        .attributes = names,
        .most = 1};
    struct conn_sink sink = {on_start, on_entry, on_attribute, reader};
    struct conn_answer answer;

    dn_of(sid, dn);
    int r = search(domain, &query, &sink, budget, &answer, why);
    if (r != 0)
        return why[0] != '\0'
                   ? r
                   : why_not(why, r, "%s: more than one value, or one that is too long", attribute);
    if (answer.code == LDAP_NO_SUCH_OBJECT)
        return why_not(why, FED_E_UNKNOWN_USER, "no entry has that SID");
    if (answer.code != LDAP_SUCCESS || reader->n_entries != 1)
        return why_not(
            why, FED_E_DIRECTORY, "reading %s: result %d: %s", attribute, answer.code, answer.text);
    if (!sid_equal(&reader->sid, sid))
        return why_not(why, FED_E_DIRECTORY, "reading %s: somebody else's entry came", attribute);
    return 0;
}

/*
 * There is no value; or it is hidden from us, which AD tells by nothing (MS-ADTS 3.1.1.3.1.3.2: as if it did not exist). So
 * "none" is only believed on entries on which we have the right to write one: where that came by inheritance and was cut
 * off, as for everybody who becomes an administrator, both rights are gone (I-29).
 */
static int
check_rights(struct domain *domain, const struct sid *sid, const char *attribute,
    const struct domain_budget *budget, char *why)
{
    struct reader reader = {.attribute = attribute, .value = FED_SECRET_INIT(0)};
    int r = read_entry(domain, sid, "allowedAttributesEffective", budget, &reader, why);

    if (r == 0 && !reader.may_write)
        r = why_not(why, FED_E_DIRECTORY,
            "%s of an entry may be hidden from the service identity, which has no right to write "
            "it there: give it both rights",
            attribute);
    return r;
}

int
attribute_read(struct domain *domain, const struct sid *sid, const char *attribute,
    const struct domain_budget *budget, struct fed_secret *ret, char *why)
{
    struct reader reader = {.attribute = attribute, .value = FED_SECRET_INIT(ATTRIBUTE_VALUE_MAX)};
    int r = read_entry(domain, sid, attribute, budget, &reader, why);

    if (r == 0 && !reader.has_value)
        r = check_rights(domain, sid, attribute, budget, why);
    if (r == 0)
        fed_secret_move(ret, &reader.value);
    fed_secret_done(&reader.value);
    return r;
}

int
attribute_each(struct domain *domain, const char *base_dn, const char *attribute,
    const struct domain_budget *budget, attribute_fn *fn, void *arg, char *why)
{
    char filter[128];
    char *names[] = {(char *)"objectSid", (char *)attribute, NULL};
    struct conn_query query = {.base = base_dn,
        .scope = LDAP_SCOPE_SUBTREE,
        .filter = filter,
        .attributes = names,
        .most = MOST,
        .page = PAGE};
    struct reader reader = {.attribute = attribute,
        .value = FED_SECRET_INIT(ATTRIBUTE_VALUE_MAX),
        .fn = fn,
        .arg = arg};
    struct conn_sink sink = {on_start, on_entry, on_attribute, &reader};
    struct conn_answer answer;

    (void)snprintf(filter, sizeof(filter), "(%.64s=*)", attribute);
    int r = search(domain, &query, &sink, budget, &answer, why);
    if (r == 0 && answer.code != LDAP_SUCCESS)
        r = why_not(why, FED_E_DIRECTORY, "searching for %s: result %d: %s", attribute, answer.code,
            answer.text);
    if (r == 0)
        r = finish_entry(&reader);
    fed_secret_done(&reader.value);
    return r;
}

/* ---- Exchanging ---- */

/* Was the first value refused because there is one by now, or for what it is? */
static int
why_not_first(struct domain *domain, const struct sid *sid, const char *attribute,
    const struct domain_budget *budget, const struct conn_answer *answer, char *why)
{
    struct fed_secret now = FED_SECRET_INIT(ATTRIBUTE_VALUE_MAX);
    char ignored[WHY_MAX] = "";
    int r = attribute_read(domain, sid, attribute, budget, &now, ignored);
    bool there = r == 0 && now.len > 0;

    fed_secret_done(&now);
    return there ? FED_E_REPLAY
                 : why_not(why, FED_E_DIRECTORY, "writing %s: result %d: %s", attribute,
                       answer->code, answer->text);
}

/*
 * Who could write a first value and cannot read it would take its owner for somebody without one for ever: it is taken away
 * again, and the enrolment fails.
 */
static int
check_first(struct domain *domain, const struct sid *sid, const char *dn, const char *attribute,
    const struct fed_secret *value, const struct domain_budget *budget, char *why)
{
    struct fed_secret now = FED_SECRET_INIT(ATTRIBUTE_VALUE_MAX), none = FED_SECRET_INIT(0);
    struct conn_answer answer;
    char ignored[WHY_MAX];
    int r = attribute_read(domain, sid, attribute, budget, &now, why);

    if (r == 0 && now.len == 0) {
        int back = exchange_send(
            domain, NULL, DOMAIN_PINNED, dn, attribute, value, &none, budget, &answer, ignored);
        (void)back; /* what stays hides from us, as it did before */
        r = why_not(why, FED_E_DIRECTORY,
            "%s was written and cannot be read: give the service identity the right to read it",
            attribute);
    }
    fed_secret_done(&now);
    return r;
}

int
attribute_exchange(struct domain *domain, const struct sid *sid, const char *attribute,
    const struct fed_secret *old_value, const struct fed_secret *new_value,
    const struct domain_budget *budget, char *why)
{
    struct conn_answer answer;
    char dn[DN_MAX];

    if (old_value->len == 0 && new_value->len == 0)
        return 0;
    dn_of(sid, dn);
    int r = exchange_send(
        domain, NULL, DOMAIN_PINNED, dn, attribute, old_value, new_value, budget, &answer, why);
    if (r != 0)
        return r;
    switch (answer.code) {
    case LDAP_SUCCESS:
        return old_value->len == 0 ? check_first(domain, sid, dn, attribute, new_value, budget, why)
                                   : 0;
    case LDAP_NO_SUCH_ATTRIBUTE:
        return FED_E_REPLAY;
    case LDAP_NO_SUCH_OBJECT:
        return why_not(why, FED_E_UNKNOWN_USER, "no entry has that SID");
    case LDAP_TYPE_OR_VALUE_EXISTS:
    case LDAP_CONSTRAINT_VIOLATION:
        if (old_value->len == 0)
            return why_not_first(domain, sid, attribute, budget, &answer, why);
        break;
    default:
        break;
    }
    return why_not(
        why, FED_E_DIRECTORY, "writing %s: result %d: %s", attribute, answer.code, answer.text);
}
