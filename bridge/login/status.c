/*
 * A ticket in words, as JSON and as five characters.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "bridge/login/status.h"

#include <unistd.h>

#include "base/text.h"
#include "bridge/login/json.h"
#include "bridge/login/output.h"
#include "bridge/login/stale.h"
#include "bridge/login/when.h"

enum { TEXT_SIZE = 320 };

/* A text of the reply as a terminal may see it; "?" when it is absent. */
static const char *
clean(const struct wire_msg *msg, enum wire_tag tag, char *to)
{
    const char *text = wire_text(msg, tag);

    return text_clean(to, TEXT_SIZE, text != NULL ? text : "?");
}

int
status_add_line(struct fed_secret *to, const struct wire_msg *msg, uint64_t now_s)
{
    uint64_t expires_s = wire_number(msg, WIRE_EXPIRES, 0);
    char user[TEXT_SIZE], until[WHEN_SIZE], left[WHEN_SIZE];

    return fed_secret_addf(to, "Signed in as %s until %s (%s).\n", clean(msg, WIRE_USER, user),
        when_clock(expires_s, now_s, until), when_span(when_left(expires_s, now_s), left));
}

static int
add_text(struct fed_secret *to, const struct wire_msg *msg, uint64_t now_s)
{
    uint64_t expires_s = wire_number(msg, WIRE_EXPIRES, 0);
    uint64_t code_s = wire_number(msg, WIRE_CODE_TIME, 0);
    char text[TEXT_SIZE], since[WHEN_SIZE], until[WHEN_SIZE], span[WHEN_SIZE];
    int r;

    r = fed_secret_addf(to, "Signed in as %s since %s", clean(msg, WIRE_USER, text),
        when_clock(wire_number(msg, WIRE_STARTED, 0), now_s, since));
    if (r == 0 && wire_has(msg, WIRE_RHOST))
        r = fed_secret_addf(to, " from %s", clean(msg, WIRE_RHOST, text));
    if (r == 0)
        r = fed_secret_addf(to, " until %s (%s left)", when_clock(expires_s, now_s, until),
            when_span(when_left(expires_s, now_s), span));
    if (r == 0 && code_s != 0)
        r = fed_secret_addf(
            to, ", code proved %s ago.\n", when_span(when_left(now_s, code_s), span));
    else if (r == 0)
        r = fed_secret_add_str(to, ", no code proved.\n");
    if (r == 0 && wire_has(msg, WIRE_ROLE_NAME))
        r = fed_secret_addf(
            to, "The session endpoint gives role %s.\n", clean(msg, WIRE_ROLE_NAME, text));
    return r;
}

static void
json_factors(struct json *j, uint64_t factors)
{
    static const struct {
        uint64_t bit;
        const char *name;
    } names[] = {{WIRE_FACTOR_PASSWORD, "password"}, {WIRE_FACTOR_CODE, "code"},
        {WIRE_FACTOR_RECOVERY, "recovery"}};

    json_open(j, "factors", '[');
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if ((factors & names[i].bit) != 0)
            json_text(j, NULL, names[i].name);
    }
    json_close(j, ']');
}

static enum outcome
write_json(const struct options *o, const struct answer *a, uint64_t now_s)
{
    const struct wire_msg *msg = &a->reply.msg;
    struct stale found;
    struct json j;

    stale_find(o, &found);
    json_init(&j, OUTPUT_MAX);
    json_open(&j, NULL, '{');
    json_bool(&j, "signed_in", a->error == 0);
    if (a->error == 0) {
        json_text(&j, "user", wire_text(msg, WIRE_USER));
        json_text(&j, "sid", wire_text(msg, WIRE_SID));
        json_time(&j, "started", wire_number(msg, WIRE_STARTED, 0));
        json_time(&j, "expires", wire_number(msg, WIRE_EXPIRES, 0));
        json_number(&j, "seconds_left", when_left(wire_number(msg, WIRE_EXPIRES, 0), now_s));
        json_factors(&j, wire_number(msg, WIRE_FACTORS, 0));
        json_time(&j, "code_time", wire_number(msg, WIRE_CODE_TIME, 0));
        json_text(&j, "rhost", wire_text(msg, WIRE_RHOST));
        json_text(&j, "role", wire_text(msg, WIRE_ROLE_NAME));
    }
    stale_json(&j, &found);
    json_close(&j, '}');
    enum outcome outcome = output_json(&j);
    return outcome != OUTCOME_DONE ? outcome : outcome_of(a->error);
}

static enum outcome
write_text(const struct options *o, const struct answer *a, uint64_t now_s)
{
    struct fed_secret out = FED_SECRET_INIT(OUTPUT_MAX);

    int r = add_text(&out, &a->reply.msg, now_s);
    enum outcome outcome = output_write(&out, r);
    fed_secret_done(&out);
    answer_pass_on(o->quiet, a);
    stale_warn(o);
    return outcome;
}

static enum outcome
write_prompt(const struct answer *a, uint64_t now_s)
{
    struct fed_secret out = FED_SECRET_INIT(OUTPUT_MAX);
    uint64_t left_s = when_left(wire_number(&a->reply.msg, WIRE_EXPIRES, 0), now_s);
    char text[WHEN_SIZE];

    if (a->error != 0 || left_s == 0)
        return OUTCOME_DONE;
    int r = fed_secret_addf(&out, "aws:%s\n", when_short(left_s, text));
    enum outcome outcome = output_write(&out, r);
    fed_secret_done(&out);
    /* A prompt takes standard output; the other one is the person's terminal, where the end is told ahead. */
    answer_pass_on(!isatty(STDERR_FILENO), a);
    return outcome;
}

enum outcome
status_run(const struct options *o)
{
    struct answer a = ANSWER_INIT;
    uint64_t now_s = when_now();
    enum outcome outcome;

    ask_plain(o->socket, ASK_STATUS_OF, o->prompt ? ASK_PROMPT_MS : ASK_SOON_MS, &a);
    if (o->prompt)
        outcome = write_prompt(&a, now_s);
    else if (o->json && (a.error == 0 || a.error == FED_E_NO_TICKET))
        outcome = write_json(o, &a, now_s);
    else if (a.error == 0)
        outcome = write_text(o, &a, now_s);
    else
        outcome = answer_complain(&a);
    answer_done(&a);
    return outcome;
}
