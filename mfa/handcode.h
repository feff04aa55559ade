/*
 * Random codes that people read aloud and type: Crockford's base32, five bits a character, in groups of five.
 * Read in either case, with or without hyphens and blanks, and with o for 0, i and l for 1.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef MFA_HANDCODE_H
#define MFA_HANDCODE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "base/secret.h"

enum { HANDCODE_MAX = 20 };

/* Fresh random characters. 0 or FED_E_CRYPTO. */
FED_MUST_USE int handcode_make(char *ret, size_t n);

/* Append them as shown, "xxxxx-xxxxx". 0, FED_E_TOO_BIG, FED_E_NOMEM. */
FED_MUST_USE int handcode_show(const char *code, size_t n, struct fed_secret *ret);

/* What was typed, as exactly n characters of the alphabet; false when it is not that. Any bytes are safe. */
bool handcode_read(const void *typed, size_t len, char *ret, size_t n);

#endif
