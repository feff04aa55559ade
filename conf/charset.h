/*
 * The characters that AWS takes in session names, source identities and tags.
 * Nothing here allocates, blocks or asks the locale; any thread.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef CONF_CHARSET_H
#define CONF_CHARSET_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Decode the character at *text and step over it. The text must be UTF-8 (text_is_utf8).
 * 0 at the end, where nothing is stepped over.
 */
uint32_t charset_next(const char **text);

/* [\w+=,.@-] with ASCII \w: RoleSessionName and SourceIdentity of STS. */
bool charset_in_session_name(uint32_t c);

/* [\p{L}\p{Z}\p{N}_.:/=+\-@]: keys and values of session tags. */
bool charset_in_tag(uint32_t c);

#endif
