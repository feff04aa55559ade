/*
 * One question of awsfed-admin to the bridge, with its failures said in words.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef BRIDGE_ADMIN_ASK_H
#define BRIDGE_ADMIN_ASK_H

#include "base/client.h"

/* What every word of awsfed-admin gets. */
struct admin {
    const char *conf_dir;
    const char *socket; /* NULL, for words that ask nobody: the configuration says */
};

enum { ADMIN_DONE = 0, ADMIN_FAILED = 1, ADMIN_USAGE = 2, ADMIN_DENIED = 3, ADMIN_UNAVAILABLE = 6 };

/* What an answer may take. */
enum { ADMIN_TIMEOUT_MS = 30000 };

/*
 * Finish, send and wait; a failure, the bridge's or ours, is printed as one line "awsfed-admin: …".
 * out is done with either way. Returns an exit status; on ADMIN_DONE ret_reply is the caller's.
 */
int admin_ask(const struct admin *admin, struct wire_out *out, struct client_reply *ret_reply);

/* The same, and nothing printed: 0 or an error, the bridge's or ours. */
int admin_try(const struct admin *admin, struct wire_out *out, struct client_reply *ret_reply);

/* The same for a question that takes longer than half a minute. */
int admin_ask_for(const struct admin *admin, struct wire_out *out, int timeout_ms,
    struct client_reply *ret_reply);

/*
 * Finish, send and wait; out is done with either way. Returns 0 or an error, the bridge's or ours. ret_reply is the
 * caller's in every case: with the bridge's error it has the bridge's words, without an answer it is empty.
 */
int admin_exchange(
    const char *socket, struct wire_out *out, int timeout_ms, struct client_reply *ret_reply);

/* A new request of this type. */
void admin_request(struct wire_out *out, unsigned type);

#endif
