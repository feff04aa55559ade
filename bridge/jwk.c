/*
 * From an OpenSSL key to JSON.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "bridge/jwk.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/sha.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <string.h>

enum { NUMBER_MAX = 512 /* bytes of an RSA modulus */, P256_BYTES = 32 };

int
jwk_add_base64(struct fed_secret *to, const void *data, size_t len)
{
    static const char letters[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    const unsigned char *p = data;
    int r = 0;

    for (size_t i = 0; r == 0 && i < len; i += 3) {
        size_t n = len - i < 3 ? len - i : 3;
        unsigned long bits = (unsigned long)p[i] << 16 |
                             (n > 1 ? (unsigned long)p[i + 1] << 8 : 0) | (n > 2 ? p[i + 2] : 0);
        const char four[] = {letters[bits >> 18], letters[bits >> 12 & 63], letters[bits >> 6 & 63],
            letters[bits & 63]};
        r = fed_secret_add(to, four, n + 1);
    }
    return r;
}

/* "NAME":"base64url" of one of the key's numbers, padded to so many bytes (0 = as many as it has). */
static int
add_number(
    struct fed_secret *to, const EVP_PKEY *key, const char *param, const char *name, int size)
{
    unsigned char bytes[NUMBER_MAX];
    BIGNUM *number = NULL;
    int r = FED_E_CRYPTO;

    if (EVP_PKEY_get_bn_param(key, param, &number) != 1)
        return r;
    if (size == 0)
        size = BN_num_bytes(number);
    if (size <= NUMBER_MAX && BN_bn2binpad(number, bytes, size) == size) {
        r = fed_secret_addf(to, "\"%s\":\"", name);
        if (r == 0)
            r = jwk_add_base64(to, bytes, (size_t)size);
        if (r == 0)
            r = fed_secret_add_str(to, "\"");
    }
    BN_free(number);
    return r;
}

/* RFC 7638 section 3.2: the required members alone, in the order of their names, without a blank. */
static int
add_required(struct fed_secret *to, const EVP_PKEY *key, bool is_ec)
{
    int r;

    if (is_ec) {
        if ((r = fed_secret_add_str(to, "\"crv\":\"P-256\",\"kty\":\"EC\",")) != 0 ||
            (r = add_number(to, key, OSSL_PKEY_PARAM_EC_PUB_X, "x", P256_BYTES)) != 0 ||
            (r = fed_secret_add_str(to, ",")) != 0)
            return r;
        return add_number(to, key, OSSL_PKEY_PARAM_EC_PUB_Y, "y", P256_BYTES);
    }
    if ((r = add_number(to, key, OSSL_PKEY_PARAM_RSA_E, "e", 0)) != 0 ||
        (r = fed_secret_add_str(to, ",\"kty\":\"RSA\",")) != 0)
        return r;
    return add_number(to, key, OSSL_PKEY_PARAM_RSA_N, "n", 0);
}

int
jwk_make(const EVP_PKEY *key, struct jwk *ret)
{
    bool is_ec = EVP_PKEY_get_base_id(key) == EVP_PKEY_EC;
    struct fed_secret required = FED_SECRET_INIT(JWK_JSON_MAX);
    struct fed_secret hashed = FED_SECRET_INIT(JWK_JSON_MAX), kid = FED_SECRET_INIT(JWK_KID_SIZE);
    unsigned char digest[SHA256_DIGEST_LENGTH];
    struct jwk jwk = {.json = FED_SECRET_INIT(JWK_JSON_MAX)};
    int r = FED_E_CRYPTO;

    if (!is_ec && EVP_PKEY_get_base_id(key) != EVP_PKEY_RSA)
        goto out;
    (void)snprintf(jwk.alg, sizeof(jwk.alg), "%s", is_ec ? "ES256" : "RS256");
    if ((r = add_required(&required, key, is_ec)) != 0 ||
        (r = fed_secret_addf(&hashed, "{%s}", fed_secret_str(&required))) != 0)
        goto out;
    (void)SHA256(hashed.data, hashed.len, digest);
    if ((r = jwk_add_base64(&kid, digest, sizeof(digest))) != 0)
        goto out;
    memcpy(jwk.kid, kid.data, kid.len + 1);
    r = fed_secret_addf(&jwk.json, "{\"use\":\"sig\",\"alg\":\"%s\",\"kid\":\"%s\",%s}", jwk.alg,
        jwk.kid, fed_secret_str(&required));
    if (r == 0) {
        *ret = jwk;
        jwk.json = FED_SECRET_INIT(0);
    }

out:
    fed_secret_done(&required);
    fed_secret_done(&hashed);
    fed_secret_done(&kid);
    jwk_done(&jwk);
    return r;
}

int
jwk_of_der(const void *der, size_t len, struct jwk *ret)
{
    const unsigned char *p = der;
    int r = FED_E_CRYPTO;

    EVP_PKEY *key = d2i_PUBKEY(NULL, &p, (long)len);
    if (key != NULL)
        r = jwk_make(key, ret);
    EVP_PKEY_free(key);
    return r;
}

void
jwk_done(struct jwk *jwk)
{
    if (jwk != NULL)
        fed_secret_done(&jwk->json);
}
