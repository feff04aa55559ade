/*
 * What a person proves themselves with: the password and the one-time code, from the prompts or from an
 * earlier module, and the checks that need no bridge.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PAM_AWSFED_FACTORS_H
#define PAM_AWSFED_FACTORS_H

#include "base/secret.h"
#include "pam_awsfed/call.h"

/* The wire's limit on a code; recovery codes fit as well. */
enum { FACTORS_CODE_MAX = 64 };

struct factors {
    struct fed_secret
        password; /* empty when factors= does not ask for it; with prompt=append, and the code */
    struct fed_secret code; /* without outer blanks; the same; empty with prompt=append */
    const char *refused;    /* why the bridge is not to be given them (static), or NULL */
};

/*
 * Prompt and check. The prompts depend on the configuration alone, never on who it is or on what was
 * answered before (I-35); they are one conversation.
 *   ret_factors   always initialised; free with factors_done
 * Blocks as long as the person thinks. 0, or an error of converse_ask: then there is nothing to ask.
 */
FED_MUST_USE int factors_collect(const struct call *call, struct factors *ret_factors);
void factors_done(struct factors *factors);

/*
 * What an earlier module left in PAM_AUTHTOK or PAM_OLDAUTHTOK, where the options allow its use.
 * True when there was something; *ret_bad is set when that is too long, and ret_secret is then empty.
 */
bool factors_from_item(
    const struct call *call, int item, struct fed_secret *ret_secret, bool *ret_bad);

/* Remove leading and trailing blanks, as people paste them with a code. 0 or FED_E_NOMEM. */
FED_MUST_USE int factors_trim(struct fed_secret *code);

#endif
