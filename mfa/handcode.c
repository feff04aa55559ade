/*
 * Codes for people's hands.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "mfa/handcode.h"

#include <string.h>

#include <openssl/rand.h>

/* 32 characters, so that five bits of a random byte choose one evenly. */
static const char alphabet[] = "0123456789abcdefghjkmnpqrstvwxyz";

enum { GROUP = 5 };

int
handcode_make(char *ret, size_t n)
{
    unsigned char random[HANDCODE_MAX];

    if (n > sizeof(random) || RAND_priv_bytes(random, (int)n) != 1)
        return FED_E_CRYPTO;
    for (size_t i = 0; i < n; i++)
        ret[i] = alphabet[random[i] & 31];
    explicit_bzero(random, sizeof(random));
    return 0;
}

int
handcode_show(const char *code, size_t n, struct fed_secret *ret)
{
    int r = 0;

    for (size_t i = 0; i < n && r == 0; i++) {
        if (i > 0 && i % GROUP == 0)
            r = fed_secret_add_byte(ret, '-');
        if (r == 0)
            r = fed_secret_add(ret, code + i, 1);
    }
    return r;
}

/* A character of the alphabet for what was typed, or NUL. */
static char
read_character(char c)
{
    if (c >= 'A' && c <= 'Z')
        c = (char)(c - 'A' + 'a');
    if (c == 'o')
        return '0';
    if (c == 'i' || c == 'l')
        return '1';
    return c != '\0' && strchr(alphabet, c) != NULL ? c : '\0';
}

bool
handcode_read(const void *typed, size_t len, char *ret, size_t n)
{
    const char *from = typed;
    size_t read = 0;

    for (size_t i = 0; i < len; i++) {
        if (from[i] == '-' || from[i] == ' ')
            continue;
        char c = read_character(from[i]);
        if (c == '\0' || read == n)
            return false;
        ret[read++] = c;
    }
    return read == n;
}
