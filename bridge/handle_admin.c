/*
 * What awsfed-admin asks: tickets, and why somebody gets what they get.
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
#include "bridge/credentials.h"
#include "bridge/handle_admin.h"
#include "mfa/person.h"

enum { LIST_MOST = 250 };

int
admin_audit(struct bridge *b, const struct job *job, const char *event, const char *sid,
    int outcome, const char *why)
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

int
admin_find_person(
    struct bridge *b, const struct job *job, struct identity *id, struct answer *answer)
{
    char why[BRIDGE_WHY_MAX] = "";
    int r = identity_find(b, wire_text(&job->msg, WIRE_USER), id, why);

    if (r != 0)
        (void)snprintf(answer->message, sizeof(answer->message), "%s%s%s", fed_strerror(r),
            why[0] != '\0' ? ": " : "", why);
    return r;
}

int
admin_find_sid(
    struct bridge *b, const struct job *job, char sid[SID_TEXT_MAX], struct answer *answer)
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
    if ((r = admin_find_person(b, job, &id, answer)) != 0)
        return r;
    memcpy(sid, id.sid, sizeof(id.sid));
    return 0;
}

struct listing {
    struct wire_out *out;
    uint64_t n;
};

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
    wire_put_text(l->out, WIRE_ROLE_NAME, credentials_shown_role(t));
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
    struct person p;
    int r = person_load(b->store, sid, &p);

    if (r == 0 && !record_enrolled(&p.record))
        r = FED_E_NOT_ENROLLED;
    if (r != 0) {
        step(out, "second factor: %s", fed_strerror(r));
        return;
    }
    for (size_t i = 0; i < p.record.n_tokens; i++) {
        const struct record_token *t = &p.record.tokens[i];
        step(out, "second factor: %s, %u digits every %u s%s%s",
            t->confirmed ? "enrolled" : "waiting for its two codes", t->params.digits,
            t->params.period_s, t->label[0] != '\0' ? ", label " : "", t->label);
    }
}

static void
explain_roles(struct bridge *b, const struct identity *id, const struct addir_entry *entry,
    struct wire_out *out)
{
    struct book *book = NULL;
    unsigned *roles = NULL;
    size_t n = 0;
    int r = mapper_roles(b->mapper, id->domain, &id->person, entry, &book, &roles, &n);

    if (r != 0)
        step(out, "roles: %s", fed_strerror(r));
    else if (n == 0)
        step(out, "roles: none; no group of theirs is named in a [role], or fits a [role-pattern]");
    for (size_t i = 0; i < n; i++) {
        const struct conf_role *role = book_role(book, roles[i]);
        step(out, "role: %s (%s), by %s:%u", role->name, role->arn, role->where.file,
            role->where.line);
    }
    free(roles);
    book_unref(book);
}

int
handle_explain(struct bridge *b, struct job *job, struct answer *answer)
{
    const char *user = wire_text(&job->msg, WIRE_USER);
    struct addir_entry entry = {0};
    char why[BRIDGE_WHY_MAX] = "";
    struct identity id;
    uid_t uid = 0;
    int r = admin_find_person(b, job, &id, answer);

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
