/*
 * What awsfed-login asks: sign in, status, roles, credentials, log out. Always about the peer's own uid: no
 * request of these has a name in it (I-53).
 * SPDX-License-Identifier: Apache-2.0
 */
#include "bridge/dispatch.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/log.h"
#include "bridge/credentials.h"
#include "bridge/identity.h"
#include "bridge/roleless.h"
#include "bridge/signin.h"
#include "bridge/standing.h"

enum { ENDING_S = 600, CHOOSE_TRIES = 8 };

static void
say(struct answer *answer, const char *text)
{
    (void)snprintf(answer->message, sizeof(answer->message), "%s", text);
}

/* The bridge cannot write to anybody's terminal; so whoever asks shortly before the end is told, and may show it. */
static void
say_if_ending(struct answer *answer, const struct ticket *t)
{
    int64_t left_s = t->ends_s - (int64_t)time(NULL);

    if (left_s <= ENDING_S && answer->message[0] == '\0')
        (void)snprintf(answer->message, sizeof(answer->message),
            "your sign-in ends in %" PRId64 " min; " CREDENTIALS_RENEW, (left_s + 59) / 60);
}

static void
put_status(const struct bridge *b, struct job *job, struct answer *answer, const struct ticket *t)
{
    struct wire_out *out = &job->reply;
    char name[2 * TEXT_NAME_MAX + 2];

    say_if_ending(answer, t);
    (void)snprintf(name, sizeof(name), "%.256s@%s", t->proof.person.sam,
        b->conf->domains[t->proof.domain].name);
    answer_begin(job, answer);
    wire_put_text(out, WIRE_USER, name);
    wire_put_text(out, WIRE_SID, t->proof.sid);
    wire_put_number(out, WIRE_FACTORS, t->proof.factors);
    wire_put_text(out, WIRE_RHOST, t->proof.rhost[0] != '\0' ? t->proof.rhost : NULL);
    wire_put_text(out, WIRE_ROLE_NAME, credentials_shown_role(t));
    wire_put_number(out, WIRE_EXPIRES, (uint64_t)t->ends_s);
    wire_put_number(out, WIRE_STARTED, (uint64_t)t->started_s);
    wire_put_number(out, WIRE_CODE_TIME, (uint64_t)t->proof.code_s);
}

/* What a person may read of a sign-in that failed. */
static void
explain_signin(int error, struct answer *answer)
{
    say(answer, fed_strerror(signin_outward(error)));
    if (error == FED_E_LOCAL_USER)
        say(answer, "this is a local account; awsfed signs in people of the directory");
    if (error == FED_E_NOT_FOUND)
        say(answer, "this host knows no name for your uid");
}

int
handle_sign_in(struct bridge *b, struct job *job, struct answer *answer)
{
    struct fed_secret password = FED_SECRET_INIT(TEXT_PASSWORD_MAX);
    char user[TEXT_NAME_MAX + 1] = "";
    struct signin_result result = {0};
    struct ticket *ticket = NULL;
    struct audit_event e = {.event = "sign-in",
        .user = user,
        .service = SIGNIN_COMMAND,
        .tty = wire_text(&job->msg, WIRE_TTY),
        .factors = "password,totp",
        .asked_by = job->peer.uid,
        .request = job->msg.request};
    struct signin a = {.user = user,
        .password = &password,
        .factors = WIRE_FACTOR_PASSWORD | WIRE_FACTOR_CODE,
        .aim = SIGNIN_ROLES,
        .service = e.service,
        .tty = e.tty};
    size_t len;

    answer->held = true;
    const unsigned char *data = wire_bytes(&job->msg, WIRE_PASSWORD, &len);
    a.code = wire_bytes(&job->msg, WIRE_CODE, &a.code_len);
    int r = fed_secret_add(&password, data, len);
    if (r == 0)
        r = identity_name(b, job->peer.uid, user);
    if (r != 0)
        goto out;
    r = signin_check(b, &a, &result);
    e.outcome = r;
    e.name = result.name;
    e.sid = result.sid;
    e.reason = result.why;
    if (result.proof.factors & WIRE_FACTOR_RECOVERY)
        e.factors = "password,recovery";
    signin_message(&result, answer->message, sizeof(answer->message));
    int audited = audit_write(b->audit, &e);
    if (r == 0)
        r = audited;
    fed_log_info("sign-in of \"%s\": %s", user, r == 0 ? "granted" : fed_error_name(r));
    if (r == 0 && result.proof.must_change)
        r = FED_E_PASSWORD_EXPIRED;
    if (r == 0)
        r = tickets_sign_in(b->tickets, job->peer.uid, user, &result.proof, &ticket);
    if (r == 0)
        put_status(b, job, answer, ticket);

out:
    if (r != 0)
        explain_signin(r, answer);
    ticket_unref(ticket);
    proof_done(&result.proof);
    fed_secret_done(&password);
    return signin_outward(r);
}

