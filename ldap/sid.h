/*
 * Security identifiers, MS-DTYP 2.4.2: binary as in objectSid and tokenGroups, and S-1-5-… text.
 * Values, not pointers; any thread; nothing blocks or allocates.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef LDAP_SID_H
#define LDAP_SID_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

enum {
    SID_SUB_MAX = 15,
    SID_BYTES_MAX = 8 + 4 * SID_SUB_MAX,
    SID_TEXT_MAX = 192, /* with NUL: "S-1-" + 15 + 15 * 11 */
};

struct sid {
    uint8_t len;                  /* of bytes; 0 = no SID */
    uint8_t bytes[SID_BYTES_MAX]; /* as in AD, little-endian sub-authorities; unused bytes are 0 */
};

/* From AD's bytes; the length must be exactly what the count says. 0 or FED_E_INVALID. */
FED_MUST_USE int sid_parse(const void *data, size_t len, struct sid *ret);

/*
 * From text "S-1-5-21-…": decimal without leading zeros, no blanks, nothing after; an authority of 2^32 and more
 * is 0x and 12 hex digits, lower case. At least one sub-authority. 0 or FED_E_INVALID.
 */
FED_MUST_USE int sid_from_text(const char *text, struct sid *ret);

/* To text; returns to. "" for no SID. */
char *sid_to_text(const struct sid *sid, char to[SID_TEXT_MAX]);

bool sid_equal(const struct sid *a, const struct sid *b);

/* Of a domain, S-1-5-21-…, and so of one thing in the world; built-in and well-known ones are the same in every domain. */
bool sid_is_of_domain(const struct sid *sid);

/* A total order, for sorting and binary search (any order, but stable); for qsort(3) and bsearch(3). */
int sid_compare(const void *a, const void *b);

#endif
