/*
 * What awsfed-admin asks: enrolments, tickets, and why somebody gets what they get.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "bridge/dispatch.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/log.h"
#include "bridge/identity.h"
#include "mfa/totp.h"

enum { SEED_BYTES = 20, URI_LIMIT = 1024, LIST_MOST = 250 };

/* The audit line of an administrator's act. It stands before the act is answered. */
static int
audit_act(struct bridge *b, const struct job *job, const char *event, const char *sid, int outcome,
    const char *why)
{
    struct audit_event e = {.event = event,
        .outcome = outcome,
        .reason = why,
        .user = wire_text(&job->msg, WIRE_USER),
        .sid = sid,
        .asked_by = job->peer.uid,
        .request = job->msg.request};
    int r = audit_write(b->audit, &e);

    fed_log_info("%s of \"%s\" by uid %u: %s", event, e.user != NULL ? e.user : "",
        (unsigned)job->peer.uid, outcome == 0 ? "done" : fed_error_name(outcome));
    return outcome != 0 ? outcome : r;
}

static int
find_person(struct bridge *b, const struct job *job, struct identity *id, struct answer *answer)
{
    char why[BRIDGE_WHY_MAX] = "";
    int r = identity_find(b, wire_text(&job->msg, WIRE_USER), id, why);

    if (r != 0)
        (void)snprintf(answer->message, sizeof(answer->message), "%s%s%s", fed_strerror(r),
            why[0] != '\0' ? ": " : "", why);
    return r;
}

/* ---- Enrolment ---- */

static int
new_enrolment(struct bridge *b, const struct job *job, const struct identity *id,
    struct store_enrolment *e, struct fed_secret *seed)
{
    const struct conf_mfa *mfa = &b->conf->mfa;
    const char *label = wire_text(&job->msg, WIRE_LABEL);
    struct fed_secret blob = FED_SECRET_INIT(SEAL_BLOB_MAX), nothing = FED_SECRET_INIT(0);

    *e = (struct store_enrolment){.enrolled_s = (int64_t)time(NULL),
        .params = {.digits = mfa->digits,
            .period_s = mfa->period_s,
            .algorithm = mfa->algorithm,
            .window = mfa->window}};
    (void)snprintf(e->sid, sizeof(e->sid), "%s", id->sid);
    (void)snprintf(e->label, sizeof(e->label), "%s", label != NULL ? label : "");
    if (strlen(id->name) >= sizeof(e->name))
        return FED_E_NAME;
    (void)snprintf(e->name, sizeof(e->name), "%.*s", (int)sizeof(e->name) - 1, id->name);
    int r = keeper_seal(b->keeper, id->sid, &nothing, SEED_BYTES, &blob, seed);
    if (r == 0) {
        memcpy(e->blob, blob.data, blob.len);
        e->blob_len = blob.len;
    }
    fed_secret_done(&blob);
    return r;
}

int
handle_enrol(struct bridge *b, struct job *job, struct answer *answer)
{
    struct fed_secret seed = FED_SECRET_INIT(TOTP_SEED_MAX), base32 = FED_SECRET_INIT(URI_LIMIT),
                      uri = FED_SECRET_INIT(URI_LIMIT);
    bool replace = wire_number(&job->msg, WIRE_REPLACE, 0) != 0;
    struct store_enrolment e;
    struct identity id;
    int r = find_person(b, job, &id, answer);

    if (r != 0)
        return r;
    if ((r = new_enrolment(b, job, &id, &e, &seed)) != 0 ||
        (r = totp_uri(&e.params, &seed, b->conf->mfa.issuer, id.name, &uri)) != 0 ||
        (r = totp_base32(&seed, &base32)) != 0)
        goto out;
    r = store_put(b->store, &e, replace);
    if (r == FED_E_EXISTS)
        (void)snprintf(answer->message, sizeof(answer->message),
            "%s is enrolled already; to replace the enrolment, say so with --replace", id.name);
    r = audit_act(b, job, replace ? "enrol-replace" : "enrol", id.sid, r, NULL);
    if (r != 0)
        goto out;
    answer_begin(job, answer);
    wire_put_text(&job->reply, WIRE_USER, id.name);
    wire_put_text(&job->reply, WIRE_SID, id.sid);
    wire_put_text(&job->reply, WIRE_URI, fed_secret_str(&uri));
    wire_put_text(&job->reply, WIRE_SEED, fed_secret_str(&base32));

out:
    fed_secret_done(&seed);
    fed_secret_done(&base32);
    fed_secret_done(&uri);
    explicit_bzero(&e, sizeof(e));
    return r;
}

