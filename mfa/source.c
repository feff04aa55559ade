/*
 * Sources in canonical form, by inet_pton alone: the old notations that inet_aton also takes
 * ("127.1", octal) are names like any other.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "mfa/source.h"

#include <arpa/inet.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include <openssl/evp.h>

enum { HASHED_BYTES = 16, CHUNK = 256 };

/* Fed in pieces, so that a text of any length needs no copy. False when OpenSSL is out of memory. */
static bool
hash_lower(const char *text, unsigned char ret[EVP_MAX_MD_SIZE])
{
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    bool good = ctx != NULL && EVP_DigestInit_ex(ctx, EVP_sha256(), NULL) == 1;

    while (good && *text != '\0') {
        unsigned char lower[CHUNK];
        size_t n = 0;
        for (; n < sizeof(lower) && text[n] != '\0'; n++)
            lower[n] = (unsigned char)(text[n] >= 'A' && text[n] <= 'Z' ? text[n] + 32 : text[n]);
        good = EVP_DigestUpdate(ctx, lower, n) == 1;
        text += n;
    }
    good = good && EVP_DigestFinal_ex(ctx, ret, NULL) == 1;
    EVP_MD_CTX_free(ctx);
    return good;
}

void
source_hash(const char *prefix, const char *text, char *ret_key, unsigned size)
{
    unsigned char digest[EVP_MAX_MD_SIZE] = {0}; /* without memory, all share one count: stricter */
    int n = snprintf(ret_key, size, "%s", prefix);

    if (!hash_lower(text, digest))
        memset(digest, 0, sizeof(digest));
    for (unsigned i = 0; i < HASHED_BYTES && n > 0 && (unsigned)n + 3 <= size; i++)
        n += snprintf(ret_key + n, size - (unsigned)n, "%02x", digest[i]);
}

void
source_key(const char *rhost, char ret_key[SOURCE_MAX])
{
    static const unsigned char mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
    char text[INET6_ADDRSTRLEN];
    unsigned char address[16];

    if (rhost == NULL || rhost[0] == '\0') {
        (void)snprintf(ret_key, SOURCE_MAX, "local");
        return;
    }
    if (inet_pton(AF_INET, rhost, address) == 1) {
        (void)inet_ntop(AF_INET, address, ret_key, SOURCE_MAX);
        return;
    }
    /* The zone of a link-local address names our interface, not the peer. */
    size_t n = strcspn(rhost, "%");
    if (n < sizeof(text)) {
        memcpy(text, rhost, n);
        text[n] = '\0';
        if (inet_pton(AF_INET6, text, address) == 1) {
            if (memcmp(address, mapped, sizeof(mapped)) == 0) {
                (void)inet_ntop(AF_INET, address + 12, ret_key, SOURCE_MAX);
                return;
            }
            memset(address + 8, 0, 8);
            (void)inet_ntop(AF_INET6, address, text, sizeof(text));
            (void)snprintf(ret_key, SOURCE_MAX, "%s/64", text);
            return;
        }
    }
    source_hash("host:", rhost, ret_key, SOURCE_MAX);
}
