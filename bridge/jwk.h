/*
 * The public half of [oidc] key as a JSON Web Key (RFC 7517), for its fingerprint in each token and for the key
 * set that AWS fetches from the issuer.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef BRIDGE_JWK_H
#define BRIDGE_JWK_H

#include <openssl/evp.h>

#include "base/err.h"
#include "base/secret.h"

enum { JWK_KID_SIZE = 44 /* 43 characters of base64url and NUL */, JWK_JSON_MAX = 2048 };

struct jwk {
    char alg[8];            /* RS256 or ES256, by the key's kind */
    char kid[JWK_KID_SIZE]; /* RFC 7638: SHA-256 over the key's required members */
    struct fed_secret json; /* the whole JWK, one line */
};

/* RSA, or EC on P-256. ret on success, freed with jwk_done. 0, FED_E_CRYPTO, FED_E_NOMEM. Never blocks; any thread. */
FED_MUST_USE int jwk_make(const EVP_PKEY *key, struct jwk *ret);

/* The same of a SubjectPublicKeyInfo in DER, as the keeper gives it. */
FED_MUST_USE int jwk_of_der(const void *der, size_t len, struct jwk *ret);
void jwk_done(struct jwk *jwk);

/* Append base64url without padding (RFC 7515 section 2). 0, FED_E_TOO_BIG, FED_E_NOMEM. */
FED_MUST_USE int jwk_add_base64(struct fed_secret *to, const void *data, size_t len);

#endif
