/*
 * Keys from metadata services and credentials files: any bytes; what is accepted is whole and fits a header.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "bridge/keys_text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check(int r, struct sts_credential *c, size_t least_token)
{
    if (r != 0)
        return;
    if (c->access_key.len < 16 || c->secret_key.len == 0 || c->session_token.len < least_token ||
        strlen(fed_secret_str(&c->session_token)) != c->session_token.len ||
        strpbrk(fed_secret_str(&c->session_token), "\r\n ") != NULL)
        abort();
    sts_credential_done(c);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const int64_t now_s = 1795298400; /* 2026-11-21T22:00:00Z, an hour before the seeds' expiry */
    struct sts_credential c;

    check(keys_text_json(data, size, now_s, &c), &c, 1);
    check(keys_text_file(data, size, &c), &c, 0);
    return 0;
}
