/*
 * Random names for receipts, sessions, endpoints and tickets: 128 bits in hexadecimal; and their hashes, for
 * those that are kept longer than they need to be known.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef BRIDGE_TOKEN_H
#define BRIDGE_TOKEN_H

#include <stddef.h>

#include "base/err.h"

enum { TOKEN_SIZE = 33 /* with NUL */, TOKEN_HASH_SIZE = 32 };

/* 0, or FED_E_SYSTEM when the kernel gives no randomness. Any thread. */
FED_MUST_USE int token_make(char ret_token[TOKEN_SIZE]);

/* SHA-256: a random token needs no salt. 0 or FED_E_CRYPTO. Any thread. */
FED_MUST_USE int token_hash(const char *token, size_t len, unsigned char ret[TOKEN_HASH_SIZE]);

#endif
