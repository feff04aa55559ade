/*
 * Enrolment at a first login. Until the two codes are there nothing is stored (bridge/pending.h); then the token, the
 * recovery codes and the receipt come into being together, or not at all.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "bridge/newcomer.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/log.h"
#include "bridge/clockwatch.h"
#include "bridge/enrolment.h"
#include "bridge/factor.h"
#include "bridge/identity.h"
#include "mfa/person.h"
#include "mfa/qr.h"
#include "mfa/recovery.h"
#include "mfa/ticket.h"

enum { NOTICE_LIMIT = 40 * 1024 };

static void
say(struct answer *answer, const char *text)
{
    (void)snprintf(answer->message, sizeof(answer->message), "%s", text);
}

/* A line of the audit trail about the person who asks. */
static int
audit(struct bridge *b, const struct job *job, const char *event, const char *name,
    const struct proof *proof, int outcome, const char *why)
{
    struct audit_event e = {.event = event,
        .outcome = outcome,
        .reason = why,
        .user = wire_text(&job->msg, WIRE_USER),
        .name = name,
        .sid = proof->sid,
        .service = wire_text(&job->msg, WIRE_SERVICE),
        .rhost = wire_text(&job->msg, WIRE_RHOST),
        .tty = wire_text(&job->msg, WIRE_TTY),
        .factors = proof->factors & WIRE_FACTOR_CODE ? "password,totp" : "password",
        .asked_by = job->peer.uid,
        .request = job->msg.request};

    fed_log_info("%s of \"%s\" from \"%s\" by %s: %s%s%s", event, e.user,
        e.rhost != NULL ? e.rhost : "", e.service, outcome == 0 ? "done" : fed_error_name(outcome),
        why != NULL && why[0] != '\0' ? ": " : "", why != NULL ? why : "");
    int r = audit_write(b->audit, &e);
    return outcome != 0 ? outcome : r;
}

bool
newcomer_may_enrol(const struct bridge *b, const struct job *job, unsigned factors)
{
    return b->conf->mfa.enrol_at_login && job->peer.uid == 0 &&
           factors == (WIRE_FACTOR_PASSWORD | WIRE_FACTOR_CODE);
}

/* ---- Beginning ---- */

/*
 * What is shown before the first code is asked for. Without colours: ssh shows nobody's escape sequences. The first line
 * is short, as ssh puts who and where before it.
 */
static int
add_notice(const char *name, const struct enrolment *made, bool may_skip, struct fed_secret *ret)
{
    int r = fed_secret_addf(ret,
        "You have no second factor yet.\n\n"
        "Scan this with an authenticator app, or enter the secret by hand (%s):\n\n",
        name);

    if (r == 0 && qr_draw(fed_secret_str(&made->uri), false, ret) != 0)
        fed_log_debug("no picture of the enrolment of %s", name); /* the secret still does */
    if (r == 0)
        r = fed_secret_addf(ret,
            "\n  secret  %s\n  URI     %s\n\n"
            "Then type the code that it shows, and the one after it. Until then nothing changes.\n",
            fed_secret_str(&made->base32), fed_secret_str(&made->uri));
    if (r == 0 && may_skip)
        r = fed_secret_add_str(
            ret, "Or press Enter to log in without it; there is no AWS role then.\n");
    return r;
}

static int
keep(struct bridge *b, const char *user, struct signin_result *result, const struct enrolment *made,
    char ret_token[TOKEN_SIZE])
{
    struct pending_enrolment p = {
        .token = made->token, .may_skip = result->may_skip, .tries = WIRE_ENROL_TRIES};

    (void)snprintf(p.user, sizeof(p.user), "%s", user);
    (void)snprintf(p.name, sizeof(p.name), "%s", result->name);
    p.proof = result->proof;
    result->proof = (struct proof){0};
    int r = pending_add(b->pending, &p, clock_mono_ms(), ret_token);
    proof_done(&p.proof);
    return r;
}

