/*
 * The second factor of one sign-in: is this code right, whichever of the person's tokens or recovery codes it is
 * of; and, when all else is right too, use it up, once for all hosts that share the store (I-26).
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef BRIDGE_FACTOR_H
#define BRIDGE_FACTOR_H

#include "bridge/bridge.h"
#include "mfa/record.h"

/* How a code comes. */
enum factor_form {
    FACTOR_CODE,
    /* The same, and an enrolment ticket is as good for somebody who has no token; it is not used up by factor_use but when the
     * enrolment is confirmed. The factor is then not enrolled: no role comes of it. */
    FACTOR_OR_TICKET,
    /* At the end of an answer that begins with the password (prompt=append): as many digits as the token has, or a
     * recovery code just as it is shown. */
    FACTOR_AT_END,
};

struct factor {
    bool enrolled;  /* false: no code is known to be right; no role comes of it (I-31) */
    bool recovery;  /* a recovery code; else a code of a token */
    size_t index;   /* which recovery code */
    uint32_t token; /* which token of the record */
    uint64_t step;
    int64_t now_s;   /* when it was checked */
    size_t code_len; /* how many bytes were the code; 0 where none was looked at */
    /* What it was checked against; another that has come in its place since is not meant. */
    unsigned char hash[RECORD_HASH_SIZE]; /* of the recovery code */
    int64_t enrolled_s;                   /* of the token */
};

/* Are these digits, and one at least? A one-time code is, a recovery code is not. */
bool factor_has_digits(const unsigned char *code, size_t code_len);

/* Could this be a code or a recovery code of anybody at all? What could not is no guess at one. */
bool factor_has_form(const unsigned char *code, size_t code_len);

/*
 * Is the code right and unused? It is not used up yet. Every confirmed token is tried, whichever matches.
 * Of an answer with the code at its end each token, or the recovery codes, look at one place; one of them is right, or none.
 *   why  BRIDGE_WHY_MAX bytes: what was wrong in truth, for the log
 * 0, FED_E_DENIED, FED_E_REPLAY, FED_E_NOT_ENROLLED, FED_E_STORE, FED_E_KEEPER, FED_E_CRYPTO. Blocks on store and keeper.
 */
FED_MUST_USE int factor_check(struct bridge *b, const char *sid, const unsigned char *code,
    size_t code_len, enum factor_form form, int64_t now_s, struct factor *ret, char *why);

/*
 * Use it up, durably (I-25).
 *   ret_left  how many recovery codes are left
 * 0, FED_E_REPLAY (somebody else did, meanwhile), FED_E_NOT_ENROLLED, FED_E_STORE, FED_E_BUSY.
 */
FED_MUST_USE int factor_use(
    struct bridge *b, const char *sid, const struct factor *factor, size_t *ret_left);

/*
 * Two codes of a token, one after the other: enough to prove that somebody has it, and to find out how far its clock is
 * off. Looked for reach steps either way. ret_step is the step of the second. 0, FED_E_DENIED, FED_E_KEEPER, FED_E_CRYPTO.
 */
struct factor_codes {
    const unsigned char *first, *second;
    size_t first_len, second_len;
};
FED_MUST_USE int factor_pair(struct bridge *b, const char *sid, const struct record_token *token,
    const struct factor_codes *codes, unsigned reach, int64_t now_s, uint64_t *ret_step);

/* The drift that a pair shows: 0 when it is within the configured window anyway. */
int factor_pair_drift(
    const struct bridge *b, const struct record_token *token, int64_t now_s, uint64_t step);

#endif
