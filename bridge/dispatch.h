/*
 * The request table: for each type who may ask and which function answers.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef BRIDGE_DISPATCH_H
#define BRIDGE_DISPATCH_H

#include "bridge/bridge.h"

enum { ANSWER_MESSAGE_MAX = 1024 };

/* What a handler says beside its return value. */
struct answer {
    char message[ANSWER_MESSAGE_MAX]; /* WIRE_MESSAGE for the person; "" = none */
    bool held; /* a failure is an answer to a credential: it waits for its moment (I-35) */
};

/*
 * Answers a request, in a worker. On success it has called answer_begin and put its fields into job->reply. Returns 0, an error
 * (which becomes the reply's status, with the message), or HANDLER_WAITS when the job was kept by the cache: it must not be touched then.
 */
enum { HANDLER_WAITS = 1 };
typedef int handler_fn(struct bridge *b, struct job *job, struct answer *answer);

/* Begin a successful reply: status 0 and the message; the handler puts the rest, in the order of tags. */
void answer_begin(struct job *job, const struct answer *answer);

/* For workers_options.work: arg is the struct bridge. */
bool dispatch_work(void *arg, struct job *job);

/* May the peer act for this account? uid 0 for everybody, others for their own (I-53). 0 or FED_E_PERMISSION. */
FED_MUST_USE int dispatch_may_act_for(
    const struct bridge *b, const struct peer *peer, const char *user);

/* The handlers: handle_pam.c, handle_user.c, handle_console.c, handle_admin.c. */
handler_fn handle_authenticate, handle_account, handle_session_open, handle_session_close,
    handle_change_password;
handler_fn handle_console;
handler_fn handle_sign_in, handle_status, handle_roles, handle_use, handle_credentials,
    handle_logout;
handler_fn handle_enrol, handle_unenrol, handle_unlock, handle_enrolments, handle_sessions,
    handle_revoke, handle_explain;
handler_fn handle_enrol_at_login; /* newcomer.c */
/* handle_mfa.c, handle_enrol.c */
handler_fn handle_recovery_codes, handle_recovery_codes_of, handle_enrol_self, handle_enrol_confirm,
    handle_enrol_ticket, handle_resync, handle_import, handle_reseal;
/* handle_whois.c, handle_people.c */
handler_fn handle_whois, handle_people;

/* handle_moving.c */
handler_fn handle_export, handle_arrival_begin, handle_arrival_pieces, handle_arrival_end;

#endif
