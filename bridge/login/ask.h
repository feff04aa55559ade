/*
 * One question to the bridge and its answer: what came, or why nothing did, as one error; and the
 * one line that tells a person.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef BRIDGE_LOGIN_ASK_H
#define BRIDGE_LOGIN_ASK_H

#include <stdbool.h>

#include "base/client.h"
#include "bridge/login/outcome.h"

/* How long to wait for each kind of answer. */
enum {
    ASK_SOON_MS = 10 * 1000,
    ASK_CREDENTIALS_MS = 30 * 1000, /* an STS call with its retries may be behind it */
    ASK_SIGN_IN_MS = 40 * 1000,     /* a bind, and a denial is held back on purpose */
    ASK_PROMPT_MS = 1000,           /* a shell prompt must not hang */
};

/* error is 0, the bridge's refusal or the client's failure; on 0 reply.msg is the reply. */
struct answer {
    struct client_reply reply;
    int error;
};

#define ANSWER_INIT ((struct answer){.error = FED_E_SYSTEM})

/* Start a request with a fresh number. Done by ask. */
void ask_begin(struct wire_out *out, enum wire_type type);

/*
 * Finish the request, send it, wait, and wipe the request, whatever happens. The answer is overwritten:
 * what it held is freed first. Blocks up to timeout_ms.
 */
void ask(const char *socket_path, struct wire_out *out, int timeout_ms, struct answer *a);

/* The same for a request without fields. */
void ask_plain(const char *socket_path, enum wire_type type, int timeout_ms, struct answer *a);

/* Wipe and free; the answer can be used again. */
void answer_done(struct answer *a);

/*
 * The text for a person: the bridge's own messages joined by "; ", else the error's text. 0 or FED_E_NOMEM
 * or FED_E_TOO_BIG; ret_text's content is replaced. Not cleaned: output_complain and the terminal do that.
 */
FED_MUST_USE int answer_text(const struct answer *a, struct fed_secret *ret_text);

/* What a good reply has to say besides its fields (a sign-in that ends soon, say), a line each on standard error. */
void answer_pass_on(bool quiet, const struct answer *a);

/* Tell of an answer that is an error in one line on standard error. Returns its exit status. */
enum outcome answer_complain(const struct answer *a);

#endif
