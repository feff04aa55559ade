/*
 * What is remembered of one person's second factors, as one value: tokens, recovery codes, an open
 * ticket to enrol. The store keeps it as bytes and changes it whole (mfa/store.h); here are the
 * bytes' form and the changes, which are pure: no clock, no disk, no lock.
 *
 * Encoded, all numbers big-endian:
 *
 *   1  version, 1
 *   4  next token id
 *   1  number of tokens; for each
 *        4  id            4  id of the token that this one replaces once confirmed, 0 = none
 *        1  kind, 1 = TOTP            1  flags: 1 = confirmed
 *        1  digits        1  period, s             1  algorithm
 *        1  drift, steps, signed      1  lean, signed
 *        8  watermark     8  enrolled, Unix s
 *        1  length of the label       2  length of the sealed seed, then both
 *   1  number of recovery codes; when there are any, 16 salt, 2 used (a bit each), then 32 a code
 *   1  1 when there is a ticket; then 8 expiry, Unix s, and 32 its SHA-256
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef MFA_RECORD_H
#define MFA_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "mfa/seal.h"
#include "mfa/totp.h"

enum {
    RECORD_TOKENS_MAX = 8,
    RECORD_LABEL_MAX = 129,
    RECORD_CODES_MAX = 10,
    RECORD_SALT_SIZE = 16,
    RECORD_HASH_SIZE = 32,
    RECORD_DRIFT_MAX = 10,  /* steps that following may lead away from our clock */
    RECORD_RESYNC_MAX = 60, /* steps that a resync, an administrator's act, may */
    RECORD_LEAN_MAX = 3,    /* accepted codes in a row on one side before a token is followed */
    RECORD_MAX = 3072,      /* encoded */
};

struct record_token {
    uint32_t id; /* of this person's tokens; never used again */
    uint32_t replaces;
    bool confirmed;            /* false: enrolled by its owner and not proved yet; opens nothing */
    struct totp_params params; /* window excepted: that is the configuration's */
    int drift;                 /* steps by which its clock is ahead of ours */
    int lean;                  /* how many accepted codes in a row were on one side of that */
    uint64_t watermark;        /* the last time step used; 0 = none */
    int64_t enrolled_s;
    char label[RECORD_LABEL_MAX];
    unsigned char blob[SEAL_BLOB_MAX]; /* mfa/seal.h */
    size_t blob_len;
};

struct record {
    uint32_t next_id;
    size_t n_tokens;
    struct record_token tokens[RECORD_TOKENS_MAX];
    size_t n_codes; /* recovery codes made, used ones included */
    unsigned char salt[RECORD_SALT_SIZE];
    unsigned char codes[RECORD_CODES_MAX][RECORD_HASH_SIZE];
    bool used[RECORD_CODES_MAX];
    int64_t ticket_expires_s; /* 0 = no ticket */
    unsigned char ticket[RECORD_HASH_SIZE];
};

/* An empty record. */
void record_init(struct record *r);

/* Write it. 0, or FED_E_INVALID for a record that record_decode would refuse. */
FED_MUST_USE int record_encode(
    const struct record *r, unsigned char ret[RECORD_MAX], size_t *ret_len);

/*
 * Read one. FED_E_STORE for anything but what record_encode writes: something is wrong, nothing is
 * known (I-29). Any bytes are safe.
 */
FED_MUST_USE int record_decode(const void *data, size_t len, struct record *ret);

/* Has this person a token to prove? */
bool record_enrolled(const struct record *r);

/* A token by its id, or NULL. */
struct record_token *record_token(struct record *r, uint32_t id);

/*
 * Add a token; its id is set. One that is confirmed ends what it replaces (RECORD_ALL: every other token) and
 * takes over its watermark, in time: replacing never reopens a moment that was used (I-24). One that is not waits
 * for record_confirm, in the place of any other that waits.
 * 0, FED_E_TOO_BIG (too many tokens), FED_E_NOT_FOUND (what it replaces).
 */
#define RECORD_ALL UINT32_MAX
FED_MUST_USE int record_add(struct record *r, const struct record_token *token, uint32_t *ret_id);

/* Raise a token's watermark to the moment that another one's stands for, in steps of its own period: what was used stays refused. */
void record_lift(struct record_token *token, const struct record_token *from);

/*
 * Remove a token, and what waits: that may have been begun with a code of the one removed, by whoever has stolen it.
 * 0 or FED_E_NOT_FOUND.
 */
FED_MUST_USE int record_remove(struct record *r, uint32_t id);

/* A waiting token was proved by the code of a step. 0, FED_E_NOT_FOUND. */
FED_MUST_USE int record_confirm(struct record *r, uint32_t id, uint64_t step);

/*
 * Use up a step of a confirmed token: moves the watermark from anything below to it (I-24).
 * 0, FED_E_REPLAY (at or below), FED_E_NOT_FOUND, FED_E_INVALID (no such step).
 */
FED_MUST_USE int record_use_step(struct record *r, uint32_t id, uint64_t step);

/*
 * Follow a token that drifts: now_step is our clock's step, step the accepted one. RECORD_LEAN_MAX accepted codes in a
 * row on the same side of where the token is taken to be move that by one step, within RECORD_DRIFT_MAX. One late
 * typist moves nothing. True when the drift changed.
 */
bool record_follow(struct record_token *token, uint64_t now_s, uint64_t step);

/* Use up a recovery code, by its place. 0 or FED_E_REPLAY. */
FED_MUST_USE int record_use_code(struct record *r, size_t index);

/* How many recovery codes are left. */
size_t record_codes_left(const struct record *r);

#endif
