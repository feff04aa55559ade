/*
 * What people ask about their own second factor: recovery codes, and enrolling by themselves. The account is that of
 * the peer's uid, as in handle_user.c (I-53).
 * SPDX-License-Identifier: Apache-2.0
 */
#include "bridge/dispatch.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/log.h"
#include "bridge/clockwatch.h"
#include "bridge/enrolment.h"
#include "bridge/factor.h"
#include "bridge/identity.h"
#include "bridge/signin.h"
#include "mfa/person.h"
#include "mfa/qr.h"
#include "mfa/recovery.h"
#include "mfa/ticket.h"

enum { WAIT_S = 15 * 60, PICTURE_LIMIT = 32 * 1024 };

static void
say(struct answer *answer, const char *text)
{
    (void)snprintf(answer->message, sizeof(answer->message), "%s", text);
}

/* The audit line of what was done here; a success without one is none. */
static int
audit_own(struct bridge *b, const struct job *job, const char *event, const char *user,
    const char *sid, int outcome, const char *why)
{
    struct audit_event e = {.event = event,
        .outcome = outcome,
        .reason = why,
        .user = user,
        .sid = sid,
        .service = "awsfed-login",
        .tty = wire_text(&job->msg, WIRE_TTY),
        .asked_by = job->peer.uid,
        .request = job->msg.request};
    int r = audit_write(b->audit, &e);

    fed_log_info("%s of \"%s\": %s", event, user, outcome == 0 ? "done" : fed_error_name(outcome));
    return outcome != 0 ? outcome : r;
}

/* Password and code (or ticket) of the peer's own account, as at a sign-in; both are used up by it. */
static int
prove(struct bridge *b, struct job *job, bool to_enrol, char user[TEXT_NAME_MAX + 1],
    struct signin_result *ret)
{
    struct fed_secret password = FED_SECRET_INIT(TEXT_PASSWORD_MAX);
    struct signin a = {.user = user,
        .password = &password,
        .factors = WIRE_FACTOR_PASSWORD | WIRE_FACTOR_CODE,
        .aim = SIGNIN_FACTOR,
        .to_enrol = to_enrol,
        .service = SIGNIN_COMMAND,
        .tty = wire_text(&job->msg, WIRE_TTY)};
    size_t len;

    const unsigned char *data = wire_bytes(&job->msg, WIRE_PASSWORD, &len);
    a.code = wire_bytes(&job->msg, WIRE_CODE, &a.code_len);
    int r = identity_name(b, job->peer.uid, user);
    if (r == 0)
        r = fed_secret_add(&password, data, len);
    if (r == 0)
        r = signin_check(b, &a, ret);
    fed_secret_done(&password);
    return r;
}

static int
refuse(int error, struct answer *answer)
{
    say(answer, fed_strerror(signin_outward(error)));
    if (error == FED_E_LOCAL_USER)
        say(answer, "this is a local account; awsfed signs in people of the directory");
    return signin_outward(error);
}

int
handle_recovery_codes(struct bridge *b, struct job *job, struct answer *answer)
{
    struct fed_secret text = FED_SECRET_INIT(RECOVERY_ALL_MAX);
    char user[TEXT_NAME_MAX + 1] = "";
    struct signin_result result = {0};

    answer->held = true;
    int r = prove(b, job, false, user, &result);
    if (r == 0)
        r = enrolment_new_codes(b, result.sid, &text);
    r = audit_own(b, job, "recovery-codes", user, result.sid, r, result.why);
    if (r == 0) {
        answer_begin(job, answer);
        enrolment_put_codes(&job->reply, &text);
    }
    proof_done(&result.proof);
    fed_secret_done(&text);
    return r == 0 ? 0 : refuse(r, answer);
}

/* ---- Enrolling ---- */

/* The new token waits beside the old ones; it will take the place of the one that was used, or of all. */
static int
add_waiting(struct record *record, void *arg)
{
    struct record_token token = *(const struct record_token *)arg;
    const struct record_token *old = record_token(record, token.replaces);
    uint32_t id;

    if (old != NULL)
        memcpy(token.label, old->label, sizeof(token.label));
    return record_add(record, &token, &id);
}

static void
put_enrolment(struct job *job, const struct signin_result *result, const struct enrolment *made)
{
    uint64_t kind = wire_number(&job->msg, WIRE_PICTURE_KIND, 0);
    struct fed_secret picture = FED_SECRET_INIT(PICTURE_LIMIT);

    wire_put_text(&job->reply, WIRE_USER, result->name);
    wire_put_text(&job->reply, WIRE_URI, fed_secret_str(&made->uri));
    wire_put_text(&job->reply, WIRE_SEED, fed_secret_str(&made->base32));
    /* Without the picture the secret still does. */
    if (kind != 0 &&
        qr_draw(fed_secret_str(&made->uri), kind == WIRE_PICTURE_COLOUR, &picture) == 0)
        wire_put_text(&job->reply, WIRE_PICTURE, fed_secret_str(&picture));
    fed_secret_done(&picture);
}