int
handle_status(struct bridge *b, struct job *job, struct answer *answer)
{
    struct ticket *ticket = NULL;
    char why[BRIDGE_WHY_MAX] = "";
    int r = standing_of(b, job->peer.uid, &ticket, why);

    if (r != 0 && ticket != NULL && fed_error_class(r) == FED_CLASS_UNAVAILABLE)
        r = 0; /* who and until when is known all the same */
    if (r == 0)
        put_status(b, job, answer, ticket);
    else
        say(answer, why);
    ticket_unref(ticket);
    return r;
}

static const char *
role_region(const struct bridge *b, const struct conf_role *role)
{
    return role->region != NULL ? role->region : b->conf->aws.region;
}

static void
put_role(const struct bridge *b, struct wire_out *out, const struct ticket *t,
    const struct conf_role *role, int64_t now_s)
{
    wire_begin_group(out, WIRE_ROLE);
    wire_put_text(out, WIRE_ROLE_NAME, role->name);
    wire_put_text(out, WIRE_ROLE_ARN, role->arn);
    wire_put_text(out, WIRE_ACCOUNT, role->account);
    wire_put_text(out, WIRE_ALIAS, role->alias);
    wire_put_text(out, WIRE_REGION, role_region(b, role));
    wire_put_number(out, WIRE_DURATION, (uint64_t)role->duration_s);
    wire_put_number(out, WIRE_CODE_NEEDED, credentials_needs_code(t, role, now_s) ? 1 : 0);
    wire_put_number(
        out, WIRE_CACHED_UNTIL, (uint64_t)cache_until(b->cache, t->id, role->digest, now_s));
    wire_put_number(out, WIRE_DEFAULT, role->is_default ? 1 : 0);
    if (strcmp(t->use, role->name) == 0)
        wire_put_number(out, WIRE_IN_USE, 1);
    wire_end_group(out);
}

int
handle_roles(struct bridge *b, struct job *job, struct answer *answer)
{
    int64_t now_s = (int64_t)time(NULL);
    char why[BRIDGE_WHY_MAX] = "";
    const char *reason = NULL;
    struct ticket *t = NULL;
    bool wants_code = false;
    int r = tickets_get(b->tickets, job->peer.uid, &t);

    if (r == 0)
        r = standing_check(b, &t, why);
    /* The roles of a while ago will do, but not those that nobody has read since a restart: those are none. */
    if (r != 0 && (t == NULL || t->checked_s == 0 || fed_error_class(r) != FED_CLASS_UNAVAILABLE)) {
        say(answer, why);
        ticket_unref(t);
        return r;
    }
    if (t->proof.n_roles == 0)
        wants_code = roleless_why(b, t, &reason) == FED_E_FRESH_CODE;
    say_if_ending(answer, t);
    answer_begin(job, answer);
    wire_put_text(&job->reply, WIRE_USER, t->user);
    if (wants_code)
        wire_put_number(&job->reply, WIRE_CODE_NEEDED, 1);
    wire_put_number(&job->reply, WIRE_EXPIRES, (uint64_t)t->ends_s);
    for (size_t i = 0; i < t->proof.n_roles; i++)
        put_role(b, &job->reply, t, proof_role(&t->proof, i), now_s);
    wire_put_text(&job->reply, WIRE_NOTICE, reason);
    ticket_unref(t);
    return 0;
}

/* Take the role for role-less calls; again if the ticket is replaced at this very moment. */
static int
choose(struct bridge *b, struct ticket **t, const char *name, char *why)
{
    const struct conf_role *role;
    struct ticket *fresh = NULL;
    uid_t uid = (*t)->uid;
    int r = FED_E_BUSY;

    for (int i = 0; i < CHOOSE_TRIES && r == FED_E_BUSY; i++) {
        if (*t == NULL && (r = tickets_get(b->tickets, uid, t)) != 0)
            return r;
        if ((r = credentials_role(b, *t, name, &role, why)) != 0)
            return r;
        if (credentials_needs_code(*t, role, (int64_t)time(NULL)))
            return FED_E_FRESH_CODE;
        r = tickets_use(b->tickets, *t, role->name, &fresh);
        if (r != 0 && r != FED_E_BUSY)
            return r;
        ticket_unref(*t);
        *t = fresh; /* NULL when busy */
    }
    return r;
}

