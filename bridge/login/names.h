/*
 * A list of names that is told to a person in one line or to a machine as an array.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef BRIDGE_LOGIN_NAMES_H
#define BRIDGE_LOGIN_NAMES_H

#include "base/secret.h"
#include "bridge/login/json.h"

enum { NAMES_MAX = 64 * 1024 };

/* Each name with its NUL. names_done frees; a list can be used again after names_clear. */
struct names {
    struct fed_secret bytes;
};

#define NAMES_INIT ((struct names){FED_SECRET_INIT(NAMES_MAX)})

/* Append a copy. 0, FED_E_TOO_BIG, FED_E_NOMEM. */
FED_MUST_USE int names_add(struct names *names, const char *name);

void names_clear(struct names *names);
void names_done(struct names *names);

/* Append "a, b, c". 0, FED_E_TOO_BIG, FED_E_NOMEM. */
FED_MUST_USE int names_join(const struct names *names, struct fed_secret *to);

/* A member that is an array of them, empty or not. */
void names_json(const struct names *names, struct json *j, const char *key);

#endif
