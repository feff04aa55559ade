/*
 * From the text of a value to what the program works with: one type of value, one reader. A reader
 * says what it wants, not what is wrong: its caller names file, line, key and text.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef CONF_VALUES_H
#define CONF_VALUES_H

#include <stdint.h>

#include "base/err.h"
#include "conf/forms.h"
#include "conf/template.h"

struct conf_list;
struct value_rule;

struct value_type {
    /*
     * text is not empty, except for lists. Writes target only on success; remedy (FORM_REMEDY_MAX
     * bytes) on FED_E_CONFIG. Returns 0, FED_E_CONFIG, FED_E_NOMEM.
     */
    int (*read)(const struct value_rule *rule, const char *text, void *target, char *remedy);
    /* Frees what read made and leaves zeroes; zeroed memory is fine. NULL: nothing to free. */
    void (*done)(void *target);
    bool may_be_empty;
};

/* What a key says beyond its type; each type names what it looks at. */
struct value_rule {
    const struct value_type *type;
    int64_t least, most;
    form_check *form;         /* NULL: anything */
    const char *const *words; /* ends with NULL */
    enum template_kind kind;
    bool dns; /* of a list: an item may be a DN of AD without quotes */
    bool
        hidden; /* for the caller: never repeat the text in an error, a secret may have slipped in */
};

/* To a char *. */
extern const struct value_type value_text;           /* most (bytes), form */
extern const struct value_type value_template;       /* kind */
extern const struct value_type value_template_or_no; /* kind; "no" is NULL */

/* To an unsigned, or an enum of the same size. */
extern const struct value_type value_number; /* least, most */
extern const struct value_type value_period; /* 30 or 60 seconds */
extern const struct value_type value_word;   /* words: the index of one */

extern const struct value_type value_yes_no;   /* to a bool */
extern const struct value_type value_duration; /* to an int64_t of seconds; least, most */

/*
 * Items separated by commas; an item with a comma in it stands in double quotes, a DN perhaps (dns). An empty item, one
 * said twice or one too many is refused; no item at all is an empty list.
 */
extern const struct value_type
    value_list; /* to a struct conf_list; most (items), form (of each), dns */
extern const struct value_type
    value_tags; /* to a struct conf_role: tags, n_tags; KEY=TEMPLATE; most */

/* The list itself. list_add copies len bytes: 0 or FED_E_NOMEM. list_has compares without ASCII case. */
FED_MUST_USE int list_add(struct conf_list *list, const char *text, size_t len);
bool list_has(const struct conf_list *list, const char *text);
void list_done(struct conf_list *list);

#endif
