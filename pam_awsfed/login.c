/*
 * Authentication and the account check.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "pam_awsfed/login.h"

#include "base/wire.h"
#include "pam_awsfed/ask.h"
#include "pam_awsfed/enrol.h"
#include "pam_awsfed/env.h"
#include "pam_awsfed/factors.h"

/*
 * forward_pass: for the modules that follow, whatever the bridge will say; they judge for themselves. With prompt=append
 * the bridge alone knows where the password ends, and says so of a success: only then, and that alone, is left.
 */
static void
forward_password(const struct call *call, struct factors *f, const struct wire_msg *success)
{
    if (!call->options.forward_pass || call->options.append != (success != NULL) ||
        f->refused != NULL || f->password.len == 0)
        return;
    if (success != NULL) {
        uint64_t code = wire_number(success, WIRE_CODE_LENGTH, f->password.len);
        if (code >= f->password.len ||
            fed_secret_resize(&f->password, f->password.len - (size_t)code) != 0)
            return;
    }
    if (pam_set_item(call->pamh, PAM_AUTHTOK, fed_secret_str(&f->password)) != PAM_SUCCESS)
        call_debug(call, "the password could not be left for the next module");
}

int
login_authenticate(const struct call *call)
{
    struct client_reply reply = {.bytes = FED_SECRET_INIT(0)};
    struct factors factors;
    int r, code;

    env_drop(call->pamh, ENV_RECEIPT);
    if ((r = factors_collect(call, &factors)) != 0) {
        code = call_refuse(call, r, "no conversation to be had");
        goto out;
    }
    forward_password(call, &factors, NULL);

    struct question question = {.type = ASK_AUTHENTICATE,
        .password = &factors.password,
        .code = &factors.code,
        .factors = call->options.factors,
        .appended = call->options.append,
        .no_dialogue = !enrol_possible(call),
        .refused = factors.refused};
    r = ask_bridge(call, &question, &reply);
    if (r == FED_E_NOT_ENROLLED && !question.no_dialogue && factors.refused == NULL)
        r = enrol_newcomer(call, &factors.password, &reply);
    code = verdict_code(call->phase, r);
    if (r == 0 && (r = env_put(call->pamh, ENV_RECEIPT, wire_text(&reply.msg, WIRE_RECEIPT))) != 0)
        code = call_refuse(call, r, "the bridge gave no usable receipt");
    if (r == 0)
        forward_password(call, &factors, &reply.msg);

out:
    client_reply_done(&reply);
    factors_done(&factors);
    return code;
}

int
login_account(const struct call *call)
{
    struct client_reply reply = {.bytes = FED_SECRET_INIT(0)};
    struct fed_secret receipt;
    int r;

    if (!call->valid)
        return call_refuse(call, FED_E_NAME, "not a valid account name");
    /* Without a well-formed receipt the directory is asked, which is never the more lenient way. */
    r = env_get(call->pamh, ENV_RECEIPT, &receipt);
    call_debug(call, "account: %s", r == 0 ? "with a receipt" : "without a receipt");

    struct question question = {.type = ASK_ACCOUNT, .receipt = &receipt};
    r = ask_bridge(call, &question, &reply);
    client_reply_done(&reply);
    fed_secret_done(&receipt);
    return verdict_code(call->phase, r);
}
