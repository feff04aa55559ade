/*
 * Enrolments at a first login, between the password that AD proved and the two codes of the new token. One is
 * the bridge's alone: nothing of it is in the store, so a connection that drops leaves nothing behind (I-33). Its name
 * stays with the PAM module that asked for it; it is good for one person, some minutes, and a few tries.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef BRIDGE_PENDING_H
#define BRIDGE_PENDING_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/text.h"
#include "bridge/proof.h"
#include "bridge/token.h"
#include "mfa/record.h"

enum {
    PENDING_LIFE_S = 600,   /* to find the telephone, install something, and wait for two codes */
    PENDING_PER_PERSON = 4, /* of one more the oldest goes: connections drop */
    PENDING_MAX = 1024,
};

/* What one is about; a value that its table owns. */
struct pending_enrolment {
    char user[TEXT_NAME_MAX + 1];     /* PAM_USER, byte for byte */
    char name[2 * TEXT_NAME_MAX + 2]; /* as the directory knows them */
    struct proof proof;               /* of the password alone, without a role */
    struct record_token token;        /* sealed, in no record yet */
    bool may_skip;                    /* and log in without a second factor */
    unsigned tries;                   /* left */
};

struct pending;

FED_MUST_USE int pending_new(struct pending **ret);
void pending_free(struct pending *table);

/*
 * Keep one; its proof is handed over on success. now_ms is monotonic time.
 * 0, FED_E_BUSY (too many people at once), FED_E_NOMEM, FED_E_SYSTEM. Any thread.
 */
FED_MUST_USE int pending_add(struct pending *table, struct pending_enrolment *enrolment,
    int64_t now_ms, char ret_token[TOKEN_SIZE]);

/*
 * Borrow it, to change or to use up: until it is given back nobody else can. FED_E_NOT_FOUND: unknown, another user's,
 * too old, or lent to somebody.
 */
FED_MUST_USE int pending_lend(struct pending *table, const char *token, const char *user,
    int64_t now_ms, struct pending_enrolment **ret);

/* Give it back, for another try; or end it: it is freed, and false says that it had been ended by pending_end_sid meanwhile. */
void pending_give_back(struct pending *table, struct pending_enrolment *enrolment);
bool pending_end(struct pending *table, struct pending_enrolment *enrolment);

/* End those of a SID: who was revoked does not enrol with what they proved before. */
void pending_end_sid(struct pending *table, const char *sid);

#endif
