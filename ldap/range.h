/*
 * AD's way to give an attribute with very many values in pieces (MS-ADTS 3.1.1.3.1.3.3): "tokenGroups;range=0-1499", and when
 * asked for "tokenGroups;range=1500-*" the next, until one whose end is "*". The names come from the network. Pure; any thread.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef LDAP_RANGE_H
#define LDAP_RANGE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

enum {
    RANGE_VALUES_MAX =
        20000, /* a person in more groups than that is none that we know how to log in */
    RANGE_PIECES_MAX = 64, /* AD gives 1,500 values a piece, and 1,000 at least */
};

struct range {
    size_t first, last; /* of the values' numbers; last means nothing where is_last */
    bool is_last;
};

/*
 * Is this attribute (name_len bytes) a piece of that one?
 * 0, FED_E_NOT_FOUND (it is another attribute, or the whole of it), FED_E_DIRECTORY (it has an option that is no range).
 */
FED_MUST_USE int range_parse(
    const char *name, size_t name_len, const char *attribute, struct range *ret);

/* What has come of an attribute so far. All zero: nothing. */
struct range_progress {
    size_t next;   /* the number of the value that is missing */
    size_t pieces; /* that came; 0 = it did not come in pieces */
    bool whole;
};

/*
 * Take note of a piece with n values. It must begin where the last one ended, and have as many values as its name says.
 * 0 or FED_E_DIRECTORY: a gap, an overlap, something after the end, none or too many values, too many pieces.
 */
FED_MUST_USE int range_take(struct range_progress *progress, const struct range *range, size_t n);

/* "attribute;range=1500-*", to ask for what comes next; needs strlen(attribute) + RANGE_OPTION_MAX bytes. */
enum { RANGE_OPTION_MAX = 32 };
void range_ask(const struct range_progress *progress, const char *attribute, char *to, size_t size);

#endif
