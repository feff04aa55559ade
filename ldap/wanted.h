/*
 * Which attributes a read of a person's entry brings: those that accounts are judged by, and those that the roles' templates
 * name (%{ad:…}). Another reading of the configuration may add names. Then a longer list takes the place of the old one, which stays
 * until the end: a read that is under way goes on with the list that it began with, and no lock is needed.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef LDAP_WANTED_H
#define LDAP_WANTED_H

#include "base/err.h"
#include "conf/conf.h"

struct wanted {
    struct wanted *before;  /* the list that this one replaced, NULL = the first */
    struct conf_list extra; /* the templates' names, each once */
    char **names;           /* all that is asked for, NULL at the end */
};

/*
 * The first list (before NULL), or one with all names of before and those of attributes.
 *   attributes   NULL = none; copied
 *   before       on success it is the new list's
 * Returns 0, FED_E_CONFIG (no name of an attribute; why, of ADDIR_WHY_MAX bytes), FED_E_NOMEM.
 */
FED_MUST_USE int wanted_new(
    const struct conf_list *attributes, struct wanted *before, struct wanted **ret, char *why);

/* Has the list all of these already? */
bool wanted_has(const struct wanted *wanted, const struct conf_list *attributes);

/* The list and all before it. */
void wanted_free(struct wanted *wanted);

#endif