/* Somebody who has left the directory still has an enrolment: it is found by its name. */
static int
find_sid(struct bridge *b, const struct job *job, char sid[SID_TEXT_MAX], struct answer *answer)
{
    const char *user = wire_text(&job->msg, WIRE_USER);
    struct identity id;
    struct sid parsed;
    int r;

    if (sid_from_text(user, &parsed) == 0) {
        (void)sid_to_text(&parsed, sid);
        return 0;
    }
    if (store_find(b->store, user, sid) == 0)
        return 0;
    if ((r = find_person(b, job, &id, answer)) != 0)
        return r;
    memcpy(sid, id.sid, sizeof(id.sid));
    return 0;
}

int
handle_unenrol(struct bridge *b, struct job *job, struct answer *answer)
{
    char sid[SID_TEXT_MAX];
    int r = find_sid(b, job, sid, answer);

    if (r != 0)
        return r;
    r = audit_act(b, job, "enrolment-reset", sid, store_delete(b->store, sid), NULL);
    if (r == FED_E_NOT_ENROLLED)
        (void)snprintf(answer->message, sizeof(answer->message), "%s has no second factor enrolled",
            wire_text(&job->msg, WIRE_USER));
    if (r == 0)
        answer_begin(job, answer);
    return r;
}

int
handle_unlock(struct bridge *b, struct job *job, struct answer *answer)
{
    char sid[SID_TEXT_MAX];
    int r = find_sid(b, job, sid, answer);

    if (r != 0)
        return r;
    r = audit_act(b, job, "unlock", sid, limits_unlock(b->limits, sid), NULL);
    if (r == 0)
        answer_begin(job, answer);
    return r;
}

struct listing {
    struct wire_out *out;
    uint64_t n;
};

static int
put_enrolment(const struct store_enrolment *e, void *arg)
{
    struct listing *l = arg;

    l->n++;
    if (l->out == NULL || l->n > LIST_MOST)
        return 0; /* counted, not shown */
    wire_begin_group(l->out, WIRE_ENROLMENT);
    wire_put_text(l->out, WIRE_USER, e->name);
    wire_put_text(l->out, WIRE_SID, e->sid);
    wire_put_number(l->out, WIRE_STARTED, (uint64_t)e->enrolled_s);
    wire_put_number(l->out, WIRE_CODE_TIME, e->watermark * e->params.period_s);
    wire_put_text(l->out, WIRE_LABEL, e->label[0] != '\0' ? e->label : NULL);
    wire_end_group(l->out);
    return 0;
}

int
handle_enrolments(struct bridge *b, struct job *job, struct answer *answer)
{
    struct listing count = {.n = 0}, l = {.out = &job->reply};
    int r = store_each(b->store, put_enrolment, &count);

    if (r != 0)
        return r;
    if (count.n > LIST_MOST)
        (void)snprintf(answer->message, sizeof(answer->message),
            "%" PRIu64 " are enrolled; the first of them are listed", count.n);
    answer_begin(job, answer);
    return store_each(b->store, put_enrolment, &l);
}

/* ---- Tickets ---- */

static void
put_ticket(void *arg, const struct ticket *t, unsigned sessions)
{
    struct listing *l = arg;

    l->n++;
    if (l->n > LIST_MOST)
        return;
    wire_begin_group(l->out, WIRE_TICKET);
    wire_put_text(l->out, WIRE_USER, t->user);
    wire_put_text(l->out, WIRE_SID, t->proof.sid);
    wire_put_text(l->out, WIRE_SERVICE, t->proof.service[0] != '\0' ? t->proof.service : NULL);
    wire_put_text(l->out, WIRE_RHOST, t->proof.rhost[0] != '\0' ? t->proof.rhost : NULL);
    wire_put_text(l->out, WIRE_TTY, t->proof.tty[0] != '\0' ? t->proof.tty : NULL);
    wire_put_number(l->out, WIRE_EXPIRES, (uint64_t)t->ends_s);
    wire_put_number(l->out, WIRE_STARTED, (uint64_t)t->started_s);
    wire_put_number(l->out, WIRE_COUNT, sessions);
    wire_end_group(l->out);
}