static int
begin(struct bridge *b, struct job *job, struct signin_result *result)
{
    const struct conf_mfa *mfa = &b->conf->mfa;
    const struct totp_params params = {
        .digits = mfa->digits, .period_s = mfa->period_s, .algorithm = mfa->algorithm};
    struct enrolment made = {.uri = FED_SECRET_INIT(0), .base32 = FED_SECRET_INIT(0)};
    struct fed_secret notice = FED_SECRET_INIT(NOTICE_LIMIT);
    const char *user = wire_text(&job->msg, WIRE_USER);
    char token[TOKEN_SIZE] = "", why[BRIDGE_WHY_MAX];
    struct identity id;
    int r;

    if ((r = identity_find(b, user, &id, why)) != 0)
        goto out;
    r = strcmp(id.sid, result->sid) == 0 ? 0 : FED_E_DENIED; /* the name is another's now */
    if (r != 0 || (r = enrolment_make(b, &id, &params, NULL, &made)) != 0 ||
        (r = add_notice(id.name, &made, result->may_skip, &notice)) != 0 ||
        (r = audit(b, job, "enrol-begin", id.name, &result->proof, 0, "at login")) != 0 ||
        (r = keep(b, user, result, &made, token)) != 0)
        goto out;
    wire_out_done(&job->reply);
    wire_reply_init(&job->reply, &job->msg, FED_E_NOT_ENROLLED);
    wire_put_text(&job->reply, WIRE_PENDING, token);
    wire_put_text(&job->reply, WIRE_NOTICE, fed_secret_str(&notice));

out:
    enrolment_done(&made);
    fed_secret_done(&notice);
    explicit_bzero(token, sizeof(token));
    return r;
}

int
newcomer_begin(
    struct bridge *b, struct job *job, struct signin_result *result, struct answer *answer)
{
    if (!wire_has(&job->msg, WIRE_NO_DIALOGUE))
        return begin(b, job, result);
    if (result->may_skip) {
        result->newcomer = false;
        return 0;
    }
    say(answer,
        "you have no second factor yet, and none can be set up here: log in where you can be "
        "asked for codes, or ask your administrator for an enrolment ticket");
    return FED_E_NOT_ENROLLED;
}

/* ---- Confirming ---- */

struct confirming {
    struct record_token token;
    struct recovery_set set;
};

/* Whoever is first enrols, on whichever host of the store. What was left of an enrolment before this one goes. */
static int
enrol(struct record *record, void *arg)
{
    const struct confirming *c = arg;
    uint32_t id;

    if (record_enrolled(record))
        return FED_E_EXISTS;
    int r = record_add(record, &c->token, &id);
    if (r != 0)
        return r;
    ticket_end(record);
    recovery_put(record, &c->set);
    return 0;
}

/* Minutes may have passed since the password: what AD says of the account now, and their roles, for a proof that has the code. */
static int
renew(struct bridge *b, struct proof *proof, int64_t now_s, bool with_roles, char *why)
{
    struct addir_entry entry = {0};
    int r = addir_read(b->dirs[proof->domain], &proof->person, &entry, why);

    if (r == 0)
        r = signin_rules(b, proof->domain, &entry, now_s, &proof->must_change);
    if (r == 0 && with_roles)
        r = signin_set_roles(b, &entry, proof);
    addir_entry_done(&entry);
    return r;
}

/* Two codes of the new token; all else; and then it counts, durably, before anybody is told (I-25). */
static int
confirm(struct bridge *b, const struct job *job, struct pending_enrolment *p, int64_t now_s,
    struct fed_secret *ret_codes, char *why)
{
    struct confirming c = {.token = p->token};
    struct factor_codes codes;
    uint64_t step;
    int r;

    codes.first = wire_bytes(&job->msg, WIRE_CODE, &codes.first_len);
    codes.second = wire_bytes(&job->msg, WIRE_CODE2, &codes.second_len);
    if ((r = factor_pair(b, p->proof.sid, &p->token, &codes, RECORD_DRIFT_MAX - TOTP_WINDOW_MAX,
             now_s, &step)) != 0)
        return r;
    c.token.confirmed = true;
    c.token.replaces = RECORD_ALL;
    c.token.watermark = step;
    c.token.drift = factor_pair_drift(b, &p->token, now_s, step);
    if ((r = renew(b, &p->proof, now_s, true, why)) != 0 ||
        (r = recovery_make(&c.set, ret_codes)) != 0 ||
        (r = person_change(b->store, p->proof.sid, p->name, now_s, enrol, &c)) != 0)
        return r;
    p->proof.factors |= WIRE_FACTOR_CODE;
    p->proof.code_s = now_s;
    return 0;
}

/* The codes are guesses like any others (I-37); a right pair forgives none. */
static int
confirm_within_limits(struct bridge *b, const struct job *job, struct pending_enrolment *p,
    struct fed_secret *ret_codes, char *why)
{
    const char *rhost = wire_text(&job->msg, WIRE_RHOST);
    int64_t now_s = (int64_t)time(NULL);
    struct limits_attempt attempt;

