/*
 * Foreign text: is it UTF-8, is it an account name, what may a terminal or a log see of it;
 * and strict numbers. Nothing here allocates, blocks or keeps state; any thread.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef BASE_TEXT_H
#define BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

/* Longest account name we look at: a UPN (RFC 822 form) of AD, with its domain. */
enum { TEXT_NAME_MAX = 256 };

/* Longest password: PAM_MAX_RESP_SIZE less the terminating NUL (I-2). */
enum { TEXT_PASSWORD_MAX = 511 };

/* True for well-formed UTF-8 (RFC 3629: no overlong forms, surrogates or values past U+10FFFF). */
bool text_is_utf8(const void *data, size_t len);

/*
 * Is this a name that may be looked up at all (I-19)? Refused: empty, over TEXT_NAME_MAX bytes,
 * control characters (C0, DEL, C1), ':' or '/', a leading '-', outer blanks, invalid UTF-8.
 * Returns 0 or FED_E_NAME.
 */
FED_MUST_USE int text_check_name(const char *name);

/*
 * May this string be sent to a directory as a password? Refused: NULL, empty (RFC 4513 5.1.2, I-1),
 * over TEXT_PASSWORD_MAX bytes (I-2), and the filler that sshd presents for people it has already
 * turned away (I-3). Returns 0 or FED_E_DENIED.
 */
FED_MUST_USE int text_check_password(const char *password, size_t len);

/*
 * Copy text for a terminal or a log: C0, DEL, C1 and bidirectional controls, line separators and
 * invalid bytes become '?' (I-58); newlines too. Always NUL-terminated; cut at a character boundary.
 * Returns to.
 */
char *text_clean(char *to, size_t size, const char *from);

/* The same in place, keeping newlines where keep_newlines (multi-line notices). */
void text_clean_in_place(char *text, bool keep_newlines);

/* Decimal digits only, no sign, no blanks, no trailing text. 0 or FED_E_INVALID; ret on success. */
FED_MUST_USE int text_to_u64(const char *text, uint64_t *ret_value);

/* "90", "30s", "15m", "12h", "2d": whole seconds (a bare number is seconds), at most 10 years. */
FED_MUST_USE int text_to_seconds(const char *text, int64_t *ret_seconds);

/* True for strings equal without regard to ASCII case; NULL equals only NULL. */
bool text_equal_nocase(const char *a, const char *b);

/* Lower-case the ASCII letters of a copy. Returns to; cut to size, NUL-terminated. */
char *text_lower(char *to, size_t size, const char *from);

#endif
