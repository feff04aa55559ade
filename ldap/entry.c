/*
 * Parsing what AD says of an account. Example, one line a value:
 *
 *     objectSid: 01 05 00 00 00 00 00 05 15 00 00 00 …          (28 bytes)
 *     userAccountControl: 512
 *     accountExpires: 9223372036854775807
 *     msDS-UserPasswordExpiryTimeComputed: 134433978587387620
 *     tokenGroups: 01 05 00 00 00 00 00 05 15 00 00 00 …        (many)
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ldap/entry.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "ldap/why.h"

/* Values of extra attributes longer than this, or more of them, go into no session tag. */
enum { EXTRA_VALUE_MAX = 2048, EXTRA_MAX = 256 };

bool
entry_name_is(const struct berval *name, const char *is)
{
    return name->bv_len == strlen(is) && strncasecmp(name->bv_val, is, name->bv_len) == 0;
}

int
entry_text(const struct berval *value, char *to, size_t size)
{
    if (value->bv_len >= size || memchr(value->bv_val, 0, value->bv_len) != NULL ||
        !text_is_utf8(value->bv_val, value->bv_len))
        return FED_E_DIRECTORY;
    memcpy(to, value->bv_val, value->bv_len);
    to[value->bv_len] = '\0';
    return 0;
}

/* INTEGER and LARGE_INTEGER (MS-ADTS 3.1.1.3.1.1.1): decimal, with a sign when negative. */
int
entry_integer(const struct berval *value, int64_t *ret)
{
    bool negative = value->bv_len > 0 && value->bv_val[0] == '-';
    char digits[24];
    struct berval rest = {value->bv_len - negative, value->bv_val + negative};
    uint64_t number;

    if (entry_text(&rest, digits, sizeof(digits)) != 0 || text_to_u64(digits, &number) != 0 ||
        number > (uint64_t)INT64_MAX + negative)
        return FED_E_DIRECTORY;
    *ret = negative ? (int64_t)(0 - number) : (int64_t)number;
    return 0;
}

/* Flag words are 32 bits and come as signed numbers. */
static int
read_flags(const struct berval *value, uint32_t *ret)
{
    int64_t number;

    if (entry_integer(value, &number) != 0 || number < INT32_MIN || number > UINT32_MAX)
        return FED_E_DIRECTORY;
    *ret = (uint32_t)number;
    return 0;
}

static int
read_sid(const struct berval *value, struct sid *ret)
{
    return sid_parse(value->bv_val, value->bv_len, ret) == 0 ? 0 : FED_E_DIRECTORY;
}

/* ---- The table of attributes ---- */

typedef int (*read_fn)(struct addir_entry *entry, const struct berval *values, size_t n);

static int
take_sid(struct addir_entry *entry, const struct berval *values, size_t n)
{
    (void)n;
    entry->account.has_sid = true;
    return read_sid(values, &entry->account.sid);
}

static int
take_control(struct addir_entry *entry, const struct berval *values, size_t n)
{
    (void)n;
    entry->account.has_control = true;
    return read_flags(values, &entry->account.control);
}

static int
take_computed(struct addir_entry *entry, const struct berval *values, size_t n)
{
    (void)n;
    return read_flags(values, &entry->account.computed);
}

static int
take_expires(struct addir_entry *entry, const struct berval *values, size_t n)
{
    (void)n;
    entry->account.has_expires = true;
    return entry_integer(values, &entry->account.expires_nt);
}

static int
take_password_expires(struct addir_entry *entry, const struct berval *values, size_t n)
{
    (void)n;
    return entry_integer(values, &entry->account.password_expires_nt);
}

static int
take_password_set(struct addir_entry *entry, const struct berval *values, size_t n)
{
    (void)n;
    return entry_integer(values, &entry->account.password_set_nt);
}

static int
take_hours(struct addir_entry *entry, const struct berval *values, size_t n)
{
    (void)n;
    if (values->bv_len != ACCOUNT_HOURS_SIZE)
        return FED_E_DIRECTORY;
    entry->account.has_hours = true;
    memcpy(entry->account.hours, values->bv_val, ACCOUNT_HOURS_SIZE);
    return 0;
}

static int
take_workstations(struct addir_entry *entry, const struct berval *values, size_t n)
{
    (void)n;
    return entry_text(values, entry->account.workstations, sizeof(entry->account.workstations));
}

/* More groups; one value that is not a SID fails all of them: a shorter list is another answer (I-16). */
static int
add_groups(struct addir_entry *entry, const struct berval *values, size_t n)
{
    struct sid *groups = reallocarray(entry->groups, entry->n_groups + n, sizeof(*groups));

    if (groups == NULL)
        return FED_E_NOMEM;
    entry->groups = groups;
    for (size_t i = 0; i < n; i++) {
        if (read_sid(&values[i], &groups[entry->n_groups]) != 0)
            return FED_E_DIRECTORY;
        entry->n_groups++;
    }
    return 0;
}

