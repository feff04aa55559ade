/*
 * What the PAM module asks: authenticate, account, session open and close. A change of password is in handle_password.c.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "bridge/dispatch.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/log.h"
#include "bridge/endpoint_rules.h"
#include "bridge/identity.h"
#include "bridge/outage.h"
#include "bridge/newcomer.h"
#include "bridge/pam_request.h"
#include "bridge/signin.h"
#include "bridge/told.h"

static const char *
factors_text(unsigned factors)
{
    if (factors & WIRE_FACTOR_RECOVERY)
        return factors & WIRE_FACTOR_PASSWORD ? "password,recovery" : "recovery";
    switch (factors & (WIRE_FACTOR_PASSWORD | WIRE_FACTOR_CODE)) {
    case WIRE_FACTOR_PASSWORD | WIRE_FACTOR_CODE:
        return "password,totp";
    case WIRE_FACTOR_PASSWORD:
        return "password";
    case WIRE_FACTOR_CODE:
        return "totp";
    default:
        return "none";
    }
}

/* The state of an account is told to its own password only: a code alone does not learn it (I-12). */
static bool
is_account_state(int error)
{
    return error == FED_E_DISABLED || error == FED_E_EXPIRED || error == FED_E_RESTRICTED ||
           error == FED_E_NOT_LISTED;
}

/* Write the audit line of a sign-in; a success that cannot be written is none. */
static int
audit_signin(struct bridge *b, const struct signin *a, const struct signin_result *result,
    struct audit_event *e, int error)
{
    e->outcome = error;
    e->name = result->name;
    e->sid = result->sid;
    e->reason = error != 0 ? result->why : NULL;
    e->factors = factors_text(error == 0 ? result->proof.factors : a->factors);
    return pam_request_grant(b->audit, e);
}

/*
 * A program that is not root's, a screen locker, asks for its own user only; and it may not choose what root's
 * PAM configuration chooses. Without the code it would be a way to guess the password that takes no token
 * (I-36), and with a source of its own making one past the limits (I-37).
 */
static int
limit_stranger(const struct peer *peer, struct signin *a)
{
    if (peer->uid == 0)
        return 0;
    a->rhost = NULL;
    a->unvouched = true;
    return a->factors & WIRE_FACTOR_CODE ? 0 : FED_E_PERMISSION;
}

int
handle_authenticate(struct bridge *b, struct job *job, struct answer *answer)
{
    struct fed_secret password;
    struct signin_result result = {0};
    char token[TOKEN_SIZE];
    uid_t uid;
    struct signin a = {.user = wire_text(&job->msg, WIRE_USER),
        .password = &password,
        .factors = (unsigned)wire_number(&job->msg, WIRE_FACTORS, 0),
        .appended = wire_number(&job->msg, WIRE_APPENDED, 0) != 0,
        .to_change = true, /* the account phase asks for a new one */
        .service = wire_text(&job->msg, WIRE_SERVICE),
        .rhost = wire_text(&job->msg, WIRE_RHOST),
        .tty = wire_text(&job->msg, WIRE_TTY)};
    struct audit_event e = pam_request_event(job, "login");

    answer->held = true;
    a.code = wire_bytes(&job->msg, WIRE_CODE, &a.code_len);
    int r = pam_request_secret(job, WIRE_PASSWORD, &password);
    if (r != 0 || (r = dispatch_may_act_for(b, &job->peer, a.user)) != 0 ||
        (r = limit_stranger(&job->peer, &a)) != 0)
        goto out;
    r = identity_uid(b, a.user, &uid);
    a.empty_counts = newcomer_may_enrol(b, job, a.factors);
    a.newcomers = r == 0 && a.empty_counts;
    /* An account that is not on this host may be judged all the same: it gets no session anyway. */
    if (r == 0 || r == FED_E_NOT_FOUND)
        r = signin_check(b, &a, &result);
    if (r == 0 && result.newcomer && (r = newcomer_begin(b, job, &result, answer)) == 0 &&
        result.newcomer)
        goto out; /* the answer is an enrolment; its login is not over */
    r = audit_signin(b, &a, &result, &e, r);
    if ((a.factors & WIRE_FACTOR_PASSWORD) == 0 && is_account_state(r))
        r = FED_E_DENIED;
    if (r == 0)
        signin_message(&result, answer->message, sizeof(answer->message));
    if (r == 0)
        r = receipts_add(b->receipts, a.user, &result.proof, token);
    if (r == 0) {
        told_days(result.password_days, answer);
        answer_begin(job, answer);
        wire_put_text(&job->reply, WIRE_RECEIPT, token);
        if (a.appended)
            wire_put_number(&job->reply, WIRE_CODE_LENGTH, result.code_len);
    }

out:
    told_error(r, answer);
    told_expired(r, answer);
    proof_done(&result.proof);
    fed_secret_done(&password);
    explicit_bzero(token, sizeof(token));
    return signin_outward(r);
}

