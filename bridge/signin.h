/*
 * One sign-in: identity, limits, code, password, account rules, watermark, in that order. Whoever lacks the
 * token never gets as far as the directory's password check (I-36), and the code is used up only when all else is
 * right, durably, before success is returned (I-25).
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef BRIDGE_SIGNIN_H
#define BRIDGE_SIGNIN_H

#include "bridge/bridge.h"

/* What sign-ins of awsfed-login are called where PAM's have their service. */
#define SIGNIN_COMMAND "awsfed-login"

/*
 * What the sign-in is for. Rules and exemptions may spare the code of a session, which then has no role. Whoever asks awsfed-login
 * for roles gives it always, and may get none by the same rules; and to what changes a second factor no rule applies.
 */
enum signin_aim { SIGNIN_SESSION, SIGNIN_ROLES, SIGNIN_FACTOR };

/* All borrowed; NULL or empty where the asker gave nothing. */
struct signin {
    const char *user;
    const struct fed_secret *password;
    const unsigned char *code;
    size_t code_len;
    bool appended;    /* password is both, the code at its end; code is empty */
    unsigned factors; /* WIRE_FACTOR_PASSWORD, WIRE_FACTOR_CODE: which must be proved */
    const char *service, *rhost, *tty;
    enum signin_aim aim;
    bool
        unvouched; /* service is what a program of the user's own says: no rule goes by it (I-53) */
    bool
        newcomers; /* who has no second factor, and the right password, is a newcomer, and no refusal */
    bool empty_counts; /* no code is a wrong one, whoever it is: where newcomers give none */
    /*
     * A right but expired password is a success also where nothing more can be known before it is changed (no service
     * identity): a code was right, the proof has must_change and no roles, and the account's rules are yet to be looked at.
     */
    bool to_change;
    bool
        to_enrol; /* WIRE_FACTOR_CODE may also be proved by an enrolment ticket, by who has no token */
};

struct signin_result {
    struct proof proof;               /* on success */
    char name[2 * TEXT_NAME_MAX + 2]; /* for the audit line, as far as it got */
    char sid[SID_TEXT_MAX];
    int password_days;        /* on success: see account_password_days */
    uint32_t token;           /* of the record, where a token's code was used */
    size_t codes_left;        /* recovery codes, where one was used */
    size_t code_len;          /* of an answer with the code at its end: how much of it was that */
    bool newcomer;            /* on success: the proof is of the password alone, and has no role */
    bool may_skip;            /* a newcomer who may come in as one */
    char why[BRIDGE_WHY_MAX]; /* for the audit line and the log: what was wrong in truth */
};

/*
 * Returns 0 (ret->proof is the caller's), or the true error, of which signin_outward says what the person may
 * learn. ret is written either way. Blocks on the directory, the store and the keeper. Any thread.
 */
FED_MUST_USE int signin_check(
    struct bridge *b, const struct signin *attempt, struct signin_result *ret);

/*
 * What the person is told: everything that a wrong password or code, an unknown or an unenrolled person would
 * make differ is the same FED_E_DENIED (I-12, I-35).
 */
int signin_outward(int error);

/* What a success has to say: how many recovery codes are left. "" for nothing. */
void signin_message(const struct signin_result *result, char *ret, size_t size);

/*
 * What the directory's entry and the configured groups say of a login. must_change is set, and otherwise left, when the password has to
 * be changed. 0, or what account_check, account_check_host and mapper_may_login return.
 */
FED_MUST_USE int signin_rules(struct bridge *b, size_t domain, const struct addir_entry *entry,
    int64_t now_s, bool *must_change);

/* The roles and attributes of an entry, into a proof. 0, FED_E_DIRECTORY, FED_E_NOMEM. Consumes the entry's attributes. */
FED_MUST_USE int signin_set_roles(struct bridge *b, struct addir_entry *entry, struct proof *proof);

#endif
