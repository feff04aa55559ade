/*
 * The channel binding of a TLS connection: what ties a sign-in to the certificate that we saw, so that nobody in
 * between can hand it on (RFC 5929 section 4, tls-server-end-point). AD can be told to want one (LdapEnforceChannelBinding).
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef LDAP_BINDING_H
#define LDAP_BINDING_H

#include <stddef.h>

#include "base/err.h"

enum { BINDING_MAX = 21 + 64 };

/*
 * "tls-server-end-point:" and the hash of a certificate, in DER, by the hash of its own signature, MD5 and SHA-1 raised to SHA-256.
 *   ret_len  0 for a certificate whose signature has no hash of its own (Ed25519): RFC 5929 defines no binding then
 * 0, FED_E_TLS (no certificate), FED_E_NOMEM.
 */
FED_MUST_USE int binding_of_certificate(
    const void *der, size_t len, unsigned char ret[BINDING_MAX], size_t *ret_len);

#endif
