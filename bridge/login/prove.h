/*
 * Proving who one is, for a sign-in or a change of the own second factor: password and code on the terminal, in one request.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef BRIDGE_LOGIN_PROVE_H
#define BRIDGE_LOGIN_PROVE_H

#include "bridge/login/ask.h"
#include "bridge/login/options.h"
#include "bridge/login/terminal.h"

struct prove {
    enum wire_type type;
    const char *code_prompt;
    const char *left;      /* what to say when the prompt is left: "not signed in" */
    uint64_t picture_kind; /* WIRE_PICTURE_*, 0 = the request has none */
};

/*
 * Ask for password and code, send the request, up to three times; only what another answer could change (a wrong or used code, a
 * wrong password) is tried again. Failures have been told on standard error.
 *   t      open; the caller closes it, after which a signal that ended a prompt takes effect
 *   ret_a  on OUTCOME_DONE the reply
 */
enum outcome prove(
    const struct options *o, struct terminal *t, const struct prove *what, struct answer *ret_a);

/* Ask for one line; an empty or overlong one is FED_E_DENIED. Else as terminal_ask. */
FED_MUST_USE int prove_ask(struct terminal *t, const char *prompt, struct fed_secret *ret_line);

/* Tell on the terminal what an answer's error is, and that it may be tried again. */
void prove_say_again(const struct terminal *t, const struct answer *a);

/* How it ended, in the words of an exit status; told on standard error. */
enum outcome prove_end(const struct terminal *t, const struct prove *what, const struct answer *a);

/* Open the terminal, or say that there is none. */
FED_MUST_USE bool prove_open(struct terminal *t);

/* Append a reply's recovery codes, with what they are for. 0, FED_E_TOO_BIG, FED_E_NOMEM. */
FED_MUST_USE int prove_add_codes(struct fed_secret *to, const struct wire_msg *msg);

#endif
