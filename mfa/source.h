/*
 * Where an attempt comes from, as a key: what PAM calls rhost, put in one form each. Nothing is ever
 * resolved: a name is only a name (I-22).
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef MFA_SOURCE_H
#define MFA_SOURCE_H

enum { SOURCE_MAX = 64 };

/*
 *   ""  (or NULL)                       -> "local"
 *   192.0.2.1, ::ffff:192.0.2.1         -> "192.0.2.1"
 *   2001:db8::1, fe80::1%eth0           -> "2001:db8::/64": one subscriber has all of a /64
 *   anything else, in any case          -> "host:" and 32 hex digits of its SHA-256
 */
void source_key(const char *rhost, char ret_key[SOURCE_MAX]);

/* "PREFIX" and 32 hex digits of the SHA-256 of a text in lower case (ASCII): a long name as a short key. */
void source_hash(const char *prefix, const char *text, char *ret_key, unsigned size);

#endif
