/*
 * Enrolling: prove who one is, scan the picture, prove the new token by two codes. All of it is said on the
 * terminal, never on a standard output that may be a file: it shows a seed.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "bridge/login/enrol.h"

#include <stdlib.h>
#include <string.h>

#include "bridge/login/output.h"
#include "bridge/login/prove.h"

enum { TRIES = 3, CODE_MAX = 64, SCREEN_MAX = 64 * 1024 };

/* The bridge draws, in colours that scan on any theme; for a terminal without them, in plain blocks. */
static uint64_t
picture_kind(void)
{
    const char *term = getenv("TERM");

    return term == NULL || *term == '\0' || strcmp(term, "dumb") == 0 ? WIRE_PICTURE_PLAIN
                                                                      : WIRE_PICTURE_COLOUR;
}

/* The secret in groups of four, as it is typed by hand. */
static int
add_secret(struct fed_secret *to, const char *seed)
{
    int r = 0;

    for (size_t i = 0; seed[i] != '\0' && r == 0; i++) {
        if (i > 0 && i % 4 == 0)
            r = fed_secret_add_byte(to, ' ');
        if (r == 0)
            r = fed_secret_add_byte(to, (unsigned char)seed[i]);
    }
    return r;
}

static int
show_token(const struct terminal *t, const struct wire_msg *msg)
{
    const char *seed = wire_text(msg, WIRE_SEED), *picture = wire_text(msg, WIRE_PICTURE);
    const char *user = wire_text(msg, WIRE_USER);
    struct fed_secret text = FED_SECRET_INIT(SCREEN_MAX);
    int r = FED_E_PROTO;

    if (seed == NULL || user == NULL)
        return r;
    r = fed_secret_addf(&text, "\nSecond factor of %s\n\n", user);
    if (r == 0 && picture != NULL)
        r = fed_secret_add_str(&text, picture);
    if (r == 0)
        r = fed_secret_add_str(
            &text, "\nScan this with an authenticator app, or enter the secret by hand:\n\n  ");
    if (r == 0)
        r = add_secret(&text, seed);
    if (r == 0)
        r = fed_secret_add_str(&text, "\n\nThen type the code that it shows, and the one after it. "
                                      "Until then nothing changes.\n");
    if (r == 0)
        terminal_say(t, fed_secret_str(&text));
    fed_secret_done(&text);
    return r;
}

static void
confirm_once(const struct options *o, struct terminal *t, struct answer *a)
{
    struct fed_secret first = FED_SECRET_INIT(CODE_MAX), second = FED_SECRET_INIT(CODE_MAX);
    struct wire_out out;

    answer_done(a);
    a->error = prove_ask(t, "Code: ", &first);
    if (a->error == 0)
        a->error = prove_ask(t, "Next code: ", &second);
    if (a->error == 0) {
        ask_begin(&out, ASK_ENROL_CONFIRM);
        wire_put_bytes(&out, WIRE_CODE, first.data, first.len);
        wire_put_bytes(&out, WIRE_CODE2, second.data, second.len);
        ask(o->socket, &out, ASK_SIGN_IN_MS, a);
    }
    fed_secret_done(&first);
    fed_secret_done(&second);
}

static enum outcome
confirm(const struct options *o, struct terminal *t, const struct prove *what, struct answer *a)
{
    for (int left = TRIES; left > 0; left--) {
        confirm_once(o, t, a);
        if (a->error != FED_E_DENIED || left == 1)
            break;
        prove_say_again(t, a);
    }
    return prove_end(t, what, a);
}

/* It counts from now on; a first enrolment comes with recovery codes. */
static enum outcome
show_done(const struct terminal *t, const struct wire_msg *msg)
{
    struct fed_secret text = FED_SECRET_INIT(SCREEN_MAX);
    int r = fed_secret_add_str(&text, "\nEnrolled.\n");

    if (r == 0 && wire_has(msg, WIRE_RECOVERY_CODE) && (r = fed_secret_add_byte(&text, '\n')) == 0)
        r = prove_add_codes(&text, msg);
    if (r == 0)
        terminal_say(t, fed_secret_str(&text));
    fed_secret_done(&text);
    return outcome_of(r);
}

enum outcome
enrol_run(const struct options *o)
{
    const struct prove what = {.type = ASK_ENROL_SELF,
        .code_prompt = "Ticket, recovery code or one-time code: ",
        .left = "nothing was changed",
        .picture_kind = picture_kind()};
    struct answer a = ANSWER_INIT;
    struct terminal t;

    if (!prove_open(&t))
        return OUTCOME_SIGN_IN;
    enum outcome outcome = prove(o, &t, &what, &a);
    if (outcome == OUTCOME_DONE && (a.error = show_token(&t, &a.reply.msg)) != 0)
        outcome = answer_complain(&a);
    if (outcome == OUTCOME_DONE)
        outcome = confirm(o, &t, &what, &a);
    if (outcome == OUTCOME_DONE)
        outcome = show_done(&t, &a.reply.msg);
    answer_done(&a);
    terminal_close(&t);
    return outcome;
}