int
handle_sessions(struct bridge *b, struct job *job, struct answer *answer)
{
    struct listing l = {.out = &job->reply};

    answer_begin(job, answer);
    tickets_each(b->tickets, put_ticket, &l);
    return 0;
}

int
handle_revoke(struct bridge *b, struct job *job, struct answer *answer)
{
    char sid[SID_TEXT_MAX];
    int r = find_sid(b, job, sid, answer);

    if (r != 0)
        return r;
    unsigned n = tickets_end_sid(b->tickets, sid);
    if ((r = audit_act(b, job, "revoke", sid, 0, NULL)) != 0)
        return r;
    answer_begin(job, answer);
    wire_put_number(&job->reply, WIRE_COUNT, n);
    return 0;
}

/* ---- Explain ---- */

FED_PRINTF(2, 3)
static void
step(struct wire_out *out, const char *format, ...)
{
    char text[512], clean[512];
    va_list ap;

    va_start(ap, format);
    (void)vsnprintf(text, sizeof(text), format, ap);
    va_end(ap);
    wire_put_text(out, WIRE_STEP, text_clean(clean, sizeof(clean), text));
}

static const char *
verdict(int error)
{
    return error == 0 ? "yes" : fed_strerror(error);
}

static void
explain_enrolment(struct bridge *b, const char *sid, struct wire_out *out)
{
    struct store_enrolment e;
    int r = store_get(b->store, sid, &e);

    if (r == 0)
        step(out, "second factor: enrolled, %u digits every %u s%s%s", e.params.digits,
            e.params.period_s, e.label[0] != '\0' ? ", label " : "", e.label);
    else
        step(out, "second factor: %s", fed_strerror(r));
    explicit_bzero(&e, sizeof(e));
}

static void
explain_roles(struct bridge *b, const struct identity *id, const struct addir_entry *entry,
    struct wire_out *out)
{
    unsigned *roles = NULL;
    size_t n = 0;
    int r = mapper_roles(b->mapper, id->domain, &id->person, entry, &roles, &n);

    if (r != 0)
        step(out, "roles: %s", fed_strerror(r));
    else if (n == 0)
        step(out, "roles: none; no group of theirs is named in a [role]");
    for (size_t i = 0; i < n; i++) {
        const struct conf_role *role = &b->conf->roles[roles[i]];
        step(out, "role: %s (%s), by %s:%u", role->name, role->arn, role->where.file,
            role->where.line);
    }
    free(roles);
}

int
handle_explain(struct bridge *b, struct job *job, struct answer *answer)
{
    const char *user = wire_text(&job->msg, WIRE_USER);
    struct addir_entry entry = {0};
    char why[BRIDGE_WHY_MAX] = "";
    struct identity id;
    uid_t uid = 0;
    int r = find_person(b, job, &id, answer);

    if (r != 0)
        return r;
    answer_begin(job, answer);
    struct wire_out *out = &job->reply;
    wire_put_text(out, WIRE_SID, id.sid);
    step(out, "directory: %s is %s, %s", user, id.name, id.person.dn);
    int local = identity_uid(b, user, &uid);
    if (local == 0)
        step(out, "this host: uid %u", (unsigned)uid);
    else
        step(out, "this host: no session, %s",
            local == FED_E_NOT_FOUND ? "the account is not known here (NSS)" : fed_strerror(local));
    r = addir_read(b->dirs[id.domain], &id.person, &entry, why);
    if (r != 0) {
        step(out, "entry: %s%s%s", fed_strerror(r), why[0] != '\0' ? ": " : "", why);
        return 0;
    }
    step(out, "groups: %zu (nested ones included)", entry.n_groups);
    step(out, "account in order: %s", verdict(account_check(&entry.account, (int64_t)time(NULL))));
    step(out, "login-groups and deny-groups let in: %s",
        verdict(mapper_may_login(b->mapper, id.domain, &entry)));
    explain_enrolment(b, id.sid, out);
    explain_roles(b, &id, &entry, out);
    addir_entry_done(&entry);
    return 0;
}
