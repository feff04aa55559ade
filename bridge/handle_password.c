/*
 * A change of an own password, which the PAM module asks for: at a login where AD wants it, and for passwd(1).
 * SPDX-License-Identifier: Apache-2.0
 */
#include "bridge/dispatch.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "bridge/budget.h"
#include "bridge/identity.h"
#include "bridge/outage.h"
#include "bridge/pam_request.h"
#include "bridge/signin.h"
#include "bridge/told.h"

/*
 * Who may change the password? The holder of a login's receipt, whose password expired; or who proves the old password and a code,
 * here and now. So guessing at old passwords takes the token, as everywhere else (I-36). A receipt of the code alone will do: the old
 * password is proved by the change itself.
 */
static int
may_change(struct bridge *b, const struct job *job, const struct fed_secret *old_password,
    const struct identity *id)
{
    const char *receipt = wire_text(&job->msg, WIRE_RECEIPT);
    struct signin_result result = {0};
    struct proof proof = {0};
    struct signin a = {.user = wire_text(&job->msg, WIRE_USER),
        .password = old_password,
        .factors = WIRE_FACTOR_PASSWORD | WIRE_FACTOR_CODE,
        .service = wire_text(&job->msg, WIRE_SERVICE),
        .rhost = wire_text(&job->msg, WIRE_RHOST)};

    if (receipt != NULL && receipts_look(b->receipts, receipt, a.user, &proof) == 0) {
        bool same = strcmp(proof.sid, id->sid) == 0 && proof.factors != 0;
        proof_done(&proof);
        return same ? 0 : FED_E_DENIED;
    }
    a.code = wire_bytes(&job->msg, WIRE_CODE, &a.code_len);
    int r = signin_check(b, &a, &result);
    proof_done(&result.proof);
    return r;
}

/* One change at the directory, for budget_spend. */
struct change {
    struct addir *dir;
    const struct addir_person *person;
    const struct fed_secret *old_password, *new_password;
    char *text, *why;
};

static int
send_change(void *arg)
{
    struct change *c = arg;

    return addir_change_password(
        c->dir, c->person, c->old_password, c->new_password, c->text, c->why);
}

/* The change itself; an old password that the directory rejects counts like any other, with us and in AD (I-39). */
static int
change(struct bridge *b, const struct job *job, const struct identity *id,
    const struct fed_secret *old_password, const struct fed_secret *new_password,
    struct answer *answer, char *why)
{
    const char *rhost = wire_text(&job->msg, WIRE_RHOST);
    int64_t now_s = (int64_t)time(NULL);
    char text[ADDIR_WHY_MAX] = "";
    struct limits_attempt attempt;

    unsigned cap = __atomic_load_n(&b->password_caps[id->domain], __ATOMIC_RELAXED);
    int r = limits_begin(b->limits, id->key, rhost != NULL ? rhost : "", cap, now_s, &attempt);
    if (r != 0)
        return r;
    struct change c = {b->dirs[id->domain], &id->person, old_password, new_password, text, why};
    r = attempt.password_spent ? FED_E_LOCKED : budget_spend(b, id, send_change, &c, why);
    enum limits_outcome outcome = r == FED_E_DENIED ? LIMITS_WRONG_PASSWORD : LIMITS_NO_VERDICT;
    int ended = limits_end(b->limits, &attempt, outcome, now_s);
    if (r == FED_E_PASSWORD_REFUSED)
        (void)snprintf(answer->message, sizeof(answer->message), "%s", text);
    return r != 0 ? r : ended;
}

int
handle_change_password(struct bridge *b, struct job *job, struct answer *answer)
{
    const char *user = wire_text(&job->msg, WIRE_USER);
    const char *receipt = wire_text(&job->msg, WIRE_RECEIPT);
    struct audit_event e = pam_request_event(job, "change-password");
    struct fed_secret old_password, new_password;
    char why[BRIDGE_WHY_MAX] = "";
    struct identity id;
    uid_t uid;

    answer->held = true;
    fed_secret_init(&new_password, TEXT_PASSWORD_MAX);
    int r = pam_request_secret(job, WIRE_PASSWORD, &old_password);
    if (r == 0)
        r = pam_request_secret(job, WIRE_NEW_PASSWORD, &new_password);
    if (r != 0)
        goto out;
    r = identity_uid(b, user, &uid);
    if (r != 0 && r != FED_E_NOT_FOUND)
        goto out;
    if ((r = identity_find(b, user, &id, why)) == 0 &&
        (r = text_check_password((const char *)old_password.data, old_password.len)) == 0 &&
        (r = text_check_password((const char *)new_password.data, new_password.len)) == 0 &&
        (r = may_change(b, job, &old_password, &id)) == 0)
        r = change(b, job, &id, &old_password, &new_password, answer, why);
    r = outage_hide(b, &id, r, why);
    e.outcome = r;
    e.reason = why;
    e.name = id.name;
    e.sid = id.sid;
    int audited = audit_write(b->audit, &e);
    (void)audited; /* it is done already; refusing now would only lie */
    pam_request_log(&e);
    if (r == 0 && receipt != NULL)
        receipts_password_changed(b->receipts, receipt, user);
    if (r == 0)
        answer_begin(job, answer);

out:
    if (r != FED_E_PASSWORD_REFUSED)
        told_error(r, answer);
    told_expired(r, answer);
    fed_secret_done(&old_password);
    fed_secret_done(&new_password);
    return signin_outward(r);
}
