/*
 * The second factor of one sign-in: is this code right, whichever of the person's tokens or recovery codes it is
 * of; and, when all else is right too, use it up, once for all hosts that share the store (I-26).
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef BRIDGE_FACTOR_H
#define BRIDGE_FACTOR_H

#include "bridge/bridge.h"
#include "mfa/record.h"

struct factor {
    bool
        enrolled; /* false: let in without a code, because [mfa] required = enrolled; no role (I-31) */
    uint32_t token; /* of the record */
    uint64_t step;
    int64_t now_s; /* when it was checked */
};

/*
 * Is the code right and unused? It is not used up yet. Every confirmed token is tried, whichever matches.
 *   why  BRIDGE_WHY_MAX bytes: what was wrong in truth, for the log
 * 0, FED_E_DENIED, FED_E_REPLAY, FED_E_NOT_ENROLLED, FED_E_STORE, FED_E_KEEPER, FED_E_CRYPTO. Blocks on store and keeper.
 */
FED_MUST_USE int factor_check(struct bridge *b, const char *sid, const unsigned char *code,
    size_t code_len, int64_t now_s, struct factor *ret, char *why);

/*
 * Use it up, durably (I-25). 0, FED_E_REPLAY (somebody else did, meanwhile), FED_E_NOT_ENROLLED, FED_E_STORE, FED_E_BUSY.
 */
FED_MUST_USE int factor_use(struct bridge *b, const char *sid, const struct factor *factor);

#endif