static int
take_groups(struct addir_entry *entry, const struct berval *values, size_t n)
{
    int r = add_groups(entry, values, n);

    if (r == 0)
        qsort(entry->groups, entry->n_groups, sizeof(*entry->groups), sid_compare);
    return r;
}

static const struct {
    const char *name;
    bool many;
    read_fn read;
} table[] = {
    {"objectSid", false, take_sid},
    {"userAccountControl", false, take_control},
    {"msDS-User-Account-Control-Computed", false, take_computed},
    {"accountExpires", false, take_expires},
    {"msDS-UserPasswordExpiryTimeComputed", false, take_password_expires},
    {"pwdLastSet", false, take_password_set},
    {"logonHours", false, take_hours},
    {"userWorkstations", false, take_workstations},
    {ENTRY_GROUPS, true, take_groups},
};
enum { ROWS = sizeof(table) / sizeof(table[0]), ROW_GROUPS = ROWS - 1 };

int
entry_check_names(const struct conf_list *extra, char *why)
{
    static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-";

    for (size_t i = 0; extra != NULL && i < extra->n; i++) {
        size_t len = strlen(extra->items[i]);
        if (len == 0 || len > 64 || strspn(extra->items[i], allowed) != len)
            return why_not(
                why, FED_E_CONFIG, "\"%s\" is not the name of an attribute", extra->items[i]);
    }
    return 0;
}

int
entry_names(const struct conf_list *extra, char ***ret)
{
    size_t n_extra = extra != NULL ? extra->n : 0;
    char **names = calloc(ROWS + n_extra + 1, sizeof(*names));

    if (names == NULL)
        return FED_E_NOMEM;
    for (size_t i = 0; i < ROWS; i++)
        names[i] = (char *)table[i].name;
    for (size_t i = 0; i < n_extra; i++)
        names[ROWS + i] = extra->items[i];
    *ret = names;
    return 0;
}

/* ---- The reader of state and groups ---- */

void
entry_reader_init(struct entry_reader *reader, const struct conf_list *extra)
{
    *reader = (struct entry_reader){.extra = extra};
}

void
entry_reader_done(struct entry_reader *reader)
{
    addir_entry_done(&reader->entry);
}

void
addir_entry_done(struct addir_entry *entry)
{
    if (entry == NULL)
        return;
    for (size_t i = 0; i < entry->n_attributes; i++)
        free(entry->attributes[i]);
    free(entry->attributes);
    free(entry->groups);
    *entry = (struct addir_entry){0};
}

bool
addir_in_group(const struct addir_entry *entry, const struct sid *group)
{
    return group->len != 0 && entry->n_groups > 0 &&
           bsearch(group, entry->groups, entry->n_groups, sizeof(*group), sid_compare) != NULL;
}

static void
entry_start(void *arg)
{
    struct entry_reader *reader = arg;
    const struct conf_list *extra = reader->extra;

    entry_reader_done(reader);
    entry_reader_init(reader, extra);
}

static int
entry_begin(void *arg, const struct berval *dn)
{
    struct entry_reader *reader = arg;

    (void)dn;
    return ++reader->n_entries == 1 ? 0 : FED_E_DIRECTORY;
}

static int
keep_extra(struct addir_entry *entry, const char *name, const struct berval *value)
{
    char text[EXTRA_VALUE_MAX + 1], **more, *line;

    /* What is no text cannot go into a template; there it is then missing, which is an error. */
    if (entry->n_attributes == EXTRA_MAX || entry_text(value, text, sizeof(text)) != 0)
        return 0;
    more = reallocarray(entry->attributes, entry->n_attributes + 1, sizeof(*more));
    if (more == NULL)
        return FED_E_NOMEM;
    entry->attributes = more;
    if (asprintf(&line, "%s=%s", name, text) < 0)
        return FED_E_NOMEM;
    entry->attributes[entry->n_attributes++] = line;
    return 0;
}

/*
 * A piece of the groups. With the last they are sorted, and no group may be there twice: a list that repeats itself
 * lacks something else.
 */
static int
take_piece(
    struct entry_reader *reader, const struct range *range, const struct berval *values, size_t n)
{
    struct addir_entry *entry = &reader->entry;
    int r = range_take(&reader->groups, range, n);

    if (r == 0)
        r = add_groups(entry, values, n);
    if (r != 0 || !reader->groups.whole)
        return r;
    qsort(entry->groups, entry->n_groups, sizeof(*entry->groups), sid_compare);
    for (size_t i = 1; i < entry->n_groups; i++)
        if (sid_equal(&entry->groups[i - 1], &entry->groups[i]))
            return FED_E_DIRECTORY;
    reader->seen |= 1U << ROW_GROUPS;
    return 0;
}

/* One of our own attributes, if it is one. */
static int
take_ours(
    struct entry_reader *reader, const struct berval *name, const struct berval *values, size_t n)
{
    struct range range;

