/*
 * The steps of a sign-in, in the order of bridge/signin.h.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "bridge/signin.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/wire.h"
#include "bridge/budget.h"
#include "bridge/clockwatch.h"
#include "bridge/identity.h"
#include "bridge/outage.h"
#include "bridge/pardon.h"

int
signin_outward(int error)
{
    switch (error) {
    case FED_E_REPLAY:
    case FED_E_UNKNOWN_USER:
    case FED_E_NOT_ENROLLED:
    case FED_E_NAME:
    case FED_E_DIRECTORY_LOCKED:
        return FED_E_DENIED;
    default:
        return error;
    }
}

void
signin_message(const struct signin_result *result, char *ret, size_t size)
{
    ret[0] = '\0';
    if (result->proof.factors & WIRE_FACTOR_RECOVERY)
        (void)snprintf(ret, size,
            "that was a recovery code; %zu left. awsfed-login enrol sets up another authenticator, "
            "awsfed-login recovery-codes makes new codes",
            result->codes_left);
}

/* ---- The password and the account ---- */

/* One login at the directory, for budget_spend. */
struct login {
    struct addir *dir;
    struct addir_person *person;
    const struct fed_secret *password;
    struct addir_entry *ret_entry;
    enum addata *data;
    char *why;
};

static int
login(void *arg)
{
    struct login *l = arg;

    return addir_login(l->dir, l->person, l->password, l->ret_entry, l->data, l->why);
}

/*
 * AD refuses an expired password at the bind, but only if it is the right one: then the entry is read by the service
 * identity, and the account phase asks for a new password (I-13). Where there is none the entry is read after the change;
 * then nothing but a right code may lead there, since whom a group spares one is in the entry too.
 */
static int
check_password(struct bridge *b, const struct signin *a, struct identity *id, bool right_code,
    struct addir_entry *ret_entry, bool *ret_must_change, char *why)
{
    struct addir *dir = b->dirs[id->domain];
    enum addata data = ADDATA_NONE;

    struct login l = {dir, &id->person, a->password, ret_entry, &data, why};
    int r = budget_spend(b, id, login, &l, why);
    if (r == FED_E_PASSWORD_EXPIRED && addir_has_service(dir)) {
        *ret_must_change = true;
        r = addir_read(dir, &id->person, ret_entry, why);
    } else if (r == FED_E_PASSWORD_EXPIRED && a->to_change && right_code) {
        *ret_must_change = true;
        r = 0;
    }
    return r;
}

int
signin_rules(struct bridge *b, size_t domain, const struct addir_entry *entry, int64_t now_s,
    bool *must_change)
{
    int r = account_check(&entry->account, now_s);

    if (r == FED_E_PASSWORD_EXPIRED) {
        *must_change = true;
        r = 0;
    }
    if (r == 0)
        r = account_check_host(&entry->account, b->host);
    return r != 0 ? r : mapper_may_login(b->mapper, domain, entry);
}

int
signin_set_roles(struct bridge *b, struct addir_entry *entry, struct proof *proof)
{
    struct book *book = NULL;
    unsigned *roles = NULL;
    size_t n = 0;
    int r = mapper_roles(b->mapper, proof->domain, &proof->person, entry, &book, &roles, &n);

    if (r != 0)
        return r;
    proof_set_roles(proof, book, roles, n);
    proof->bar = PROOF_OPEN;
    for (size_t i = 0; i < proof->n_attributes; i++)
        free(proof->attributes[i]);
    free(proof->attributes);
    proof->attributes = entry->attributes;
    proof->n_attributes = entry->n_attributes;
    proof->asked = entry->asked;
    entry->attributes = NULL;
    entry->n_attributes = 0;
    return 0;
}

/* ---- All of it ---- */

static void
copy_text(char *to, size_t size, const char *from)
{
    (void)snprintf(to, size, "%s", from != NULL ? from : "");
}

static int
make_proof(struct bridge *b, const struct signin *a, const struct identity *id,
    const struct pardon *pardon, bool must_change, int64_t now_s, struct addir_entry *entry,
    struct proof *ret)
{
    const struct factor *code = &pardon->factor;
    bool with_code = code->enrolled && !pardon->no_role;
    bool with_password = (a->factors & WIRE_FACTOR_PASSWORD) != 0;
    int r = 0;

