/*
 * One question to the bridge.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "pam_awsfed/ask.h"

#include <inttypes.h>
#include <string.h>
#include <syslog.h>

#include <security/pam_ext.h>

#include "base/text.h"
#include "pam_awsfed/converse.h"

/* The limits of these tags, terminating NUL included. */
enum { SERVICE_SIZE = 65, RHOST_SIZE = 256, TTY_SIZE = 128 };

static const struct kind {
    enum wire_type type;
    const char *name;
    int timeout_ms;
} kinds[] = {
    {ASK_AUTHENTICATE, "authenticate", 30000},
    {ASK_ENROL_AT_LOGIN, "enrol", 30000},
    {ASK_ACCOUNT, "account", 20000},
    {ASK_SESSION_OPEN, "open session", 10000},
    {ASK_SESSION_CLOSE, "close session", 10000},
    {ASK_CHANGE_PASSWORD, "change password", 30000},
};

static const struct kind *
find_kind(enum wire_type type)
{
    const struct kind *kind = kinds;

    while (kind->type != type)
        kind++;
    return kind;
}

/* A PAM text item, cleaned; "" when it is missing, and when it is too long: half a host name is another host. */
static const char *
get_item(pam_handle_t *pamh, int which, char *to, size_t size)
{
    const void *item = NULL;

    to[0] = '\0';
    if (pam_get_item(pamh, which, &item) != PAM_SUCCESS || item == NULL)
        return to;
    return strlen(item) < size ? text_clean(to, size, item) : to;
}

static void
put_secret(struct wire_out *out, enum wire_tag tag, const struct fed_secret *secret)
{
    if (secret != NULL && secret->len != 0)
        wire_put_bytes(out, tag, secret->data, secret->len);
}

static void
put_text(struct wire_out *out, enum wire_tag tag, const char *text)
{
    if (text[0] != '\0')
        wire_put_text(out, tag, text);
}

/* Who asks, from where. Unlike the others the service is never left out: rules may hang on it. */
static int
put_origin(struct wire_out *out, pam_handle_t *pamh)
{
    char service[SERVICE_SIZE], rhost[RHOST_SIZE], tty[TTY_SIZE];

    if (get_item(pamh, PAM_SERVICE, service, sizeof(service))[0] == '\0')
        return FED_E_INVALID;
    put_text(out, WIRE_SERVICE, service);
    put_text(out, WIRE_RHOST, get_item(pamh, PAM_RHOST, rhost, sizeof(rhost)));
    put_text(out, WIRE_TTY, get_item(pamh, PAM_TTY, tty, sizeof(tty)));
    return 0;
}

static int
write_question(struct wire_out *out, const struct call *call, const struct question *q)
{
    bool close = q->type == ASK_SESSION_CLOSE; /* the session says it all */
    int r;

    if (!close)
        wire_put_text(out, WIRE_USER, call->user);
    if (q->refused == NULL) {
        put_secret(out, WIRE_PASSWORD, q->password);
        put_secret(out, WIRE_NEW_PASSWORD, q->new_password);
        put_secret(out, WIRE_CODE, q->code);
    }
    if (q->factors != 0)
        wire_put_number(out, WIRE_FACTORS, q->factors);
    if (!close && (r = put_origin(out, call->pamh)) != 0)
        return r;
    if (q->receipt != NULL)
        put_text(out, WIRE_RECEIPT, fed_secret_str(q->receipt));
    if (q->session != NULL)
        put_text(out, WIRE_SESSION, fed_secret_str(q->session));
    if (q->refused == NULL)
        put_secret(out, WIRE_CODE2, q->second_code);
    if (q->appended)
        wire_put_number(out, WIRE_APPENDED, 1);
    if (q->no_dialogue)
        wire_put_number(out, WIRE_NO_DIALOGUE, 1);
    wire_put_text(out, WIRE_PENDING, q->pending);
    return wire_finish(out);
}

static int
log_priority(int error)
{
    switch (fed_error_class(error)) {
    case FED_CLASS_OK:
        return LOG_INFO;
    case FED_CLASS_DENIED:
    case FED_CLASS_INPUT:
        return LOG_NOTICE;
    case FED_CLASS_UNAVAILABLE:
    case FED_CLASS_INTERNAL:
        break;
    }
    return LOG_ERR;
}

/* The request's one line: who, from where, which step, the outcome, and the number that the bridge logs too. */
static void
log_outcome(const struct call *call, const struct question *q, uint64_t number, int error)
{
    char rhost[RHOST_SIZE], tty[TTY_SIZE];

    pam_syslog(call->pamh, log_priority(error),
        "[request %" PRIu64 "] %s: user \"%s\", rhost \"%s\", tty \"%s\": %s (%s)%s%s", number,
        find_kind(q->type)->name, call->shown,
        get_item(call->pamh, PAM_RHOST, rhost, sizeof(rhost)),
        get_item(call->pamh, PAM_TTY, tty, sizeof(tty)), fed_strerror(error), fed_error_name(error),
        q->refused != NULL ? "; refused here: " : "", q->refused != NULL ? q->refused : "");
}

static void
show_messages(const struct call *call, const struct wire_msg *reply, int error)
{
    int style = error == 0 ? PAM_TEXT_INFO : PAM_ERROR_MSG;
    const char *text;
    size_t n = 0;

    if (call->silent)
        return;
    while ((text = wire_text_at(reply, WIRE_MESSAGE, n)) != NULL) {
        converse_say(call->pamh, style, text);
        n++;
    }
    if (n == 0 && fed_error_class(error) == FED_CLASS_UNAVAILABLE)
        converse_say(call->pamh, style, "Sign-in is not available now; please try again later.");
}

int
ask_bridge(const struct call *call, const struct question *q, struct client_reply *ret_reply)
{
    uint64_t number = client_request_number();
    struct wire_out out;
    int r;

    *ret_reply = (struct client_reply){.bytes = FED_SECRET_INIT(0)};
    wire_out_init(&out, q->type, number);
    if ((r = write_question(&out, call, q)) == 0 &&
        (r = client_ask(call->options.socket, &out, find_kind(q->type)->timeout_ms, ret_reply)) ==
            0)
        r = wire_status(&ret_reply->msg);
    wire_out_done(&out);
    if (r == 0 && q->refused != NULL)
        r = FED_E_DENIED;
    log_outcome(call, q, number, r);
    show_messages(call, &ret_reply->msg, r);
    return r;
}
