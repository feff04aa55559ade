/*
 * The asking side of the wire, for the PAM module and the commands: connect, one request, one
 * reply, all under one deadline on the monotonic clock. Safe inside a foreign process (sshd, sudo):
 * no signals, no threads, no state left behind; the descriptor is close-on-exec and may be above 1,024.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef BASE_CLIENT_H
#define BASE_CLIENT_H

#include <stdint.h>

#include "base/err.h"
#include "base/wire.h"

#define CLIENT_SOCKET "/run/awsfed/bridge.sock"

struct client_reply {
    struct fed_secret bytes;
    struct wire_msg msg; /* a view on bytes */
};

/* A fresh request number: random, never 0. */
uint64_t client_request_number(void);

/*
 * Send a finished request to the bridge at a socket path and wait for its reply.
 *   out          after wire_finish; stays the caller's
 *   timeout_ms   for everything: connect, send, think, receive
 *   ret_reply    on success; the caller frees it with client_reply_done. Its status may be an error:
 *                that is the bridge's answer, not a failure of this call
 * The path is to be trusted (its folder is writable to the bridge only): the password goes to
 * whoever listens there.
 * Blocks up to timeout_ms. Returns 0, FED_E_BRIDGE (not there, went away), FED_E_TIMEOUT, FED_E_PROTO (not a
 * reply to this request), FED_E_INVALID (path too long), FED_E_NOMEM, FED_E_SYSTEM.
 */
FED_MUST_USE int client_ask(const char *socket_path, const struct wire_out *out, int timeout_ms,
    struct client_reply *ret_reply);

/* Wipe and free; NULL is accepted. */
void client_reply_done(struct client_reply *reply);

#endif