    /* By a wrong clock the new token would be taken for one that is off, for good. */
    int r = clockwatch_check(b, p->proof.domain, why);
    if (r == 0)
        r = limits_begin(b->limits, p->proof.sid, rhost != NULL ? rhost : "", 0, now_s, &attempt);
    if (r != 0)
        return r;
    r = confirm(b, job, p, now_s, ret_codes, why);
    int ended = limits_end(
        b->limits, &attempt, r == FED_E_DENIED ? LIMITS_WRONG_CODE : LIMITS_NO_VERDICT, now_s);
    return r != 0 ? r : ended;
}

/* An empty answer: in without it, where that is allowed, and with no role (I-31). */
static int
skip(struct bridge *b, struct pending_enrolment *p, char *why)
{
    return p->may_skip ? renew(b, &p->proof, (int64_t)time(NULL), false, why) : FED_E_NOT_ENROLLED;
}

static void
explain(int error, struct answer *answer)
{
    switch (error) {
    case FED_E_DENIED:
        say(answer, "these are not two codes of the new token, one directly after the other");
        break;
    case FED_E_NOT_FOUND:
        say(answer, "the time to set up a second factor is over; log in again");
        break;
    case FED_E_EXISTS:
        say(answer, "a second factor of yours was set up elsewhere; log in again, with its code");
        break;
    case FED_E_NOT_ENROLLED:
        say(answer, "without a second factor nobody gets in here");
        break;
    default:
        say(answer, fed_strerror(signin_outward(error)));
        break;
    }
}

/* The receipt of the login that goes on, and the recovery codes, which are shown this once. */
static int
grant(struct bridge *b, struct job *job, struct pending_enrolment *p,
    const struct fed_secret *codes, struct answer *answer)
{
    struct fed_secret notice = FED_SECRET_INIT(NOTICE_LIMIT);
    struct proof proof = {0};
    char token[TOKEN_SIZE] = "";
    int r = 0;

    if (codes->len != 0)
        r = fed_secret_addf(&notice,
            "Enrolled.\n\nRecovery codes, each good once in the place of a code. Keep them where "
            "your authenticator is not:\n\n%s",
            fed_secret_str(codes));
    if (r == 0 && (r = audit(b, job, "login", p->name, &p->proof, 0, NULL)) == 0) {
        proof = p->proof;
        p->proof = (struct proof){0};
        r = receipts_add(b->receipts, p->user, &proof, token);
    }
    if (r == 0) {
        if (codes->len == 0) /* sshd's password method shows all of it, and only now */
            say(answer, "no second factor was set up, and the secret above opens nothing");
        answer_begin(job, answer);
        wire_put_text(&job->reply, WIRE_RECEIPT, token);
        wire_put_number(&job->reply, WIRE_CODE_LENGTH, 0);
        wire_put_text(&job->reply, WIRE_NOTICE, codes->len != 0 ? fed_secret_str(&notice) : NULL);
    }
    proof_done(&proof);
    fed_secret_done(&notice);
    explicit_bzero(token, sizeof(token));
    return r;
}

int
handle_enrol_at_login(struct bridge *b, struct job *job, struct answer *answer)
{
    const char *user = wire_text(&job->msg, WIRE_USER);
    struct fed_secret codes = FED_SECRET_INIT(RECOVERY_ALL_MAX);
    bool skipped = !wire_has(&job->msg, WIRE_CODE);
    char why[BRIDGE_WHY_MAX] = "";
    struct pending_enrolment *p;

    answer->held = true;
    int r = pending_lend(b->pending, wire_text(&job->msg, WIRE_PENDING), user, clock_mono_ms(), &p);
    if (r != 0) {
        explain(r, answer);
        return r;
    }
    r = skipped ? skip(b, p, why) : confirm_within_limits(b, job, p, &codes, why);
    if (!skipped || r != 0)
        r = audit(b, job, skipped ? "login" : "enrol-confirm", p->name, &p->proof, r, why);
    if (r == 0)
        r = grant(b, job, p, &codes, answer);
    if (r == FED_E_DENIED && --p->tries > 0)
        pending_give_back(b->pending, p);
    else if (!pending_end(b->pending, p) && r == 0)
        r = FED_E_NOT_FOUND;
    fed_secret_done(&codes);
    if (r != 0)
        explain(r, answer);
    return signin_outward(r);
}
