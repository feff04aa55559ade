/*
 * Changing a password. Unlike at authentication the person is known to the application already, and the
 * request has no form without passwords, so what is refused here is refused at once.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "pam_awsfed/password.h"

#include <string.h>

#include "base/text.h"
#include "base/wire.h"
#include "pam_awsfed/ask.h"
#include "pam_awsfed/converse.h"
#include "pam_awsfed/env.h"
#include "pam_awsfed/factors.h"

struct change {
    struct fed_secret old, new, again, code, receipt;
    bool bad[4];
    bool same;    /* one answer to the prompts for password and code, blanks included (I-48) */
    bool has_new; /* from an earlier module, which had it typed twice */
};

static void
change_init(struct change *c)
{
    *c = (struct change){.old = FED_SECRET_INIT(TEXT_PASSWORD_MAX),
        .new = FED_SECRET_INIT(TEXT_PASSWORD_MAX),
        .again = FED_SECRET_INIT(TEXT_PASSWORD_MAX),
        .code = FED_SECRET_INIT(FACTORS_CODE_MAX)};
}

static void
change_done(struct change *c)
{
    fed_secret_done(&c->old);
    fed_secret_done(&c->new);
    fed_secret_done(&c->again);
    fed_secret_done(&c->code);
    fed_secret_done(&c->receipt);
}

static bool
equal(const struct fed_secret *a, const struct fed_secret *b)
{
    return fed_secret_equal(a->data, a->len, b->data, b->len);
}

static int
collect(const struct call *call, struct change *c)
{
    bool may_prompt = call->options.pass != OPTIONS_PASS_USE;
    bool has_receipt = env_get(call->pamh, ENV_RECEIPT, &c->receipt) == 0;
    bool has_old = factors_from_item(call, PAM_OLDAUTHTOK, &c->old, &c->bad[0]);
    struct converse_prompt prompts[4];
    size_t n = 0;

    c->has_new = factors_from_item(call, PAM_AUTHTOK, &c->new, &c->bad[2]);
    if (!may_prompt)
        return 0;
    if (!has_old)
        prompts[n++] = (struct converse_prompt){"Current password: ", &c->old, &c->bad[0]};
    if (!has_receipt)
        prompts[n++] = (struct converse_prompt){"One-time code: ", &c->code, &c->bad[1]};
    if (!c->has_new) {
        prompts[n++] = (struct converse_prompt){"New password: ", &c->new, &c->bad[2]};
        prompts[n++] = (struct converse_prompt){"Retype new password: ", &c->again, &c->bad[3]};
    }
    int r = n > 0 ? converse_ask(call->pamh, prompts, n) : 0;
    if (r != 0)
        return r;
    c->same = equal(&c->old, &c->code);
    return factors_trim(&c->code);
}

/* Why nothing is sent, or NULL. ret_say is what the person is told, where that helps. */
static const char *
find_fault(const struct change *c, const char **ret_say)
{
    *ret_say = NULL;
    if (c->bad[0] || c->bad[1] || c->bad[2] || c->bad[3])
        return "an answer is missing, too long or has several lines";
    if (text_check_password(fed_secret_str(&c->old), c->old.len) != 0)
        return "no acceptable current password";
    if (text_check_password(fed_secret_str(&c->new), c->new.len) != 0) {
        *ret_say = "The password was not changed.";
        return "no acceptable new password";
    }
    if (!c->has_new && !equal(&c->new, &c->again)) {
        *ret_say = "The new passwords do not match.";
        return "the new passwords do not match";
    }
    if (c->receipt.len == 0 && c->code.len == 0)
        return "neither a receipt of this login nor a one-time code";
    if (c->same)
        return "one answer to both prompts";
    return NULL;
}

int
password_change(const struct call *call)
{
    struct client_reply reply = {.bytes = FED_SECRET_INIT(0)};
    struct change change;
    const char *fault, *say;
    int r, code;

    if (!call->valid)
        return call_refuse(call, FED_E_NAME, "not a valid account name");
    change_init(&change);
    if ((r = collect(call, &change)) != 0) {
        code = call_refuse(call, r, "no conversation to be had");
        goto out;
    }
    if ((fault = find_fault(&change, &say)) != NULL) {
        if (say != NULL && !call->silent)
            converse_say(call->pamh, PAM_ERROR_MSG, say);
        code = call_refuse(call, FED_E_DENIED, fault);
        goto out;
    }

    struct question question = {.type = ASK_CHANGE_PASSWORD,
        .password = &change.old,
        .new_password = &change.new,
        .code = &change.code,
        .receipt = &change.receipt};
    r = ask_bridge(call, &question, &reply);
    code = verdict_code(call->phase, r);

out:
    client_reply_done(&reply);
    change_done(&change);
    return code;
}