/* The account phase alone: the directory decides, and nobody is asked anything (I-45). */
static int
check_account(
    struct bridge *b, const char *user, struct audit_event *e, struct identity *id, char *why)
{
    struct addir_entry entry = {0};
    uid_t uid;
    int r = identity_uid(b, user, &uid);

    if (r != 0 && r != FED_E_NOT_FOUND)
        return r;
    if ((r = identity_find(b, user, id, why)) != 0)
        return outage_hide(b, id, r, why);
    e->name = id->name;
    e->sid = id->sid;
    if ((r = addir_read(b->dirs[id->domain], &id->person, &entry, why)) == 0 &&
        (r = account_check(&entry.account, (int64_t)time(NULL))) == 0 &&
        (r = account_check_host(&entry.account, b->host)) == 0)
        r = mapper_may_login(b->mapper, id->domain, &entry);
    addir_entry_done(&entry);
    return r;
}

int
handle_account(struct bridge *b, struct job *job, struct answer *answer)
{
    const char *user = wire_text(&job->msg, WIRE_USER);
    const char *receipt = wire_text(&job->msg, WIRE_RECEIPT);
    struct audit_event e = pam_request_event(job, "account");
    char why[BRIDGE_WHY_MAX] = "";
    struct proof proof = {0};
    struct identity id;
    int r = dispatch_may_act_for(b, &job->peer, user);

    if (r != 0)
        return r;
    if (receipt != NULL && receipts_look(b->receipts, receipt, user, &proof) == 0) {
        r = proof.must_change ? FED_E_PASSWORD_EXPIRED : 0;
        proof_done(&proof);
        if (r == 0)
            answer_begin(job, answer);
        return r; /* the login's own line told it already */
    }
    r = check_account(b, user, &e, &id, why);
    if (r == FED_E_LOCAL_USER)
        return r;
    e.outcome = r;
    e.reason = why;
    r = pam_request_grant(b->audit, &e);
    if (fed_error_class(r) == FED_CLASS_UNAVAILABLE)
        told_error(
            r, answer); /* nothing of the account's state: no password was proved here (I-12) */
    if (r == 0)
        answer_begin(job, answer);
    return r;
}

/* The receipt's proof becomes a ticket. Roles need both factors; a code alone is no sign-in to AWS. */
static int
sign_in_by_receipt(struct bridge *b, uid_t uid, const char *user, struct proof *proof,
    struct audit_event *e, char ticket_id[TOKEN_SIZE])
{
    struct ticket *ticket = NULL;
    int r;

    if (proof->must_change)
        return FED_E_PASSWORD_EXPIRED;
    if ((proof->factors & WIRE_FACTOR_PASSWORD) == 0)
        return 0;
    if ((r = tickets_sign_in(b->tickets, uid, user, proof, &ticket)) != 0)
        return r;
    memcpy(ticket_id, ticket->id, TOKEN_SIZE);
    e->ticket = ticket_id;
    e->expires_s = ticket->ends_s;
    ticket_unref(ticket);
    return 0;
}