int
handle_enrol_self(struct bridge *b, struct job *job, struct answer *answer)
{
    const struct conf_mfa *mfa = &b->conf->mfa;
    struct totp_params params = {
        .digits = mfa->digits, .period_s = mfa->period_s, .algorithm = mfa->algorithm};
    char user[TEXT_NAME_MAX + 1] = "", why[BRIDGE_WHY_MAX];
    struct signin_result result = {0};
    struct enrolment made = {.uri = FED_SECRET_INIT(0), .base32 = FED_SECRET_INIT(0)};
    struct identity id;

    answer->held = true;
    int r = prove(b, job, true, user, &result);
    if (r == 0 && (r = identity_find(b, user, &id, why)) == 0 &&
        (r = enrolment_make(b, &id, &params, NULL, &made)) == 0) {
        unsigned factors = result.proof.factors;
        made.token.replaces = factors & WIRE_FACTOR_RECOVERY ? RECORD_ALL
                              : factors & WIRE_FACTOR_CODE   ? result.token
                                                             : 0;
        r = person_change(b->store, result.sid, NULL, 0, add_waiting, &made.token);
    }
    r = audit_own(b, job, "enrol-begin", user, result.sid, r, result.why);
    if (r == 0) {
        answer_begin(job, answer);
        put_enrolment(job, &result, &made);
    }
    enrolment_done(&made);
    proof_done(&result.proof);
    return r == 0 ? 0 : refuse(r, answer);
}

/* ---- Confirming ---- */

struct confirming {
    uint32_t token;
    uint64_t step;
    int drift;
    bool with_codes; /* there were none, and a set was made */
    struct recovery_set set;
};

static int
confirm(struct record *record, void *arg)
{
    struct confirming *c = arg;
    int r = record_confirm(record, c->token, c->step);

    if (r != 0)
        return r;
    record_token(record, c->token)->drift = c->drift;
    ticket_end(record);
    c->with_codes = c->with_codes && record->n_codes == 0;
    if (c->with_codes)
        recovery_put(record, &c->set);
    return 0;
}

static const struct record_token *
waiting_token(const struct record *record, int64_t now_s)
{
    for (size_t i = 0; i < record->n_tokens; i++) {
        const struct record_token *t = &record->tokens[i];
        if (!t->confirmed && now_s - t->enrolled_s >= 0 && now_s - t->enrolled_s <= WAIT_S)
            return t;
    }
    return NULL;
}

/* The two codes against the token that waits; then it counts. */
static int
check_and_confirm(struct bridge *b, const struct job *job, const char *sid, int64_t now_s,
    struct confirming *c, struct fed_secret *ret_codes)
{
    struct factor_codes codes;
    struct person p;
    int r = person_load(b->store, sid, &p);

    if (r != 0)
        return r;
    const struct record_token *t = waiting_token(&p.record, now_s);
    if (t == NULL)
        return FED_E_NOT_FOUND;
    codes.first = wire_bytes(&job->msg, WIRE_CODE, &codes.first_len);
    codes.second = wire_bytes(&job->msg, WIRE_CODE2, &codes.second_len);
    c->token = t->id;
    if ((r = factor_pair(b, sid, t, &codes, RECORD_DRIFT_MAX - TOTP_WINDOW_MAX, now_s, &c->step)) !=
        0)
        return r;
    c->drift = factor_pair_drift(b, t, now_s, c->step);
    if (p.record.n_codes == 0) {
        if ((r = recovery_make(&c->set, ret_codes)) != 0)
            return r;
        c->with_codes = true;
    }
    return person_change(b->store, sid, NULL, 0, confirm, c);
}

int
handle_enrol_confirm(struct bridge *b, struct job *job, struct answer *answer)
{
    struct fed_secret codes = FED_SECRET_INIT(RECOVERY_ALL_MAX);
    char user[TEXT_NAME_MAX + 1] = "", why[BRIDGE_WHY_MAX] = "";
    int64_t now_s = (int64_t)time(NULL);
    struct confirming c = {.token = 0};
    struct limits_attempt attempt;
    struct identity id = {.sid = ""};

    answer->held = true;
    int r = identity_name(b, job->peer.uid, user);
    /* By a wrong clock the new token would be taken for one that is off, for good. */
    if (r != 0 || (r = identity_find(b, user, &id, why)) != 0 ||
        (r = clockwatch_check(b, id.domain, why)) != 0 ||
        (r = limits_begin(b->limits, id.key, "", 0, now_s, &attempt)) != 0)
        goto out;
    r = check_and_confirm(b, job, id.sid, now_s, &c, &codes);
    /* Success forgives nothing here: no password was looked at. */
    int ended = limits_end(
        b->limits, &attempt, r == FED_E_DENIED ? LIMITS_WRONG_CODE : LIMITS_NO_VERDICT, now_s);
    if (r == 0)
        r = ended;
    if (r == FED_E_NOT_FOUND || r == FED_E_NOT_ENROLLED) {
        say(answer, "nothing waits for its codes; run awsfed-login enrol");
        r = FED_E_NOT_FOUND;
    }
    if (r == FED_E_DENIED)
        say(answer, "these are not two codes of the new token, one directly after the other");
    r = audit_own(b, job, "enrol-confirm", user, id.sid, r, why);
    if (r == 0) {
        answer_begin(job, answer);
        if (c.with_codes)
            enrolment_put_codes(&job->reply, &codes);
    }

out:
    fed_secret_done(&codes);
    if (r != 0 && answer->message[0] == '\0')
        return refuse(r, answer);
    return r;
}
