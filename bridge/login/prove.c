/*
 * Password and code. Both answers live from their prompt to the request, in secrets only.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "bridge/login/prove.h"

#include <unistd.h>

#include "base/text.h"
#include "bridge/login/output.h"

/* The limits are those of the wire's CODE and TTY. */
enum { TRIES = 3, CODE_MAX = 64, TTY_MAX = 127, LINE_SIZE = 2048 };

/* An answer that is empty or too long cannot be right and goes nowhere (I-1, I-2, I-29). */
int
prove_ask(struct terminal *t, const char *prompt, struct fed_secret *ret_line)
{
    int r = terminal_ask(t, prompt, ret_line);

    return r == FED_E_TOO_BIG || (r == 0 && ret_line->len == 0) ? FED_E_DENIED : r;
}

bool
prove_open(struct terminal *t)
{
    if (terminal_open(t) == 0)
        return true;
    output_complain("this asks for password and code, and there is no terminal to ask on");
    return false;
}

/* One try. The answer's error is that of the prompts or of the bridge. */
static void
try_once(const struct options *o, struct terminal *t, const struct prove *what, struct answer *a)
{
    struct fed_secret password = FED_SECRET_INIT(TEXT_PASSWORD_MAX);
    struct fed_secret code = FED_SECRET_INIT(CODE_MAX);
    char tty[TTY_MAX + 1];
    struct wire_out out;

    answer_done(a);
    a->error = prove_ask(t, "Password: ", &password);
    if (a->error == 0)
        a->error = prove_ask(t, what->code_prompt, &code);
    if (a->error == 0) {
        ask_begin(&out, what->type);
        wire_put_bytes(&out, WIRE_PASSWORD, password.data, password.len);
        wire_put_bytes(&out, WIRE_CODE, code.data, code.len);
        if (ttyname_r(STDIN_FILENO, tty, sizeof(tty)) == 0)
            wire_put_text(&out, WIRE_TTY, tty);
        if (what->picture_kind != 0)
            wire_put_number(&out, WIRE_PICTURE_KIND, what->picture_kind);
        fed_secret_done(&password);
        fed_secret_done(&code);
        ask(o->socket, &out, ASK_SIGN_IN_MS, a);
    }
    fed_secret_done(&password);
    fed_secret_done(&code);
}

/* To the terminal, where the next prompt appears, and not to a standard error that may be a file. */
void
prove_say_again(const struct terminal *t, const struct answer *a)
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
prove_end(const struct terminal *t, const struct prove *what, const struct answer *a)
{
    if (a->error != FED_E_NOT_FOUND || a->reply.bytes.len != 0)
        return a->error == 0 ? OUTCOME_DONE : answer_complain(a);
    /* The prompt was left. A signal says enough by itself; after Ctrl-D there is no other sign. */
    if (t->caught == 0)
        output_complain("%s", what->left);
    return OUTCOME_SIGN_IN;
}

enum outcome
prove(const struct options *o, struct terminal *t, const struct prove *what, struct answer *ret_a)
{
    for (int left = TRIES; left > 0; left--) {
        try_once(o, t, what, ret_a);
        if ((ret_a->error != FED_E_DENIED && ret_a->error != FED_E_REPLAY) || left == 1)
            break;
        prove_say_again(t, ret_a);
    }
    return prove_end(t, what, ret_a);
}

int
prove_add_codes(struct fed_secret *to, const struct wire_msg *msg)
{
    const char *code;
    int r =
        fed_secret_add_str(to, "Recovery codes, each good once in the place of a one-time code. "
                               "Keep them where\nthe phone is not; they are not shown again.\n\n");

    for (size_t i = 0; r == 0 && (code = wire_text_at(msg, WIRE_RECOVERY_CODE, i)) != NULL; i++)
        r = fed_secret_addf(to, "  %s\n", code);
    return r;
}
