/*
 * Random names from the kernel.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "bridge/token.h"

#include <openssl/evp.h>
#include <sys/random.h>

int
token_make(char ret_token[TOKEN_SIZE])
{
    static const char digits[] = "0123456789abcdef";
    unsigned char raw[(TOKEN_SIZE - 1) / 2];

    if (getrandom(raw, sizeof(raw), 0) != (ssize_t)sizeof(raw))
        return FED_E_SYSTEM;
    for (size_t i = 0; i < sizeof(raw); i++) {
        ret_token[2 * i] = digits[raw[i] >> 4];
        ret_token[2 * i + 1] = digits[raw[i] & 15];
    }
    ret_token[TOKEN_SIZE - 1] = '\0';
    return 0;
}

int
token_hash(const char *token, size_t len, unsigned char ret[TOKEN_HASH_SIZE])
{
    return EVP_Digest(token, len, ret, NULL, EVP_sha256(), NULL) == 1 ? 0 : FED_E_CRYPTO;
}