/*
 * The settings by which SDKs find the session's endpoint; only in sessions of people who are signed in, so that those of others are as
 * they were. AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE is left out: every SDK that knows it knows the token itself too, whose place is as
 * private (/proc/PID/environ is the owner's), and a file would have to be written, guarded and removed by root in step with
 * the session for a token that never changes.
 */
static int
put_endpoint(struct bridge *b, struct job *job, const char *session)
{
    char token[TOKEN_SIZE], text[128];

    if (b->endpoint == NULL)
        return 0;
    int r = tickets_add_endpoint(b->tickets, session, token);
    if (r == FED_E_NO_TICKET)
        return 0;
    if (r != 0)
        return r;
    (void)snprintf(text, sizeof(text),
        "AWS_CONTAINER_CREDENTIALS_FULL_URI=http://127.0.0.1:%u" ENDPOINT_PATH, b->endpoint_port);
    wire_put_text(&job->reply, WIRE_ENVIRONMENT, text);
    (void)snprintf(text, sizeof(text), "AWS_CONTAINER_AUTHORIZATION_TOKEN=%s", token);
    wire_put_text(&job->reply, WIRE_ENVIRONMENT, text);
    explicit_bzero(token, sizeof(token));
    explicit_bzero(text, sizeof(text));
    return 0;
}

int
handle_session_open(struct bridge *b, struct job *job, struct answer *answer)
{
    const char *user = wire_text(&job->msg, WIRE_USER);
    const char *receipt = wire_text(&job->msg, WIRE_RECEIPT);
    struct audit_event e = pam_request_event(job, "session-open");
    char session[TOKEN_SIZE] = "", ticket_id[TOKEN_SIZE] = "", sid[SID_TEXT_MAX] = "";
    struct proof proof = {0};
    uid_t uid;
    int r = identity_uid(b, user, &uid);

    if (r == FED_E_LOCAL_USER || r == FED_E_NOT_FOUND) {
        answer_begin(job, answer); /* a session that is not ours to keep */
        return 0;
    }
    if (r != 0)
        return r;
    if (receipt != NULL && receipts_take(b->receipts, receipt, user, &proof) != 0)
        fed_log_warning(
            "session of \"%s\": its receipt is unknown, used or too old: no ticket", user);
    if ((r = tickets_open_session(b->tickets, uid, job->peer.pid, session)) != 0)
        goto out;
    if (proof.factors != 0) {
        memcpy(sid, proof.sid, sizeof(sid));
        r = sign_in_by_receipt(b, uid, user, &proof, &e, ticket_id);
    }
    e.outcome = r;
    e.sid = sid;
    e.session = session;
    int audited = audit_write(b->audit, &e);
    if (r == 0)
        r = audited;
    if (r != 0) {
        /* A sign-in that is not in the trail is none, though tickets may outlive their sessions. */
        if (ticket_id[0] != '\0')
            (void)tickets_end_uid(b->tickets, uid);
        int closed = tickets_close_session(b->tickets, session);
        (void)closed;
        goto out;
    }
    answer_begin(job, answer);
    wire_put_text(&job->reply, WIRE_SESSION, session);
    if (put_endpoint(b, job, session) != 0)
        fed_log_warning("session of \"%s\": without an endpoint, for lack of a token", user);

out:
    told_error(r, answer);
    proof_done(&proof);
    return r;
}

int
handle_session_close(struct bridge *b, struct job *job, struct answer *answer)
{
    struct audit_event e = {.event = "session-close",
        .session = wire_text(&job->msg, WIRE_SESSION),
        .asked_by = job->peer.uid,
        .request = job->msg.request};
    int r = tickets_close_session(b->tickets, e.session);

    e.outcome = r;
    int audited = audit_write(b->audit, &e);
    (void)audited; /* an end grants nothing */
    if (r == 0)
        answer_begin(job, answer);
    return r;
}
