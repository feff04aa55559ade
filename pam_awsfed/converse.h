/*
 * Talk to the person through the application's conversation function. Whatever that function does
 * (NULL, errors, answers that are huge or of many lines), the outcome is a refusal and not a crash,
 * and every answer is wiped, those that were not asked for too (I-47).
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PAM_AWSFED_CONVERSE_H
#define PAM_AWSFED_CONVERSE_H

#include <stdbool.h>
#include <stddef.h>

#include <security/pam_modules.h>

#include "base/err.h"
#include "base/secret.h"

enum { CONVERSE_PROMPTS_MAX = 4 };

/* A question; the answer is not echoed. Without ret_answer: a text, of any number of lines, shown just before what follows. */
struct converse_prompt {
    const char *text;
    struct fed_secret
        *ret_answer; /* the caller's, to be freed by it; its limit bounds the answer */
    bool *ret_bad;   /* set to true when the answer is NULL, too long or has a line break */
};

/*
 * Ask up to CONVERSE_PROMPTS_MAX questions, texts included, in one call of the conversation function, so that an application
 * that can show them together does. Blocks as long as the person thinks.
 * Returns 0 (look at *ret_bad of each), FED_E_SYSTEM (no conversation to be had) or FED_E_NOMEM.
 */
FED_MUST_USE int converse_ask(pam_handle_t *pamh, const struct converse_prompt *prompts, size_t n);

/*
 * Show a line: style is PAM_TEXT_INFO or PAM_ERROR_MSG. Control characters do not reach the terminal (I-58).
 * A conversation that fails is not an error here: nobody is let in for having read a line.
 */
void converse_say(pam_handle_t *pamh, int style, const char *text);

#endif
