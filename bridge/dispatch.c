/*
 * From a request's type to its handler and back to a reply.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "bridge/dispatch.h"

#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "bridge/identity.h"

enum who { WHO_ROOT, WHO_ADMIN, WHO_ANYBODY };

static const struct row {
    enum wire_type type;
    enum who who;
    handler_fn *handle;
    bool saved; /* the answer waits until what it changed would survive a restart */
} rows[] = {
    {ASK_AUTHENTICATE, WHO_ANYBODY, handle_authenticate, false},
    {ASK_ACCOUNT, WHO_ANYBODY, handle_account, false},
    {ASK_SESSION_OPEN, WHO_ROOT, handle_session_open, true},
    {ASK_SESSION_CLOSE, WHO_ROOT, handle_session_close, true},
    {ASK_CHANGE_PASSWORD, WHO_ROOT, handle_change_password, false},
    {ASK_SIGN_IN, WHO_ANYBODY, handle_sign_in, true},
    {ASK_STATUS_OF, WHO_ANYBODY, handle_status, false},
    {ASK_ROLES, WHO_ANYBODY, handle_roles, false},
    {ASK_CREDENTIALS, WHO_ANYBODY, handle_credentials, false},
    {ASK_LOGOUT, WHO_ANYBODY, handle_logout, true},
    {ASK_ENROL, WHO_ADMIN, handle_enrol, false},
    {ASK_EXPLAIN, WHO_ADMIN, handle_explain, false},
    {ASK_SESSIONS, WHO_ADMIN, handle_sessions, false},
    {ASK_REVOKE, WHO_ADMIN, handle_revoke, true},
    {ASK_UNLOCK, WHO_ADMIN, handle_unlock, false},
    {ASK_UNENROL, WHO_ADMIN, handle_unenrol, false},
    {ASK_ENROLMENTS, WHO_ADMIN, handle_enrolments, false},
    {ASK_USE, WHO_ANYBODY, handle_use, true},
    {ASK_CONSOLE, WHO_ANYBODY, handle_console, false},
    {ASK_ENROL_AT_LOGIN, WHO_ROOT, handle_enrol_at_login, false},
    {ASK_RECOVERY_CODES, WHO_ANYBODY, handle_recovery_codes, false},
    {ASK_RECOVERY_CODES_OF, WHO_ADMIN, handle_recovery_codes_of, false},
    {ASK_ENROL_SELF, WHO_ANYBODY, handle_enrol_self, false},
    {ASK_ENROL_CONFIRM, WHO_ANYBODY, handle_enrol_confirm, false},
    {ASK_ENROL_TICKET, WHO_ADMIN, handle_enrol_ticket, false},
    {ASK_IMPORT, WHO_ADMIN, handle_import, false},
    {ASK_RESEAL, WHO_ADMIN, handle_reseal, false},
    {ASK_PEOPLE, WHO_ADMIN, handle_people, false},
    {ASK_WHOIS, WHO_ADMIN, handle_whois, false},
    {ASK_RESYNC, WHO_ADMIN, handle_resync, false},
    {ASK_EXPORT, WHO_ADMIN, handle_export, false},
    {ASK_ARRIVAL_BEGIN, WHO_ADMIN, handle_arrival_begin, false},
    {ASK_ARRIVAL_PIECES, WHO_ADMIN, handle_arrival_pieces, false},
    {ASK_ARRIVAL_END, WHO_ADMIN, handle_arrival_end, false},
};

static bool
may_ask(const struct peer *peer, enum who who)
{
    switch (who) {
    case WHO_ROOT:
        return peer->uid == 0;
    case WHO_ADMIN:
        return peer->is_admin;
    case WHO_ANYBODY:
        return true;
    }
    return false;
}

int
dispatch_may_act_for(const struct bridge *b, const struct peer *peer, const char *user)
{
    char own[TEXT_NAME_MAX + 1];

    if (peer->uid == 0)
        return 0;
    if (identity_name(b, peer->uid, own) != 0 || strcmp(own, user) != 0)
        return FED_E_PERMISSION;
    return 0;
}

void
answer_begin(struct job *job, const struct answer *answer)
{
    wire_out_done(&job->reply);
    wire_reply_init(&job->reply, &job->msg, 0);
    wire_put_text(&job->reply, WIRE_MESSAGE, answer->message[0] != '\0' ? answer->message : NULL);
}

static void
answer_error(struct job *job, struct answer *answer, int error)
{
    wire_out_done(&job->reply);
    wire_reply_init(&job->reply, &job->msg, error);
    text_clean_in_place(answer->message, false);
    wire_put_text(&job->reply, WIRE_MESSAGE, answer->message[0] != '\0' ? answer->message : NULL);
    job->held = answer->held && fed_error_class(error) != FED_CLASS_UNAVAILABLE &&
                error != FED_E_LOCAL_USER;
}

bool
dispatch_work(void *arg, struct job *job)
{
    struct bridge *b = arg;
    struct answer answer = {.message = ""};
    int r = FED_E_PROTO;

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        if (rows[i].type != job->msg.type)
            continue;
        r = may_ask(&job->peer, rows[i].who) ? rows[i].handle(b, job, &answer) : FED_E_PERMISSION;
        if (r == 0 && rows[i].saved)
            saver_wait(b->saver);
        break;
    }
    if (r == HANDLER_WAITS)
        return false;
    if (r == 0)
        r = wire_finish(&job->reply);
    if (r != 0) {
        fed_log_debug(
            "type %u for uid %u: %s", job->msg.type, (unsigned)job->peer.uid, fed_error_name(r));
        answer_error(job, &answer, r);
        if (wire_finish(&job->reply) != 0)
            wire_out_done(&job->reply); /* no memory even for that: the connection is closed */
    }
    return true;
}
