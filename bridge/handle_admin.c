/*
 * What awsfed-admin asks: tickets, and why somebody gets what they get.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "bridge/dispatch.h"

#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "bridge/credentials.h"
#include "bridge/handle_admin.h"
#include "bridge/signers.h"

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
    const char *user = wire_text(&job->msg, WIRE_USER), *sid = wire_text(&job->msg, WIRE_SID);
    char why[BRIDGE_WHY_MAX] = "";
    int r = sid != NULL ? identity_told(b, user, sid, id, why) : identity_find(b, user, id, why);

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

void
admin_put_ticket(struct wire_out *out, const struct ticket *t, unsigned sessions)
{
    wire_begin_group(out, WIRE_TICKET);
    wire_put_text(out, WIRE_USER, t->user);
    wire_put_text(out, WIRE_SID, t->proof.sid);
    wire_put_text(out, WIRE_SERVICE, t->proof.service[0] != '\0' ? t->proof.service : NULL);
    wire_put_text(out, WIRE_RHOST, t->proof.rhost[0] != '\0' ? t->proof.rhost : NULL);
    wire_put_text(out, WIRE_TTY, t->proof.tty[0] != '\0' ? t->proof.tty : NULL);
    wire_put_text(out, WIRE_ROLE_NAME, credentials_shown_role(t));
    wire_put_number(out, WIRE_EXPIRES, (uint64_t)t->ends_s);
    wire_put_number(out, WIRE_STARTED, (uint64_t)t->started_s);
    wire_put_number(out, WIRE_COUNT, sessions);
    wire_put_text(out, WIRE_TICKET_ID, t->id);
    wire_end_group(out);
}

static void
put_ticket(void *arg, const struct ticket *t, unsigned sessions)
{
    struct listing *l = arg;

    if (++l->n <= LIST_MOST)
        admin_put_ticket(l->out, t, sessions);
}

int
handle_sessions(struct bridge *b, struct job *job, struct answer *answer)
{
    struct listing l = {.out = &job->reply};

    (void)signers_complaint(b->signers, answer->message, sizeof(answer->message));
    answer_begin(job, answer);
    tickets_each(b->tickets, put_ticket, &l);
    return 0;
}
