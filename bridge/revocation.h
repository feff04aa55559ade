/*
 * Revocations that the bridge applies itself: the deny that ends what AWS has given, put on a role by keys of its account that the
 * bridge can have without anybody's sign-in. Those are the base credential's, where they are of that account, and those of the role that it is taken via,
 * where that is of that account and is itself reached from the base credential alone.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef BRIDGE_REVOCATION_H
#define BRIDGE_REVOCATION_H

#include "bridge/bridge.h"

enum { REVOCATION_NAME_SIZE = 129, REVOCATION_MS = 25000 };

/*
 * The inline policy's name for a person as the administrator wrote them: [\w+=,.@-]+, no longer than IAM takes. Where that leaves
 * something of their name out, a digest of it is at the end: no two people have the same.
 */
void revocation_name(const char *user, char ret[REVOCATION_NAME_SIZE]);

/* One revocation, over several roles. Zeros but for these; book is borrowed and the roles are of it. */
struct revocation {
    struct bridge *b;
    const struct book *book;
    const char *policy_name;
    int64_t deadline_ms;        /* monotonic, for all roles together */
    int base_error;             /* the rest is found out at the first need, and remembered */
    const char *base_partition; /* where it was asked; NULL = nowhere yet */
    char base_account[13], base_why[STS_WHY_MAX];
    bool asked; /* of the last role: IAM was asked, and so may have done it when no answer came */
};

/*
 * Put the policy on a role. Blocks; any thread.
 *   why   STS_WHY_MAX bytes; on failure why not, and where no answer came, that nothing is known
 * Returns 0 (AWS said that it is done), FED_E_NOT_FOUND (no keys for that account), or what the keyring, STS and IAM give.
 */
FED_MUST_USE int revocation_apply(
    struct revocation *revocation, const struct conf_role *role, const char *policy, char *why);

#endif
