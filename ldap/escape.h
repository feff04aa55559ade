/*
 * The only ways in which foreign text enters a search filter (RFC 4515 section 3) or a
 * distinguished name (RFC 4514 section 2.4). Any bytes round-trip (I-9). Any thread.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef LDAP_ESCAPE_H
#define LDAP_ESCAPE_H

#include "base/err.h"
#include "base/secret.h"

/* Append an assertion value, escaped: everything but ASCII letters, digits, and ".-_@ " as \xx. */
FED_MUST_USE int escape_filter(struct fed_secret *to, const void *value, size_t len);

/* Append an attribute value of an RDN, escaped. */
FED_MUST_USE int escape_dn(struct fed_secret *to, const void *value, size_t len);

#endif