    *ret = (struct proof){.domain = id->domain, .person = id->person, .must_change = must_change};
    memcpy(ret->sid, id->sid, sizeof(ret->sid));
    copy_text(ret->service, sizeof(ret->service), a->service);
    copy_text(ret->rhost, sizeof(ret->rhost), a->rhost);
    copy_text(ret->tty, sizeof(ret->tty), a->tty);
    if (with_password) {
        ret->factors |= WIRE_FACTOR_PASSWORD;
        ret->password_s = now_s;
    }
    if (with_code) {
        ret->factors |= WIRE_FACTOR_CODE | (code->recovery ? WIRE_FACTOR_RECOVERY : 0);
        ret->code_s = now_s;
    }
    /* A role takes both factors, each proved here and now (I-31), and an entry that was read. */
    if (with_password && with_code && entry->account.has_sid)
        r = signin_set_roles(b, entry, ret);
    else if (entry->account.has_sid)
        ret->bar = pardon_bar(b, id->domain, entry);
    if (r != 0)
        proof_done(ret);
    return r;
}

/* The password of an answer with the code at its end: what is before it, and it has to be one (I-1, I-3, I-48). */
static int
take_password(const struct signin *a, size_t code_len, struct fed_secret *ret, char *why)
{
    size_t len = a->password->len - code_len;
    const unsigned char *code = a->password->data + len;
    int r = fed_secret_set(ret, a->password->data, len);

    if (r == 0 && (text_check_password(fed_secret_str(ret), len) != 0 ||
                      fed_secret_equal(ret->data, len, code, code_len))) {
        copy_text(why, BRIDGE_WHY_MAX, "no password before the code");
        r = FED_E_DENIED;
    }
    return r;
}

static int
refuse_password(char *why)
{
    copy_text(why, BRIDGE_WHY_MAX,
        "as many wrong passwords as the directory allows, from all addresses together: none is "
        "sent");
    return FED_E_LOCKED;
}

/* Everything after the limits have admitted the attempt; says how the attempt counts. */
static int
check_factors(struct bridge *b, const struct signin *asked, struct identity *id, int64_t now_s,
    bool password_spent, enum limits_outcome *outcome, struct signin_result *ret)
{
    struct fed_secret password = FED_SECRET_INIT(TEXT_PASSWORD_MAX);
    struct signin split = *asked, *a = &split;
    struct addir_entry entry = {0};
    struct pardon pardon = {.code = DEMAND_ABSENT};
    bool must_change = false;
    int r = 0;

    if (a->factors & WIRE_FACTOR_CODE)
        r = pardon_code(b, a, id, now_s, &pardon, ret->why);
    if (r == 0 && a->appended) {
        r = take_password(a, pardon.factor.code_len, &password, ret->why);
        a->password = &password;
    }
    if (r != 0) {
        if (fed_error_class(r) == FED_CLASS_DENIED)
            *outcome = LIMITS_WRONG_CODE;
        goto out;
    }
    if (a->factors & WIRE_FACTOR_PASSWORD)
        r = password_spent ? refuse_password(ret->why)
                           : check_password(b, a, id, pardon.code == DEMAND_RIGHT, &entry,
                                 &must_change, ret->why);
    else
        r = addir_read(b->dirs[id->domain], &id->person, &entry, ret->why);
    int told = (a->factors & WIRE_FACTOR_CODE) ? pardon_refusal(&pardon, r) : r;
    if (r == FED_E_DENIED)
        *outcome = LIMITS_WRONG_PASSWORD;
    else if (told != r)
        *outcome = LIMITS_WRONG_CODE;
    if ((r = told) != 0)
        goto out;
    bool unread = must_change && !entry.account.has_sid;
    if (!unread && (a->factors & WIRE_FACTOR_CODE) &&
        (r = pardon_settle(b, a, id, &entry, &pardon, ret->why)) != 0) {
        if (r == FED_E_DENIED)
            *outcome = LIMITS_WRONG_CODE;
        goto out;
    }
    if (!unread && (r = signin_rules(b, id->domain, &entry, now_s, &must_change)) != 0)
        goto out;
    if ((r = make_proof(b, a, id, &pardon, must_change, now_s, &entry, &ret->proof)) != 0)
        goto out;
    if ((r = factor_use(b, id->sid, &pardon.factor, &ret->codes_left)) != 0) {
        if (r == FED_E_REPLAY)
            *outcome = LIMITS_WRONG_CODE;
        proof_done(&ret->proof);
        goto out;
    }
    ret->newcomer = pardon.newcomer;
    ret->may_skip = pardon.may_skip;
    ret->token = pardon.factor.token;
    ret->code_len = pardon.factor.code_len;
    /* AD's own count is not at zero yet: it forgets nothing for a password that has expired (I-39). The change does it. */
    *outcome = unread ? LIMITS_NO_VERDICT : pardon_outcome(&pardon, a);
    ret->password_days = account_password_days(&entry.account, now_s);

out:
    addir_entry_done(&entry);
    fed_secret_done(&password);
    return r;
}

