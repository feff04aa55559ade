/*
 * Entries of AD, value by value, into our structs. The values come from the network as (pointer, length);
 * a value that is not what its attribute must hold fails the read, it is never skipped.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef LDAP_ENTRY_H
#define LDAP_ENTRY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <lber.h>

#include "base/err.h"
#include "conf/conf.h"
#include "ldap/addir.h"
#include "ldap/conn.h"
#include "ldap/range.h"

#define ENTRY_GROUPS "tokenGroups"

/* A reader of one person's own entry: state and groups. For one base-scope search, and those for pieces of the groups. */
struct entry_reader {
    const struct conf_list *extra; /* attributes wanted besides, may be NULL */
    struct addir_entry entry;
    size_t n_entries;
    unsigned seen; /* bits by row of the table in entry.c */
    struct range_progress groups;
};

void entry_reader_init(struct entry_reader *reader, const struct conf_list *extra);
void entry_reader_done(struct entry_reader *reader);

/* The functions of a conn_sink; the argument is the struct entry_reader. 0, FED_E_DIRECTORY, FED_E_NOMEM. */
struct conn_sink entry_sink(struct entry_reader *reader);

/* Did AD give only a piece of tokenGroups so far? Then the sink for the answer to the next question (range_ask). */
bool entry_has_more(const struct entry_reader *reader);
struct conn_sink entry_piece_sink(struct entry_reader *reader);

/*
 * The whole entry, which the caller then owns: exactly one came, and tokenGroups came whole (I-16).
 * 0, FED_E_UNKNOWN_USER (none), FED_E_DIRECTORY; why on failure.
 */
FED_MUST_USE int entry_take(struct entry_reader *reader, struct addir_entry *ret, char *why);

/*
 * An attribute's name goes into requests as it is: letters, digits and hyphens (RFC 4512 2.5). 0 or FED_E_CONFIG with why.
 */
FED_MUST_USE int entry_check_names(const struct conf_list *extra, char *why);

/* The attributes to ask for: ours, then extra, NULL at the end. The array is the caller's, the names are not. */
FED_MUST_USE int entry_names(const struct conf_list *extra, char ***ret);

/* A reader of who somebody is. Of several entries it keeps the first, and counts all. */
struct person_reader {
    struct addir_person person;
    size_t n_entries;
};

extern char *const person_names[];
struct conn_sink person_sink(struct person_reader *reader);

/* A value of text: no NUL, well-formed UTF-8, room in to (size). 0 or FED_E_DIRECTORY. */
FED_MUST_USE int entry_text(const struct berval *value, char *to, size_t size);
/* A decimal number, INTEGER or LARGE_INTEGER. 0 or FED_E_DIRECTORY. */
FED_MUST_USE int entry_integer(const struct berval *value, int64_t *ret);
bool entry_name_is(const struct berval *name, const char *is);

#endif
