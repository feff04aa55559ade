/*
 * The dialogue of an enrolment at login.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "pam_awsfed/enrol.h"

#include "base/text.h"
#include "base/wire.h"
#include "pam_awsfed/ask.h"
#include "pam_awsfed/converse.h"
#include "pam_awsfed/factors.h"

enum { NOTICE_MAX = 48 * 1024, PENDING_NAME_MAX = 64 };

bool
enrol_possible(const struct call *call)
{
    const unsigned both = WIRE_FACTOR_PASSWORD | WIRE_FACTOR_CODE;

    /* With one factor the bridge offers nothing; then it need not be told either. */
    return call->options.factors != both ||
           (call->options.pass != OPTIONS_PASS_USE && !call->silent);
}

/* A prompt below a text (NULL or empty: none), which has lines and is clean but for them (I-58). */
static int
ask_below(const struct call *call, const char *notice, const char *prompt,
    struct fed_secret *ret_answer, bool *ret_bad)
{
    struct fed_secret clean = FED_SECRET_INIT(NOTICE_MAX);
    struct converse_prompt prompts[2];
    size_t n = 0;
    int r = 0;

    if (notice != NULL && *notice != '\0' && (r = fed_secret_add_str(&clean, notice)) == 0) {
        text_clean_in_place((char *)clean.data, true);
        prompts[n++] = (struct converse_prompt){.text = fed_secret_str(&clean)};
    }
    if (r == 0) {
        prompts[n++] = (struct converse_prompt){prompt, ret_answer, ret_bad};
        r = converse_ask(call->pamh, prompts, n);
    }
    fed_secret_done(&clean);
    return r;
}

/* What was typed for a code. FED_E_INVALID: no answer, one of several lines, or one that is too long (I-47). */
static int
ask_code(
    const struct call *call, const char *notice, const char *prompt, struct fed_secret *ret_code)
{
    bool bad = false;
    int r = ask_below(call, notice, prompt, ret_code, &bad);

    if (r == 0 && bad)
        r = FED_E_INVALID;
    return r;
}

struct pair {
    struct fed_secret first, second; /* both empty: none was given */
};

/*
 * Two codes, or nothing at all. The password in the place of a code is sshd's password method, which has but one answer (I-48): nobody
 * was asked, and nothing is taken from it.
 */
static int
ask_pair(const struct call *call, const char *notice, const struct fed_secret *password,
    struct pair *pair)
{
    int r = ask_code(call, notice, "Code: ", &pair->first);

    /* Compared as it was given, blanks included. */
    if (fed_secret_equal(pair->first.data, pair->first.len, password->data, password->len))
        fed_secret_clear(&pair->first);
    if (r == 0)
        r = factors_trim(&pair->first);
    if (r != 0 || pair->first.len == 0)
        return r;
    r = ask_code(call, NULL, "Next code: ", &pair->second);
    return r == 0 ? factors_trim(&pair->second) : r;
}

/* One try: the person's answers to the bridge, and its answer into reply. */
static int
try_once(const struct call *call, const char *pending, const char *notice,
    const struct fed_secret *password, struct client_reply *reply, bool *ret_again)
{
    struct pair pair = {
        .first = FED_SECRET_INIT(FACTORS_CODE_MAX), .second = FED_SECRET_INIT(FACTORS_CODE_MAX)};

    *ret_again = false;
    int r = ask_pair(call, notice, password, &pair);
    if (r != 0) {
        int code = call_refuse(call, r, "no codes of the new token");
        (void)code; /* the caller's is of r as well */
    } else {
        struct question question = {.type = ASK_ENROL_AT_LOGIN,
            .code = &pair.first,
            .second_code = &pair.second,
            .pending = pending};
        client_reply_done(reply);
        r = ask_bridge(call, &question, reply);
        *ret_again = r == FED_E_DENIED && pair.first.len != 0;
    }
    fed_secret_done(&pair.first);
    fed_secret_done(&pair.second);
    return r;
}

/* The recovery codes stand above a prompt and not by themselves: sshd writes what is shown last into its log, at level debug. */
static int
show_codes(const struct call *call, const char *notice)
{
    struct fed_secret answer = FED_SECRET_INIT(FACTORS_CODE_MAX);
    bool bad = false;
    int r = notice != NULL ? ask_below(call, notice, "Press Enter to go on: ", &answer, &bad) : 0;

    fed_secret_done(&answer);
    return r;
}

int
enrol_newcomer(
    const struct call *call, const struct fed_secret *password, struct client_reply *reply)
{
    struct fed_secret pending = FED_SECRET_INIT(PENDING_NAME_MAX);
    struct fed_secret notice = FED_SECRET_INIT(NOTICE_MAX);
    const char *name = wire_text(&reply->msg, WIRE_PENDING);
    const char *shown = wire_text(&reply->msg, WIRE_NOTICE);
    bool again = true;
    int r = FED_E_NOT_ENROLLED;

    if (name == NULL || shown == NULL) /* told what to do, in words */
        goto out;
    if ((r = fed_secret_add_str(&pending, name)) != 0 ||
        (r = fed_secret_add_str(&notice, shown)) != 0)
        goto out;
    for (int left = WIRE_ENROL_TRIES; left > 0 && again; left--) {
        r = try_once(
            call, fed_secret_str(&pending), fed_secret_str(&notice), password, reply, &again);
        fed_secret_clear(&notice); /* it still stands above */
    }
    if (r == 0)
        r = show_codes(call, wire_text(&reply->msg, WIRE_NOTICE));

out:
    fed_secret_done(&pending);
    fed_secret_done(&notice);
    return r;
}
