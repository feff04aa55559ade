/*
 * One call of the conversation function, and the care its answers need.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "pam_awsfed/converse.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"

static void
wipe_responses(struct pam_response *responses, size_t n)
{
    if (responses == NULL)
        return;
    for (size_t i = 0; i < n; i++)
        fed_wipe_str(responses[i].resp);
    free(responses);
}

/*
 * PAM implementations disagree whether the messages are an array of pointers (Linux) or a pointer to an
 * array (Solaris, and programs that come from there): an array with pointers into it serves both.
 */
static int
call(pam_handle_t *pamh, const struct pam_message *messages, size_t n,
    struct pam_response **ret_responses)
{
    const struct pam_message *pointers[CONVERSE_PROMPTS_MAX];
    struct pam_response *responses = NULL;
    const void *item = NULL;

    if (pam_get_item(pamh, PAM_CONV, &item) != PAM_SUCCESS || item == NULL)
        return FED_E_SYSTEM;
    const struct pam_conv *conv = item;
    if (conv->conv == NULL)
        return FED_E_SYSTEM;
    for (size_t i = 0; i < n; i++)
        pointers[i] = &messages[i];
    if (conv->conv((int)n, pointers, &responses, conv->appdata_ptr) != PAM_SUCCESS) {
        /* Nothing should be here now; what is, is ours to free, as in libpam's own pam_prompt. */
        wipe_responses(responses, n);
        return FED_E_SYSTEM;
    }
    *ret_responses = responses;
    return 0;
}

static int
take_answer(const char *answer, const struct converse_prompt *prompt)
{
    size_t len = answer != NULL ? strlen(answer) : 0;

    if (prompt->ret_answer == NULL)
        return 0;
    fed_secret_clear(prompt->ret_answer);
    *prompt->ret_bad =
        answer == NULL || len > prompt->ret_answer->limit || strpbrk(answer, "\r\n") != NULL;
    return *prompt->ret_bad ? 0 : fed_secret_set(prompt->ret_answer, answer, len);
}

int
converse_ask(pam_handle_t *pamh, const struct converse_prompt *prompts, size_t n)
{
    struct pam_message messages[CONVERSE_PROMPTS_MAX];
    struct pam_response *responses = NULL;

    if (n == 0 || n > CONVERSE_PROMPTS_MAX)
        return FED_E_INVALID;
    for (size_t i = 0; i < n; i++)
        messages[i] = (struct pam_message){
            .msg_style = prompts[i].ret_answer != NULL ? PAM_PROMPT_ECHO_OFF : PAM_TEXT_INFO,
            .msg = prompts[i].text};

    int r = call(pamh, messages, n, &responses);
    if (r != 0)
        return r;
    if (responses == NULL)
        return FED_E_SYSTEM;
    for (size_t i = 0; i < n && r == 0; i++)
        r = take_answer(responses[i].resp, &prompts[i]);
    wipe_responses(responses, n);
    return r;
}

void
converse_say(pam_handle_t *pamh, int style, const char *text)
{
    char clean[PAM_MAX_MSG_SIZE];
    struct pam_message message = {
        .msg_style = style, .msg = text_clean(clean, sizeof(clean), text)};
    struct pam_response *responses = NULL;

    if (call(pamh, &message, 1, &responses) == 0)
        wipe_responses(responses, 1);
}
