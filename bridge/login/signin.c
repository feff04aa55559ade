/*
 * The conversation of a sign-in. Both answers live from their prompt to the request, in secrets only.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "bridge/login/signin.h"

#include <unistd.h>

#include "base/text.h"
#include "bridge/login/output.h"
#include "bridge/login/terminal.h"

/* The limits are those of the wire's CODE and TTY. */
enum { TRIES = 3, CODE_MAX = 64, TTY_MAX = 127, LINE_SIZE = 2048 };

bool
signin_possible(void)
{
    struct terminal t;

    if (terminal_open(&t) != 0)
        return false;
    terminal_close(&t);
    return true;
}

bool
signin_helps(int error)
{
    return error == FED_E_NO_TICKET || error == FED_E_FRESH_CODE;
}

/* Another answer to the same prompts may succeed; anything else is final for now. */
static bool
may_try_again(int error)
{
    return error == FED_E_DENIED || error == FED_E_REPLAY;
}

/* An answer that is empty or too long cannot be right and goes nowhere (I-1, I-2, I-29). */
static int
ask_secret(struct terminal *t, const char *prompt, struct fed_secret *ret_answer)
{
    int r = terminal_ask(t, prompt, ret_answer);

    return r == FED_E_TOO_BIG || (r == 0 && ret_answer->len == 0) ? FED_E_DENIED : r;
}

static int
ask_both(struct terminal *t, struct fed_secret *password, struct fed_secret *code)
{
    int r = ask_secret(t, "Password: ", password);

    return r != 0 ? r : ask_secret(t, "One-time code: ", code);
}

/* One try. The answer's error is that of the prompts or of the bridge. */
static void
try_once(const struct options *o, struct terminal *t, struct answer *a)
{
    struct fed_secret password = FED_SECRET_INIT(TEXT_PASSWORD_MAX);
    struct fed_secret code = FED_SECRET_INIT(CODE_MAX);
    char tty[TTY_MAX + 1];
    struct wire_out out;

    answer_done(a);
    a->error = ask_both(t, &password, &code);
    if (a->error == 0) {
        ask_begin(&out, ASK_SIGN_IN);
        wire_put_bytes(&out, WIRE_PASSWORD, password.data, password.len);
        wire_put_bytes(&out, WIRE_CODE, code.data, code.len);
        if (ttyname_r(STDIN_FILENO, tty, sizeof(tty)) == 0)
            wire_put_text(&out, WIRE_TTY, tty);
        fed_secret_done(&password);
        fed_secret_done(&code);
        ask(o->socket, &out, ASK_SIGN_IN_MS, a);
    }
    fed_secret_done(&password);
    fed_secret_done(&code);
}

/* To the terminal, where the next prompt appears, and not to a standard error that may be a file. */
static void
say_again(const struct terminal *t, const struct answer *a)
{
    struct fed_secret text = FED_SECRET_INIT(LINE_SIZE);
    char line[LINE_SIZE];

    if (answer_text(a, &text) == 0) {
        terminal_say(t, text_clean(line, sizeof(line), fed_secret_str(&text)));
        terminal_say(t, "; try again.\n");
    }
    fed_secret_done(&text);
}

enum outcome
signin(const struct options *o, struct answer *ret_a)
{
    struct terminal t;
    enum outcome outcome;

    if (terminal_open(&t) != 0) {
        output_complain("sign-in needed, and no terminal to ask on; run awsfed-login in one");
        return OUTCOME_SIGN_IN;
    }
    for (int left = TRIES; left > 0; left--) {
        try_once(o, &t, ret_a);
        if (!may_try_again(ret_a->error) || left == 1)
            break;
        say_again(&t, ret_a);
    }
    if (ret_a->error == 0) {
        answer_pass_on(o->quiet, ret_a);
        outcome = OUTCOME_DONE;
    } else if (ret_a->error == FED_E_NOT_FOUND && ret_a->reply.bytes.len == 0) {
        /* The prompt was left. A signal says enough by itself; after Ctrl-D there is no other sign. */
        if (t.caught == 0)
            output_complain("not signed in");
        outcome = OUTCOME_SIGN_IN;
    } else {
        outcome = answer_complain(ret_a);
    }
    terminal_close(&t);
    return outcome;
}
