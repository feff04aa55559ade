/*
 * One private key that AWS trusts, and all that is done with it: what the keeper and the signer of a token share. In
 * the keeper it is read from a file; in a signer it is a handle on what lies in a token. OpenSSL makes no difference.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef BRIDGE_SIGNING_KEY_H
#define BRIDGE_SIGNING_KEY_H

#include <stdbool.h>
#include <stddef.h>

#include <openssl/evp.h>
#include <openssl/x509.h>

#include "base/err.h"
#include "base/secret.h"

/* What AWS takes: RSA of 2048 to 4096 bits; may_be_ec: or EC on P-256, which JWTs may be signed with. */
bool signing_key_fits(const EVP_PKEY *key, bool may_be_ec);
enum { SIGNING_KEY_BITS_MIN = 2048, SIGNING_KEY_BITS_MAX = 4096 };

/* One private key of a file (conf/keyfile.h), that fits. ret is freed with EVP_PKEY_free. 0, FED_E_CONFIG, FED_E_NOMEM. */
FED_MUST_USE int signing_key_read(
    const char *path, bool may_be_ec, EVP_PKEY **ret, char *why, size_t why_size);

/* The certificate of a file. ret is freed with X509_free. 0, FED_E_CONFIG, FED_E_NOMEM. */
FED_MUST_USE int signing_key_certificate(const char *path, X509 **ret, char *why, size_t why_size);

/*
 * RSASSA-PKCS1-v1_5 with SHA-256 (RFC 8017 section 8.2), the padding that AWS's metadata check knows and JOSE's RS256;
 * of an EC key, ECDSA in DER. ret is replaced. key NULL: FED_E_CONFIG. 0, FED_E_CRYPTO (OpenSSL's errors stay in its
 * queue), FED_E_TOO_BIG, FED_E_NOMEM.
 */
FED_MUST_USE int signing_key_sign(
    EVP_PKEY *key, const void *data, size_t len, struct fed_secret *ret);

/* The same as JOSE wants it: of an EC key R and S, 32 bytes each (RFC 7518 section 3.4). */
FED_MUST_USE int signing_key_token(
    EVP_PKEY *key, const void *data, size_t len, struct fed_secret *ret);

/* The public half, as DER (SubjectPublicKeyInfo). Errors as above. */
FED_MUST_USE int signing_key_public(const EVP_PKEY *key, struct fed_secret *ret);

#endif
