/*
 * What the bridge and its keeper say to each other, over a SOCK_SEQPACKET socket pair: one packet a
 * request, one packet a reply, in turn. Both sides check every length and every value.
 *
 * All numbers are big-endian. What a question does not use is zero or empty.
 *
 *   REQUEST                                    REPLY
 *   0   1  version, 1                          0   1  version, 1
 *   1   1  question: 1 SEAL, 2 VERIFY, 3 SIGN, 1   1  question; 0 READY, once, unasked
 *          4 TOKEN, 5 PUBLIC, 6 WRAP, 7 UNWRAP,
 *          8 RESEAL, 9 PACK, 10 UNPACK
 *   2   1  digits      (VERIFY)                2   2  status: an error's number in base/err.h
 *   3   1  algorithm   (VERIFY)                4   8  time step (VERIFY)
 *   4   1  window      (VERIFY)                12  4  length of the text
 *   5   1  0                                   16  4  length of the seed (SEAL)
 *   6   2  period, s   (VERIFY)                20     text: sealed blob (SEAL), signature (SIGN
 *   8   8  now, Unix s (VERIFY)                       or TOKEN), public key (PUBLIC), why not (READY);
 *   16  2  length of a fresh seed (SEAL)              then the seed
 *   18  2  length of the SID
 *   20  2  length of the code (VERIFY)
 *   22  2  0
 *   24  4  length of the data
 *   28     SID, code, data: seed or nothing (SEAL), sealed blob (VERIFY), what to sign (SIGN, TOKEN),
 *          a record (WRAP), a wrapped one (UNWRAP), a sealed blob (RESEAL), a piece (PACK; its place takes the SID's),
 *          a sealed piece (UNPACK); the answers of these are the text
 *
 * A request that breaks a rule gets the status PROTO, as if it had been a SIGN; a reply that does ends the conversation.
 * A reply with a status other than 0 has nothing else in it; but READY, and an answer about a signing key, may have
 * words: why not.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef BRIDGE_KEEPER_WIRE_H
#define BRIDGE_KEEPER_WIRE_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/secret.h"
#include "mfa/seal.h"
#include "mfa/store.h"
#include "mfa/totp.h"

enum {
    KEEPER_REQUEST_HEAD = 28,
    KEEPER_REPLY_HEAD = 20,
    KEEPER_CODE_MAX = 64,
    KEEPER_DATA_MAX = 32 * 1024, /* a SignedInfo has about a thousand bytes */
    KEEPER_WORDS_MAX = 511,
    KEEPER_TEXT_MAX = SEAL_OVERHEAD + SEAL_RECORD_MAX,
    KEEPER_REQUEST_MAX = KEEPER_REQUEST_HEAD + STORE_SID_MAX + KEEPER_CODE_MAX + KEEPER_DATA_MAX,
    KEEPER_REPLY_MAX = KEEPER_REPLY_HEAD + KEEPER_TEXT_MAX + TOTP_SEED_MAX,
};

enum keeper_question {
    KEEPER_READY = 0,
    KEEPER_SEAL = 1,
    KEEPER_VERIFY = 2,
    KEEPER_SIGN = 3,
    KEEPER_TOKEN = 4,
    KEEPER_PUBLIC = 5,
    KEEPER_WRAP = 6,
    KEEPER_UNWRAP = 7,
    KEEPER_RESEAL = 8,
    KEEPER_PACK = 9,
    KEEPER_UNPACK = 10,
};

/* code and data are borrowed: from the caller when writing, from the packet when reading. */
struct keeper_request {
    enum keeper_question question;
    char sid[STORE_SID_MAX];
    struct totp_params params;
    int64_t now_s;
    size_t fresh_len;
    const unsigned char *code;
    size_t code_len;
    const unsigned char *data;
    size_t data_len;
};

struct keeper_reply {
    enum keeper_question question;
    int status; /* 0 or FED_E_* */
    uint64_t step;
    const unsigned char *text; /* borrowed, as above */
    size_t text_len;
    const unsigned char *seed;
    size_t seed_len;
};

/* Write a packet to ret (initialised; replaced). 0, FED_E_INVALID (would not be read), FED_E_NOMEM. */
FED_MUST_USE int keeper_wire_put_request(
    const struct keeper_request *request, struct fed_secret *ret);
FED_MUST_USE int keeper_wire_put_reply(const struct keeper_reply *reply, struct fed_secret *ret);

/* Read one. 0 or FED_E_PROTO. Any bytes are safe. */
FED_MUST_USE int keeper_wire_get_request(
    const void *packet, size_t len, struct keeper_request *ret);
FED_MUST_USE int keeper_wire_get_reply(const void *packet, size_t len, struct keeper_reply *ret);

#endif
