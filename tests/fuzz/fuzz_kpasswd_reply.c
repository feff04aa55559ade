/*
 * Any bytes as the answer to a change of password, and as the result in one: what is found lies within, texts end and are clean.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "ldap/kpasswd_reply.h"
#include "ldap/why.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
within(const uint8_t *data, size_t size, const uint8_t *part, size_t len)
{
    if (len > 0 && (part < data || len > size || (size_t)(part - data) > size - len))
        abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct kpasswd_frame frame;
    struct kpasswd_result result;
    char text[WHY_MAX];

    if (kpasswd_read_frame(data, size, &frame) == 0) {
        within(data, size, frame.ap_rep, frame.ap_rep_len);
        within(data, size, frame.body, frame.body_len);
        if (frame.body_len == 0 || frame.ap_rep_len + frame.body_len > size)
            abort();
    }
    if (kpasswd_read_result(data, size, &result) == 0) {
        size_t len = strnlen(result.text, sizeof(result.text));
        if (len == sizeof(result.text) || !text_is_utf8(result.text, len) ||
            strchr(result.text, '\n') != NULL || result.rules.least_age_s < 0)
            abort();
        if (wording_refused(result.text, result.has_rules ? &result.rules : NULL, NULL, text) !=
                FED_E_PASSWORD_REFUSED ||
            strnlen(text, sizeof(text)) == sizeof(text))
            abort();
    }
    return 0;
}
