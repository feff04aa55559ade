/*
 * Collect password and code. Every answer that this module refuses by itself is a reason in
 * `refused`, not a return: the caller goes on to the bridge, empty-handed, and takes as long as any denial.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "pam_awsfed/factors.h"

#include <string.h>

#include "base/text.h"
#include "base/wire.h"
#include "pam_awsfed/converse.h"

bool
factors_from_item(const struct call *call, int item, struct fed_secret *ret_secret, bool *ret_bad)
{
    const void *value = NULL;

    if (call->options.pass == OPTIONS_PASS_ASK)
        return false;
    if (pam_get_item(call->pamh, item, &value) != PAM_SUCCESS || value == NULL)
        return false;
    if (fed_secret_set(ret_secret, value, strlen(value)) != 0)
        *ret_bad = true;
    return true;
}

int
factors_trim(struct fed_secret *code)
{
    struct fed_secret trimmed = FED_SECRET_INIT(code->limit);
    size_t from = 0, to = code->len;

    while (from < to && (code->data[from] == ' ' || code->data[from] == '\t'))
        from++;
    while (to > from && (code->data[to - 1] == ' ' || code->data[to - 1] == '\t'))
        to--;
    if (to - from == code->len)
        return 0;
    int r = fed_secret_add(&trimmed, code->data + from, to - from);
    if (r == 0)
        fed_secret_move(code, &trimmed);
    fed_secret_done(&trimmed);
    return r;
}

static const char *
find_fault(const struct call *call, const struct factors *f, bool bad, bool same)
{
    bool password = (call->options.factors & WIRE_FACTOR_PASSWORD) != 0;
    bool code = (call->options.factors & WIRE_FACTOR_CODE) != 0 && !call->options.append;

    if (!call->valid)
        return "not a valid account name";
    if (bad)
        return "an answer is missing, too long or has several lines";
    /* I-1, I-2, I-3: empty, over-long and sshd's filler go nowhere. */
    if (password && text_check_password(fed_secret_str(&f->password), f->password.len) != 0)
        return "no acceptable password";
    /* I-29: an empty code is not "no second factor"; whom the rules spare one, the bridge knows. */
    if (code && !password && f->code.len == 0)
        return "no one-time code";
    /* I-48: sshd's PasswordAuthentication answers every prompt with the one string it has. */
    if (password && code && same)
        return "one answer to both prompts";
    return NULL;
}

int
factors_collect(const struct call *call, struct factors *ret)
{
    bool may_prompt = call->options.pass != OPTIONS_PASS_USE;
    bool bad_password = false, bad_code = false, append = call->options.append;
    struct converse_prompt prompts[2];
    size_t n = 0;
    int r;

    *ret = (struct factors){
        .password = FED_SECRET_INIT(TEXT_PASSWORD_MAX), .code = FED_SECRET_INIT(FACTORS_CODE_MAX)};
    if ((call->options.factors & WIRE_FACTOR_PASSWORD) != 0 &&
        !factors_from_item(call, PAM_AUTHTOK, &ret->password, &bad_password) && may_prompt)
        prompts[n++] = (struct converse_prompt){
            append ? "Password and one-time code: " : "Password: ", &ret->password, &bad_password};
    if ((call->options.factors & WIRE_FACTOR_CODE) != 0 && may_prompt && !append)
        prompts[n++] = (struct converse_prompt){"One-time code: ", &ret->code, &bad_code};
    if (n > 0 && (r = converse_ask(call->pamh, prompts, n)) != 0)
        return r;

    /* Compared as they were given: blanks are cut off the code alone. */
    bool same =
        fed_secret_equal(ret->password.data, ret->password.len, ret->code.data, ret->code.len);
    if ((r = factors_trim(&ret->code)) != 0)
        return r;
    ret->refused = find_fault(call, ret, bad_password || bad_code, same);
    return 0;
}

void
factors_done(struct factors *factors)
{
    fed_secret_done(&factors->password);
    fed_secret_done(&factors->code);
}
