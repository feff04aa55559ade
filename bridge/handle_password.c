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
#include "bridge/pardon.h"
#include "bridge/signin.h"
#include "bridge/told.h"

/* One change at the directory. */
struct change {
    struct bridge *b;
    struct identity *id;
    const struct fed_secret *old_password, *new_password;
    struct proof proof; /* of who may change it */
    /* AD lets nobody bind with the old one, and there is no service identity to change it: by Kerberos, and a login after that */
    bool expired;
    bool changed;             /* with expired: it was, whatever came after it */
    struct addir_entry entry; /* with expired: of that login */
    char text[ADDIR_WHY_MAX]; /* for the person */
    char *why;
};

/*
 * Who may change the password? The holder of a login's receipt, whose password expired; or who proves the old password and a code,
 * here and now. So guessing at old passwords takes the token, as everywhere else (I-36). A receipt of the code alone will do: the old
 * password is proved by the change itself.
 */
static int
may_change(const struct job *job, struct change *c)
{
    const char *receipt = wire_text(&job->msg, WIRE_RECEIPT);
    struct signin_result result = {0};
    struct signin a = {.user = wire_text(&job->msg, WIRE_USER),
        .password = c->old_password,
        .factors = WIRE_FACTOR_PASSWORD | WIRE_FACTOR_CODE,
        .to_change = true,
        .service = wire_text(&job->msg, WIRE_SERVICE),
        .rhost = wire_text(&job->msg, WIRE_RHOST)};

    if (receipt != NULL && receipts_look(c->b->receipts, receipt, a.user, &c->proof) == 0)
        return strcmp(c->proof.sid, c->id->sid) == 0 && c->proof.factors != 0 ? 0 : FED_E_DENIED;
    a.code = wire_bytes(&job->msg, WIRE_CODE, &a.code_len);
    int r = signin_check(c->b, &a, &result);
    if (r == 0)
        c->proof = result.proof;
    return r;
}

/* For budget_spend. */
static int
send_change(void *arg)
{
    struct change *c = arg;
    struct addir *dir = c->b->dirs[c->id->domain];

    if (!c->expired)
        return addir_change_password(
            dir, &c->id->person, c->old_password, c->new_password, c->text, c->why);
    return addir_change_expired(dir, &c->id->person, c->old_password, c->new_password, &c->entry,
        &c->changed, c->text, c->why);
}

/*
 * An old password that the directory rejects counts like any other, with us and in AD (I-39). The login after the change of an expired
 * one sets AD's count to zero, as that with the expired one did not: so here wrong ones are forgiven, and not there.
 */
static enum limits_outcome
count(const struct change *c, int r)
{
    const unsigned both = WIRE_FACTOR_PASSWORD | WIRE_FACTOR_CODE;

    if (r == FED_E_DENIED && !c->changed)
        return LIMITS_WRONG_PASSWORD;
    return r == 0 && c->expired && (c->proof.factors & both) == both ? LIMITS_SUCCESS
                                                                     : LIMITS_NO_VERDICT;
}

static int
change(const struct job *job, struct change *c)
{
    struct bridge *b = c->b;
    const char *rhost = wire_text(&job->msg, WIRE_RHOST);
    int64_t now_s = (int64_t)time(NULL);
    struct limits_attempt attempt;

    c->expired = c->proof.must_change && !addir_has_service(b->dirs[c->id->domain]);
    unsigned cap = __atomic_load_n(&b->password_caps[c->id->domain], __ATOMIC_RELAXED);
    int r = limits_begin(b->limits, c->id->key, rhost != NULL ? rhost : "", cap, now_s, &attempt);
    if (r != 0)
        return r;
    r = attempt.password_spent ? FED_E_LOCKED : budget_spend(b, c->id, send_change, c, c->why);
    int ended = limits_end(b->limits, &attempt, count(c, r), now_s);
    return r != 0 ? r : ended;
}

/*
 * What the login could not know before the change, when nothing of the entry could be read: whether the account may log in here, and its
 * roles.
 */
static int
complete_login(struct change *c)
{
    const unsigned both = WIRE_FACTOR_PASSWORD | WIRE_FACTOR_CODE;
    struct bridge *b = c->b;
    int64_t now_s = (int64_t)time(NULL);
    bool must_change = false;
    int r = signin_rules(b, c->id->domain, &c->entry, now_s, &must_change);

    if (r == 0 && must_change)
        r = FED_E_PASSWORD_EXPIRED;
    /* A role takes both factors (I-31), after a change as before. */
    if (r == 0 && (c->proof.factors & both) == both) {
        r = signin_set_roles(b, &c->entry, &c->proof);
        if (r == 0)
            r = pardon_drop_roles(b, &c->entry, &c->proof);
    }
    if (r != 0)
        return r;
    c->proof.person = c->id->person;
    c->proof.password_s = now_s;
    return 0;
}

/* All of it; a login that waits for the change goes on with it. */
static int
change_and_go_on(const struct job *job, const char *user, const char *receipt, struct change *c)
{
    int r = change(job, c);

    if (r == 0 && c->expired && receipt != NULL)
        r = complete_login(c);
    if (r == 0 && receipt != NULL) {
        c->proof.must_change = false;
        receipts_password_changed(c->b->receipts, receipt, user, &c->proof);
    }
    return r;
}

/* What is told of a failure: the change's own words, if it has some, and always that the new password holds. */
static void
tell(const struct change *c, int r, struct answer *answer)
{
    size_t size = sizeof(answer->message);

    if (c->changed)
        (void)snprintf(answer->message, size,
            "Your password was changed, but this login cannot go on: %s",
            fed_strerror(signin_outward(r)));
    else if (c->text[0] != '\0')
        (void)snprintf(answer->message, size, "%s", c->text);
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
    struct change c = {.b = b,
        .id = &id,
        .old_password = &old_password,
        .new_password = &new_password,
        .why = why};
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
        (r = may_change(job, &c)) == 0)
        r = change_and_go_on(job, user, receipt, &c);
    r = outage_hide(b, &id, r, why);
    e.outcome = r;
    e.reason = why;
    e.name = id.name;
    e.sid = id.sid;
    int audited = audit_write(b->audit, &e);
    (void)audited; /* it is done already; refusing now would only lie */
    pam_request_log(&e);
    if (r == 0)
        answer_begin(job, answer);
    else
        tell(&c, r, answer);

out:
    if (answer->message[0] == '\0') {
        told_error(r, answer);
        told_expired(r, answer);
    }
    addir_entry_done(&c.entry);
    proof_done(&c.proof);
    fed_secret_done(&old_password);
    fed_secret_done(&new_password);
    return signin_outward(r);
}
