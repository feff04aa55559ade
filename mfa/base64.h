/*
 * Base64 (RFC 4648 section 4), padded, in the one way in which it can be written: no blanks, no odd bits.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef MFA_BASE64_H
#define MFA_BASE64_H

#include <stddef.h>

#include "base/err.h"
#include "base/secret.h"

enum { BASE64_MAX = 8192 }; /* bytes before, as text a third more */

/* Appended to ret. 0, FED_E_TOO_BIG, FED_E_NOMEM. */
FED_MUST_USE int base64_show(const void *data, size_t len, struct fed_secret *ret);

/* What a text stands for, in the place of what ret held. Any bytes are safe. 0, FED_E_INVALID, FED_E_TOO_BIG, FED_E_NOMEM. */
FED_MUST_USE int base64_read(const void *text, size_t len, struct fed_secret *ret);

#endif
