/*
 * Opening and closing sessions.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "pam_awsfed/session.h"

#include <syslog.h>

#include <security/pam_ext.h>

#include "base/wire.h"
#include "pam_awsfed/ask.h"
#include "pam_awsfed/env.h"

void
session_take_receipt(pam_handle_t *pamh, struct fed_secret *ret_receipt)
{
    int r = env_get(pamh, ENV_RECEIPT, ret_receipt);

    if (r != 0 && r != FED_E_NOT_FOUND)
        pam_syslog(pamh, LOG_WARNING, "%s is not a receipt: ignored", ENV_RECEIPT);
    env_drop(pamh, ENV_RECEIPT);
}

static int
ask_close(const struct call *call, const struct fed_secret *session)
{
    struct question question = {.type = ASK_SESSION_CLOSE, .session = session};
    struct client_reply reply;
    int r = ask_bridge(call, &question, &reply);

    client_reply_done(&reply);
    return r;
}

/*
 * The session's name and its settings into the PAM environment. A bad setting costs itself, not the
 * login. No name: the bridge keeps no session of this account (a system user's cron job, say), so there will be
 * none to close.
 */
static int
publish(const struct call *call, const struct wire_msg *reply)
{
    const char *assignment;
    const char *session = wire_text(reply, WIRE_SESSION);
    int r = session != NULL ? env_put(call->pamh, ENV_SESSION, session) : 0;

    for (size_t i = 0; r == 0 && (assignment = wire_text_at(reply, WIRE_ENVIRONMENT, i)) != NULL;
         i++) {
        if (env_put_assignment(call->pamh, assignment) != 0)
            pam_syslog(
                call->pamh, LOG_WARNING, "setting %zu of the session is not usable: left out", i);
    }
    return r;
}

int
session_open(const struct call *call, const struct fed_secret *receipt)
{
    struct client_reply reply = {.bytes = FED_SECRET_INIT(0)};
    struct fed_secret session = FED_SECRET_INIT(ENV_TOKEN_MAX);
    int r, code;

    env_drop(call->pamh, ENV_SESSION); /* never close what somebody else wrote there */
    if (!call->valid)
        return call_refuse(call, FED_E_NAME, "not a valid account name");

    struct question question = {.type = ASK_SESSION_OPEN, .receipt = receipt};
    r = ask_bridge(call, &question, &reply);
    code = verdict_code(call->phase, r);
    if (r == 0 && (r = publish(call, &reply.msg)) != 0) {
        code = call_refuse(call, r, "the bridge's session cannot be kept");
        /* It would outlive the login; with its name we can still end it. */
        const char *name = wire_text(&reply.msg, WIRE_SESSION);
        if (name != NULL && fed_secret_add_str(&session, name) == 0 &&
            ask_close(call, &session) != 0)
            call_debug(call, "nor could it be closed");
    }
    client_reply_done(&reply);
    fed_secret_done(&session);
    return code;
}

int
session_close(const struct call *call)
{
    struct fed_secret session;
    int r = env_get(call->pamh, ENV_SESSION, &session);

    if (r == FED_E_NOT_FOUND) {
        call_debug(call, "no session was opened: nothing to close");
        return PAM_SUCCESS;
    }
    env_drop(call->pamh, ENV_SESSION);
    if (r != 0)
        return call_refuse(call, r, ENV_SESSION " is not a session's name");
    r = ask_close(call, &session);
    fed_secret_done(&session);
    /* Logged by ask_bridge. A bridge that went away took the session along; the ticket has its own end. */
    if (fed_error_class(r) == FED_CLASS_UNAVAILABLE || r == FED_E_NOT_FOUND)
        return PAM_SUCCESS;
    return verdict_code(call->phase, r);
}
