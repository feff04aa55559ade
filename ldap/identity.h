/*
 * Names lately resolved, and names that nobody has: a bounded cache. A stranger who tries many names
 * pushes out other negative answers first. Any thread; nothing blocks.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef LDAP_IDENTITY_H
#define LDAP_IDENTITY_H

#include <stdint.h>

#include "base/err.h"
#include "ldap/addir.h"

enum { IDENTITY_GOOD_MS = 5 * 60 * 1000, IDENTITY_UNKNOWN_MS = 30 * 1000 };

struct identity_cache;

FED_MUST_USE int identity_new(struct identity_cache **ret);
void identity_free(struct identity_cache *cache);

/*
 * Look up a name without regard to ASCII case, at now_ms of the monotonic clock.
 * 0, FED_E_UNKNOWN_USER (known to be nobody), FED_E_NOT_FOUND (ask the directory).
 */
FED_MUST_USE int identity_get(
    struct identity_cache *cache, const char *name, int64_t now_ms, struct addir_person *ret);

/* Remember an answer; person NULL = nobody has that name. */
void identity_put(struct identity_cache *cache, const char *name, const struct addir_person *person,
    int64_t now_ms);

/* Forget every name of a person. */
void identity_drop(struct identity_cache *cache, const struct sid *sid);

#endif
