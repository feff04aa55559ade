/*
 * The STS reply's reader on any bytes: no crash, and what it accepts is complete.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdint.h>
#include <stdlib.h>

#include "bridge/sts.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const int64_t now_s = 1795298400; /* 2026-11-21T22:00:00Z, an hour before the seeds' expiry */
    struct sts_credential c;
    struct sts_error error = {{0}, {0}, {0}};

    int r = sts_reply_parse("AssumeRoleWithSAML", data, size, now_s, &c, &error);
    if (r == FED_E_AWS_REFUSED && error.code[0] == '\0')
        abort();
    if (r != 0)
        return 0;
    if (c.access_key.len < 16 || c.secret_key.len == 0 || c.session_token.len == 0 ||
        c.expires_s <= now_s || c.expires_s > now_s + 12 * 3600 + 300)
        abort();
    sts_credential_done(&c);
    return 0;
}
