/*
 * New recovery codes, after password and code.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "bridge/login/recovery.h"

#include "bridge/login/output.h"
#include "bridge/login/prove.h"

enum outcome
recovery_run(const struct options *o)
{
    static const struct prove what = {.type = ASK_RECOVERY_CODES,
        .code_prompt = "One-time code: ",
        .left = "nothing was changed"};
    struct fed_secret text = FED_SECRET_INIT(OUTPUT_MAX);
    struct answer a = ANSWER_INIT;
    struct terminal t;

    if (!prove_open(&t))
        return OUTCOME_SIGN_IN;
    enum outcome outcome = prove(o, &t, &what, &a);
    if (outcome == OUTCOME_DONE)
        outcome = output_write(&text, prove_add_codes(&text, &a.reply.msg));
    fed_secret_done(&text);
    answer_done(&a);
    terminal_close(&t);
    return outcome;
}