/* Did the asker give what must be proved at all? Nothing is looked at otherwise, and nothing counted. */
static bool
is_complete(struct bridge *b, const struct signin *a)
{
    if (a->factors == 0 || (a->factors & ~(unsigned)(WIRE_FACTOR_PASSWORD | WIRE_FACTOR_CODE)) != 0)
        return false;
    if ((a->factors & WIRE_FACTOR_PASSWORD) &&
        (a->password == NULL ||
            text_check_password((const char *)a->password->data, a->password->len) != 0))
        return false;
    if (a->appended) /* one answer, which is split only when it is known whose */
        return a->factors == (WIRE_FACTOR_PASSWORD | WIRE_FACTOR_CODE) && a->code_len == 0;
    /* I-29. Who may be a newcomer has none to give; to anybody else it is a wrong one. */
    if ((a->factors & WIRE_FACTOR_CODE) && a->code_len == 0 && !a->empty_counts &&
        !pardon_may_be(b, a))
        return false;
    /* One string for both is sshd's password authentication, not two factors (I-48). */
    return a->factors != (WIRE_FACTOR_PASSWORD | WIRE_FACTOR_CODE) ||
           !fed_secret_equal(a->password->data, a->password->len, a->code, a->code_len);
}

/* found: what identity_find said of id. */
static int
check(struct bridge *b, const struct signin *a, struct identity *id, int found,
    struct signin_result *ret)
{
    int64_t now_s = (int64_t)time(NULL);
    enum limits_outcome outcome = LIMITS_NO_VERDICT;
    struct limits_attempt attempt;

    if (found != 0 && fed_error_class(found) != FED_CLASS_DENIED)
        return found;
    copy_text(ret->name, sizeof(ret->name), id->name);
    copy_text(ret->sid, sizeof(ret->sid), id->sid);
    if (!is_complete(b, a)) {
        copy_text(ret->why, sizeof(ret->why), "password or code missing, or both the same");
        return FED_E_DENIED;
    }
    /* Before it matters whose code it is: it says nothing of anybody, and counts for nobody (I-40). */
    int r = pardon_needs_clock(b, a) ? clockwatch_check(b, id->domain, ret->why) : 0;
    if (r != 0)
        return r;

    unsigned cap = __atomic_load_n(&b->password_caps[id->domain], __ATOMIC_RELAXED);
    r = limits_begin(b->limits, id->key, a->rhost != NULL ? a->rhost : "", cap, now_s, &attempt);
    if (r != 0)
        return r;
    /* Nobody counts like anybody: for a code, or where none is asked for, a password. */
    bool with_code = (a->factors & WIRE_FACTOR_CODE) != 0;
    if (attempt.password_spent && !with_code) {
        r = refuse_password(ret->why);
    } else if (found != 0) {
        outcome = with_code ? LIMITS_WRONG_CODE : LIMITS_WRONG_PASSWORD;
        r = found;
    } else {
        r = check_factors(b, a, id, now_s, attempt.password_spent, &outcome, ret);
    }
    int ended = limits_end(b->limits, &attempt, outcome, now_s);
    if (ended != 0) {
        if (r == 0)
            proof_done(&ret->proof);
        return ended;
    }
    return r;
}

int
signin_check(struct bridge *b, const struct signin *a, struct signin_result *ret)
{
    struct identity id;

    *ret = (struct signin_result){.password_days = -1};
    int found = identity_find(b, a->user, &id, ret->why);
    return outage_hide(b, &id, check(b, a, &id, found, ret), ret->why);
}
