/*
 * The client of base/client.h, with the two kinds of failure (no answer, a refusal) made one.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "bridge/login/ask.h"

#include "bridge/login/output.h"
#include "bridge/login/progress.h"

enum { TEXT_MAX = 2048 };

void
ask_begin(struct wire_out *out, enum wire_type type)
{
    wire_out_init(out, type, client_request_number());
}

void
ask(const char *socket_path, struct wire_out *out, int timeout_ms, struct answer *a)
{
    answer_done(a);
    a->error = wire_finish(out);
    if (a->error == 0) {
        progress_begin();
        a->error = client_ask(socket_path, out, timeout_ms, &a->reply);
        progress_end();
    }
    wire_out_done(out);
    if (a->error == 0)
        a->error = wire_status(&a->reply.msg);
}

void
ask_plain(const char *socket_path, enum wire_type type, int timeout_ms, struct answer *a)
{
    struct wire_out out;

    ask_begin(&out, type);
    ask(socket_path, &out, timeout_ms, a);
}

void
answer_done(struct answer *a)
{
    client_reply_done(&a->reply);
    *a = ANSWER_INIT;
}

int
answer_text(const struct answer *a, struct fed_secret *ret_text)
{
    const char *message;
    int r = 0;

    fed_secret_clear(ret_text);
    /* Without a reply the view is all zeros: no fields. */
    for (size_t i = 0; (message = wire_text_at(&a->reply.msg, WIRE_MESSAGE, i)) != NULL; i++) {
        if (*message == '\0')
            continue;
        if (ret_text->len > 0 && (r = fed_secret_add_str(ret_text, "; ")) != 0)
            return r;
        if ((r = fed_secret_add_str(ret_text, message)) != 0)
            return r;
    }
    return ret_text->len > 0 ? 0 : fed_secret_add_str(ret_text, fed_strerror(a->error));
}

void
answer_pass_on(bool quiet, const struct answer *a)
{
    const char *message;

    for (size_t i = 0; (message = wire_text_at(&a->reply.msg, WIRE_MESSAGE, i)) != NULL; i++) {
        if (!quiet && *message != '\0')
            output_complain("%s", message);
    }
}

enum outcome
answer_complain(const struct answer *a)
{
    struct fed_secret text = FED_SECRET_INIT(TEXT_MAX);

    if (answer_text(a, &text) == 0)
        output_complain("%s", fed_secret_str(&text));
    else
        output_complain("%s", fed_strerror(a->error));
    fed_secret_done(&text);
    return outcome_of(a->error);
}
