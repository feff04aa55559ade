/*
 * The forms in which people type their name, and the search filter for each. Pure; any thread.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef LDAP_NAMES_H
#define LDAP_NAMES_H

#include <stdbool.h>

#include "base/err.h"
#include "base/secret.h"

/* The names of one domain; borrowed from its configuration, but for the buffer. */
struct names {
    const char *domain; /* DNS name */
    char netbios[64];
};

/* netbios NULL = the first label of domain. */
void names_init(struct names *names, const char *domain, const char *netbios);

/* See addir_owns. */
bool names_own(const struct names *names, const char *name, char *bare, bool *ret_bare_name);

/* Append the filter that finds a person by what names_own gave, every byte of it escaped (I-9). */
FED_MUST_USE int names_filter(
    const struct names *names, const char *name, struct fed_secret *filter);

#endif
