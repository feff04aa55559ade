/*
 * Signing in is proving who one is, and nothing else.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "bridge/login/signin.h"

#include "bridge/login/output.h"
#include "bridge/login/prove.h"

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

enum outcome
signin(const struct options *o, struct answer *ret_a)
{
    static const struct prove what = {
        .type = ASK_SIGN_IN, .code_prompt = "One-time code: ", .left = "not signed in"};
    struct terminal t;

    if (terminal_open(&t) != 0) {
        output_complain("sign-in needed, and no terminal to ask on; run awsfed-login in one");
        return OUTCOME_SIGN_IN;
    }
    enum outcome outcome = prove(o, &t, &what, ret_a);
    if (outcome == OUTCOME_DONE)
        answer_pass_on(o->quiet, ret_a);
    terminal_close(&t);
    return outcome;
}
