/*
 * What a person is told of a new password that the domain does not take, whichever way it was sent there.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef LDAP_WORDING_H
#define LDAP_WORDING_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/secret.h"

/* What else there is to do for who can change it nowhere here; the middle of a sentence. */
#define WORDING_ELSEWHERE                                                                          \
    "change it where you can, on a Windows computer of the domain for instance"

/* A domain's rules for passwords, where it says them; 0 = none of that kind. */
struct wording_rules {
    uint32_t least_characters;
    uint32_t history;
    bool complex;
    int64_t least_age_s;
};

/*
 * That the rules were broken; which of them, where that can be told. Returns FED_E_PASSWORD_REFUSED.
 *   said          the directory's own words for people, cleaned; NULL or "" = none
 *   rules         NULL = not known
 *   new_password  looked at for its length alone; NULL = not known
 *   text          WHY_MAX bytes
 */
int wording_refused(const char *said, const struct wording_rules *rules,
    const struct fed_secret *new_password, char *text);

/* That this account may not change its password. Returns FED_E_PASSWORD_REFUSED. */
int wording_forbidden(char *text);

#endif
