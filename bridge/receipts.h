/*
 * Receipts: what authenticate proved, kept for the session that follows it in another process. A receipt's name
 * travels in the PAM environment, opens one session, and is void after that or after RECEIPT_LIFE_S (I-44).
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef BRIDGE_RECEIPTS_H
#define BRIDGE_RECEIPTS_H

#include "base/err.h"
#include "bridge/proof.h"
#include "bridge/token.h"

struct receipts;

enum { RECEIPT_LIFE_S = 300, RECEIPTS_MAX = 8192 };

FED_MUST_USE int receipts_new(struct receipts **ret);
void receipts_free(struct receipts *receipts);

/*
 * Keep a proof; the receipt owns it on success. user is the PAM user's name, byte for byte. When the table is
 * full, the oldest receipt goes. 0, FED_E_NOMEM, FED_E_SYSTEM. Any thread.
 */
FED_MUST_USE int receipts_add(
    struct receipts *receipts, const char *user, struct proof *proof, char ret_token[TOKEN_SIZE]);

/* A copy of the proof, with the receipt left as it is. 0 or FED_E_DENIED (unknown, used, old, another user's). */
FED_MUST_USE int receipts_look(
    struct receipts *receipts, const char *token, const char *user, struct proof *ret);

/* Use the receipt up: its proof is the caller's. 0 or FED_E_DENIED. */
FED_MUST_USE int receipts_take(
    struct receipts *receipts, const char *token, const char *user, struct proof *ret);

/*
 * The expired password that a receipt is about was changed: proof, which the receipt then owns (the caller is left with an empty
 * one), is in the place of the one it had. Nothing happens where it is gone.
 */
void receipts_password_changed(
    struct receipts *receipts, const char *token, const char *user, struct proof *proof);

/* Void every receipt of a SID: who was revoked opens no session with what they proved before. */
void receipts_end_sid(struct receipts *receipts, const char *sid);

#endif
