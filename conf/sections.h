/*
 * What the configuration files say, before anyone knows what it means: sections with keys as text,
 * and where each was said. A later file's key replaces an earlier one's.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef CONF_SECTIONS_H
#define CONF_SECTIONS_H

#include <stdbool.h>
#include <stdint.h>
#include <stddef.h>

#include "conf/conf.h"

enum section_kind {
    SECTION_BRIDGE,
    SECTION_DOMAIN,
    SECTION_MFA,
    SECTION_RULE,
    SECTION_SAML,
    SECTION_OIDC,
    SECTION_AWS,
    SECTION_ROLE,
    SECTION_PATTERN,
    SECTION_KINDS,
};

struct setting {
    char *key;
    char *text;
    struct conf_where where;
};

struct section {
    enum section_kind kind;
    char *title;      /* "bridge", "domain corp.example.com": the heading, one blank */
    const char *name; /* what comes after the kind, a view on title; "" where it takes none */
    struct conf_where where; /* the first heading */
    struct conf_where last;  /* the latest */
    struct setting *settings;
    size_t n;
};

struct sections {
    struct section *items; /* in the order of the first headings */
    size_t n;
    size_t *places;  /* a hash table: 1 + index into items, 0 = free */
    size_t n_places; /* a power of two, more than twice n; 0 before the first */
};

void sections_done(struct sections *sections);

/*
 * A heading without its brackets. Reports an unknown or badly named one, and one that its file has
 * already. Names are compared without case.
 *   ret_section   valid until the next sections_open
 * Returns 0, FED_E_CONFIG (reported), FED_E_NOMEM.
 */
FED_MUST_USE int sections_open(struct sections *sections, const char *heading,
    const struct conf_where *where, struct conf_errors *errors, struct section **ret_section);

/* The section that a heading means; NULL when it is not there. */
struct section *sections_find(const struct sections *sections, const char *heading);

/* Set a key, replacing what was there. 0 or FED_E_NOMEM. */
FED_MUST_USE int section_set(
    struct section *section, const char *key, const char *text, const struct conf_where *where);

/* The setting of a key, or NULL. */
const struct setting *section_get(const struct section *section, const char *key);

/* Is there a key, right or wrong? A wrong one was reported where it was read. */
bool section_says(const struct section *section, const char *key);
/* The same of a list, where saying nothing is allowed and means no items. */
bool section_has_items(const struct section *section, const char *key);

/* A number that is another one when anything of a section's settings is. Not against forgery. */
uint64_t section_digest(const struct section *section);
/* The same with one more text. */
uint64_t sections_digest_text(uint64_t digest, const char *text);

/* Where a key was said; else where the section begins. */
const struct conf_where *section_where(const struct section *section, const char *key);

/* May this be what people type for a role: 1 to 128 of A-Z a-z 0-9 . _ + = @ / -, not beginning with "-"? */
bool section_is_role_name(const char *name);

/* Is this a DNS name (RFC 1123 section 2.1), without a dot at the end? An IPv4 address is one by its form. */
bool section_is_dns_name(const char *name);

#endif