static void
audit_use(struct bridge *b, const struct job *job, const struct ticket *t, const char *role)
{
    struct audit_event e = {.event = "use",
        .user = t->user,
        .sid = t->proof.sid,
        .ticket = t->id,
        .role = role,
        .asked_by = job->peer.uid,
        .request = job->msg.request};
    int audited = audit_write(b->audit, &e);

    (void)audited; /* a choice among what was granted grants nothing */
}

int
handle_use(struct bridge *b, struct job *job, struct answer *answer)
{
    char why[BRIDGE_WHY_MAX] = "";
    struct ticket *t = NULL;
    const struct conf_role *role = NULL;
    int r = tickets_get(b->tickets, job->peer.uid, &t);

    if (r == 0)
        r = standing_check(b, &t, why);
    if (r != 0 && t != NULL && fed_error_class(r) == FED_CLASS_UNAVAILABLE && t->checked_s != 0)
        r = 0; /* the roles of a while ago: credentials wait for the directory anyway */
    if (r == 0)
        r = choose(b, &t, wire_text(&job->msg, WIRE_ROLE_NAME), why);
    if (r == 0)
        r = credentials_role(b, t, wire_text(&job->msg, WIRE_ROLE_NAME), &role, why);
    if (r == 0) {
        audit_use(b, job, t, role->name);
        say_if_ending(answer, t);
        answer_begin(job, answer);
        wire_put_text(&job->reply, WIRE_ROLE_NAME, role->name);
        wire_put_text(&job->reply, WIRE_ROLE_ARN, role->arn);
        wire_put_text(&job->reply, WIRE_ACCOUNT, role->account);
        wire_put_text(&job->reply, WIRE_ALIAS, role->alias);
        wire_put_text(&job->reply, WIRE_REGION, role_region(b, role));
        wire_put_number(&job->reply, WIRE_EXPIRES, (uint64_t)t->ends_s);
    } else {
        say(answer, why);
    }
    ticket_unref(t);
    return r;
}

static void
put_credential(const struct bridge *b, struct job *job, const struct answer *answer,
    const struct conf_role *role, const struct sts_credential *c)
{
    struct wire_out *out = &job->reply;

    answer_begin(job, answer);
    wire_put_text(out, WIRE_ROLE_NAME, role->name);
    wire_put_text(out, WIRE_ROLE_ARN, role->arn);
    wire_put_text(out, WIRE_ACCOUNT, role->account);
    wire_put_text(out, WIRE_REGION, role_region(b, role));
    wire_put_text(out, WIRE_ACCESS_KEY, fed_secret_str(&c->access_key));
    wire_put_text(out, WIRE_SECRET_KEY, fed_secret_str(&c->secret_key));
    wire_put_text(out, WIRE_SESSION_TOKEN, fed_secret_str(&c->session_token));
    wire_put_number(out, WIRE_EXPIRES, (uint64_t)c->expires_s);
}

int
handle_credentials(struct bridge *b, struct job *job, struct answer *answer)
{
    const char *name = wire_text(&job->msg, WIRE_ROLE_NAME);
    uint64_t wanted = wire_number(&job->msg, WIRE_DURATION, 0);
    char why[BRIDGE_WHY_MAX] = "";
    struct sts_credential credential = {0};
    struct ticket *t = NULL;
    const struct conf_role *role = NULL;

    if (wanted != 0 && (wanted < 900 || wanted > 43200)) {
        say(answer, "a duration is from 15m to 12h");
        return FED_E_INVALID;
    }
    int r = standing_of(b, job->peer.uid, &t, why);
    if (r == 0)
        r = credentials_role(b, t, name, &role, why);
    if (r == 0)
        r = credentials_get(b, job, &t, &role, (int64_t)wanted, &credential, why);
    if (r == CREDENTIALS_WAIT) {
        ticket_unref(t); /* the job may be in another worker's hands already */
        return HANDLER_WAITS;
    }
    if (r == 0)
        say_if_ending(answer, t);
    if (r == 0)
        put_credential(b, job, answer, role, &credential);
    else
        say(answer, why);
    sts_credential_done(&credential);
    ticket_unref(t);
    return r;
}

int
handle_logout(struct bridge *b, struct job *job, struct answer *answer)
{
    struct audit_event e = {
        .event = "logout", .asked_by = job->peer.uid, .request = job->msg.request};
    unsigned n = tickets_end_uid(b->tickets, job->peer.uid);

    if (n == 0)
        return FED_E_NO_TICKET;
    int audited = audit_write(b->audit, &e);
    (void)audited; /* an end grants nothing */
    answer_begin(job, answer);
    return 0;
}
