/*
 * Passwords that AD rejected a moment ago: the same one for the same person is not sent again, since it would be
 * rejected again and cost one of the tries that AD allows. Only keyed hashes are kept, for minutes, in memory.
 * Any thread; nothing blocks.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef LDAP_TRIES_H
#define LDAP_TRIES_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/secret.h"
#include "ldap/sid.h"

enum { TRIES_KEPT = 1024, TRIES_KEPT_MS = 2 * 60 * 1000 };

struct tries;

/* Draws the key. 0, FED_E_CRYPTO (no randomness), FED_E_NOMEM. */
FED_MUST_USE int tries_new(struct tries **ret);
void tries_free(struct tries *tries);

/* Was this password of this person rejected lately? now_ms is of the monotonic clock. */
bool tries_rejected(
    struct tries *tries, const struct sid *sid, const struct fed_secret *password, int64_t now_ms);

/* Remember that it was. The oldest of TRIES_KEPT is forgotten for it. */
void tries_note(
    struct tries *tries, const struct sid *sid, const struct fed_secret *password, int64_t now_ms);

/* It is the person's password now. */
void tries_forget(struct tries *tries, const struct sid *sid, const struct fed_secret *password);

#endif
