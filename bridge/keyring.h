/*
 * Keys of AWS's that the bridge itself asks with, and that never leave it: the base credential, and of each ticket the
 * credential of the role before another (via). By name; fetched once however many ask at once; fetched again
 * while the old ones are still good. A failure stands for some seconds, so that a broken source is not hammered.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef BRIDGE_KEYRING_H
#define BRIDGE_KEYRING_H

#include <stdint.h>

#include "base/err.h"
#include "bridge/sts.h"

struct keyring;

enum {
    KEYRING_AHEAD_S = 600,     /* fetched again when less than this is left … */
    KEYRING_PAUSE_MS = 60000,  /* … but not sooner after the last fetch, good or bad */
    KEYRING_LAST_S = 60,       /* not used with less left */
    KEYRING_REREAD_MS = 60000, /* keys without an end are fetched again after this */
    KEYRING_REFUSED_MS = 5000, /* how long a failure stands where there are no older keys */
};

/* Fetch keys. expires_s 0 = they do not end. why has STS_WHY_MAX bytes. Returns 0 or an error. */
typedef int keyring_fetch(void *arg, int64_t deadline_ms, struct sts_credential *ret, char *why);

FED_MUST_USE int keyring_new(struct keyring **ret);
void keyring_free(struct keyring *keyring);

/*
 * The keys of a name, from the ring or by fetch, which runs in one of the threads that ask. Any thread; blocks up to
 * the deadline (monotonic).
 *   ret   on success a copy, freed with sts_credential_done
 *   why   on failure STS_WHY_MAX bytes
 * Returns 0, FED_E_TIMEOUT, FED_E_NOMEM, or fetch's error.
 */
FED_MUST_USE int keyring_get(struct keyring *keyring, const char *name, int64_t deadline_ms,
    keyring_fetch *fetch, void *arg, struct sts_credential *ret, char *why);

/* Forget the keys of a name, or of all names that begin like this; those who fetch now keep nothing. */
void keyring_drop(struct keyring *keyring, const char *name);
void keyring_purge(struct keyring *keyring, const char *prefix);

#endif
