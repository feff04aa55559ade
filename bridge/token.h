/*
 * Random names for receipts, sessions and tickets: 128 bits in hexadecimal.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef BRIDGE_TOKEN_H
#define BRIDGE_TOKEN_H

#include "base/err.h"

enum { TOKEN_SIZE = 33 }; /* with NUL */

/* 0, or FED_E_SYSTEM when the kernel gives no randomness. Any thread. */
FED_MUST_USE int token_make(char ret_token[TOKEN_SIZE]);

#endif
