/*
 * Asking the bridge.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "bridge/admin/ask.h"

#include <stdio.h>

#include "base/text.h"

void
admin_request(struct wire_out *out, unsigned type)
{
    wire_out_init(out, type, client_request_number());
}

static int
exit_status(int error)
{
    switch (fed_error_class(error)) {
    case FED_CLASS_OK:
        return ADMIN_DONE;
    case FED_CLASS_DENIED:
        return ADMIN_DENIED;
    case FED_CLASS_UNAVAILABLE:
        return ADMIN_UNAVAILABLE;
    case FED_CLASS_INPUT:
    case FED_CLASS_INTERNAL:
        break;
    }
    return ADMIN_FAILED;
}

static void
print_failure(const struct admin *admin, int error, const char *message)
{
    char clean[1024];

    if (error == FED_E_BRIDGE)
        (void)fprintf(stderr,
            "awsfed-admin: no bridge answers at %s: is awsfed-bridge running, and is this its "
            "socket?\n",
            admin->socket);
    else if (error == FED_E_PERMISSION)
        (void)fprintf(
            stderr, "awsfed-admin: this takes root, or membership in [bridge] admin-group\n");
    else
        (void)fprintf(stderr, "awsfed-admin: %s\n",
            text_clean(clean, sizeof(clean), message != NULL ? message : fed_strerror(error)));
}

int
admin_exchange(
    const char *socket, struct wire_out *out, int timeout_ms, struct client_reply *ret_reply)
{
    *ret_reply = (struct client_reply){.bytes = FED_SECRET_INIT(0)};
    int r = wire_finish(out);

    if (r == 0)
        r = client_ask(socket, out, timeout_ms, ret_reply);
    if (r == 0)
        r = wire_status(&ret_reply->msg);
    wire_out_done(out);
    return r;
}

int
admin_try(const struct admin *admin, struct wire_out *out, struct client_reply *ret_reply)
{
    struct client_reply reply;
    int r = admin_exchange(admin->socket, out, ADMIN_TIMEOUT_MS, &reply);

    if (r == 0)
        *ret_reply = reply;
    else
        client_reply_done(&reply);
    return r;
}

int
admin_ask(const struct admin *admin, struct wire_out *out, struct client_reply *ret_reply)
{
    return admin_ask_for(admin, out, ADMIN_TIMEOUT_MS, ret_reply);
}

int
admin_ask_for(
    const struct admin *admin, struct wire_out *out, int timeout_ms, struct client_reply *ret_reply)
{
    struct client_reply reply;
    int unfit = wire_finish(out);
    int r = admin_exchange(admin->socket, out, timeout_ms, &reply);

    if (unfit == FED_E_INVALID || unfit == FED_E_TOO_BIG)
        r = FED_E_NAME;
    if (r != 0) {
        print_failure(admin, r, wire_text(&reply.msg, WIRE_MESSAGE));
        client_reply_done(&reply);
        return exit_status(r);
    }
    *ret_reply = reply;
    return ADMIN_DONE;
}