    for (unsigned i = 0; i < ROWS; i++) {
        bool seen = (reader->seen & 1U << i) != 0;
        int r = range_parse(name->bv_val, name->bv_len, table[i].name, &range);
        if (r == 0)
            return seen || !table[i].many ? FED_E_DIRECTORY : take_piece(reader, &range, values, n);
        if (r != FED_E_NOT_FOUND)
            return r;
        if (!entry_name_is(name, table[i].name))
            continue;
        /* Beside a piece AD names the attribute itself, without values. */
        if (n == 0 && table[i].many)
            return 0;
        if (seen || n == 0 || (n > 1 && !table[i].many) ||
            (table[i].many && reader->groups.pieces > 0))
            return FED_E_DIRECTORY;
        r = table[i].read(&reader->entry, values, n);
        reader->seen |= r == 0 ? 1U << i : 0;
        return r;
    }
    return 0;
}

/* Of an extra attribute in pieces the first has more values than are kept. */
static bool
is_extra(const struct berval *name, const char *extra)
{
    struct range range;

    return entry_name_is(name, extra) ||
           (range_parse(name->bv_val, name->bv_len, extra, &range) == 0 && range.first == 0);
}

static int
entry_attribute(void *arg, const struct berval *name, const struct berval *values, size_t n)
{
    struct entry_reader *reader = arg;
    int r = take_ours(reader, name, values, n);

    for (size_t i = 0; r == 0 && reader->extra != NULL && i < reader->extra->n; i++)
        if (is_extra(name, reader->extra->items[i]))
            for (size_t k = 0; r == 0 && k < n; k++)
                r = keep_extra(&reader->entry, reader->extra->items[i], &values[k]);
    return r;
}

bool
entry_has_more(const struct entry_reader *reader)
{
    return reader->groups.pieces > 0 && !reader->groups.whole;
}

static void
piece_start(void *arg)
{
    ((struct entry_reader *)arg)->n_entries = 0;
}

/* The next piece must be of the same entry. */
static int
piece_attribute(void *arg, const struct berval *name, const struct berval *values, size_t n)
{
    struct entry_reader *reader = arg;
    struct range range;
    struct sid sid;
    int r;

    if (entry_name_is(name, "objectSid"))
        return n == 1 && read_sid(values, &sid) == 0 && reader->entry.account.has_sid &&
                       sid_equal(&sid, &reader->entry.account.sid)
                   ? 0
                   : FED_E_DIRECTORY;
    r = range_parse(name->bv_val, name->bv_len, ENTRY_GROUPS, &range);
    if (r == 0)
        return take_piece(reader, &range, values, n);
    return r == FED_E_NOT_FOUND && !(entry_name_is(name, ENTRY_GROUPS) && n > 0) ? 0
                                                                                 : FED_E_DIRECTORY;
}

struct conn_sink
entry_piece_sink(struct entry_reader *reader)
{
    return (struct conn_sink){piece_start, entry_begin, piece_attribute, reader};
}

struct conn_sink
entry_sink(struct entry_reader *reader)
{
    return (struct conn_sink){entry_start, entry_begin, entry_attribute, reader};
}

int
entry_take(struct entry_reader *reader, struct addir_entry *ret, char *why)
{
    if (reader->n_entries == 0)
        return why_not(why, FED_E_UNKNOWN_USER, "the entry is gone, or may not be read");
    if ((reader->seen & 1U << ROW_GROUPS) == 0)
        return why_not(why, FED_E_DIRECTORY,
            "the entry came without tokenGroups: may this identity read them? "
            "(a member of Windows Authorization Access Group may)");
    *ret = reader->entry;
    ret->asked = reader->extra != NULL ? reader->extra->n : 0;
    reader->entry = (struct addir_entry){0};
    return 0;
}

/* ---- The reader of who somebody is ---- */

char *const person_names[] = {
    (char *)"objectSid", (char *)"sAMAccountName", (char *)"userPrincipalName", NULL};

static void
person_start(void *arg)
{
    *(struct person_reader *)arg = (struct person_reader){0};
}

static int
person_begin(void *arg, const struct berval *dn)
{
    struct person_reader *reader = arg;

    if (++reader->n_entries > 1)
        return 0;
    return dn->bv_len == 0 ? FED_E_DIRECTORY
                           : entry_text(dn, reader->person.dn, sizeof(reader->person.dn));
}

static int
person_attribute(void *arg, const struct berval *name, const struct berval *values, size_t n)
{
    struct person_reader *reader = arg;
    struct addir_person *person = &reader->person;

    if (reader->n_entries > 1)
        return 0;
    if (n != 1)
        return FED_E_DIRECTORY;
    if (entry_name_is(name, "objectSid"))
        return person->sid.len != 0 ? FED_E_DIRECTORY : read_sid(values, &person->sid);
    if (entry_name_is(name, "sAMAccountName"))
        return entry_text(values, person->sam, sizeof(person->sam));
    if (entry_name_is(name, "userPrincipalName"))
        return entry_text(values, person->upn, sizeof(person->upn));
    return 0;
}

struct conn_sink
person_sink(struct person_reader *reader)
{
    return (struct conn_sink){person_start, person_begin, person_attribute, reader};
}
