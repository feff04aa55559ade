/*
 * Reading a key, and signing with it.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "bridge/signing_key.h"

#include <stdio.h>
#include <string.h>

#include <openssl/ec.h>
#include <openssl/pem.h>

#include "conf/keyfile.h"

enum { FILE_MAX = 64 * 1024, P256_BYTES = 32 };

static bool
is_rsa(const EVP_PKEY *key)
{
    return EVP_PKEY_get_base_id(key) == EVP_PKEY_RSA &&
           EVP_PKEY_get_bits(key) >= SIGNING_KEY_BITS_MIN &&
           EVP_PKEY_get_bits(key) <= SIGNING_KEY_BITS_MAX;
}

static bool
is_p256(const EVP_PKEY *key)
{
    char group[32];
    size_t len;

    return EVP_PKEY_get_base_id(key) == EVP_PKEY_EC &&
           EVP_PKEY_get_group_name(key, group, sizeof(group), &len) == 1 &&
           strcmp(group, "prime256v1") == 0;
}

bool
signing_key_fits(const EVP_PKEY *key, bool may_be_ec)
{
    return is_rsa(key) || (may_be_ec && is_p256(key));
}

/* ---- Files ---- */

/* An encrypted key must not make OpenSSL ask for a password on whatever terminal there is. */
static int
no_password(char *to, int size, int writing, void *arg)
{
    (void)to, (void)size, (void)writing, (void)arg;
    return -1;
}

int
signing_key_read(const char *path, bool may_be_ec, EVP_PKEY **ret, char *why, size_t why_size)
{
    struct fed_secret pem;
    BIO *bio = NULL;
    EVP_PKEY *key = NULL;

    fed_secret_init_locked(&pem, FILE_MAX);
    int r = keyfile_read(path, true, &pem, why, why_size);
    if (r != 0)
        goto out;
    r = FED_E_CONFIG;
    if ((bio = BIO_new_mem_buf(pem.data, (int)pem.len)) == NULL) {
        r = FED_E_NOMEM;
    } else if ((key = PEM_read_bio_PrivateKey(bio, NULL, no_password, NULL)) == NULL) {
        (void)snprintf(why, why_size,
            "\"%s\": not a private key in PEM without a password: write one with openssl genrsa",
            path);
    } else if (!signing_key_fits(key, may_be_ec)) {
        (void)snprintf(why, why_size, "\"%s\": not an RSA key of %d to %d bits%s: make a new one",
            path, SIGNING_KEY_BITS_MIN, SIGNING_KEY_BITS_MAX, may_be_ec ? " nor one on P-256" : "");
    } else {
        *ret = key;
        key = NULL;
        r = 0;
    }

out:
    EVP_PKEY_free(key);
    (void)BIO_free(bio);
    fed_secret_done(&pem);
    return r;
}

int
signing_key_certificate(const char *path, X509 **ret, char *why, size_t why_size)
{
    struct fed_secret pem = FED_SECRET_INIT(FILE_MAX);
    BIO *bio = NULL;
    X509 *certificate = NULL;

    int r = keyfile_read(path, false, &pem, why, why_size);
    if (r != 0)
        goto out;
    r = FED_E_CONFIG;
    if ((bio = BIO_new_mem_buf(pem.data, (int)pem.len)) == NULL) {
        r = FED_E_NOMEM;
    } else if ((certificate = PEM_read_bio_X509(bio, NULL, no_password, NULL)) == NULL) {
        (void)snprintf(why, why_size, "\"%s\": not a certificate in PEM", path);
    } else {
        *ret = certificate;
        r = 0;
    }

out:
    (void)BIO_free(bio);
    fed_secret_done(&pem);
    return r;
}

/* ---- Signing ---- */

int
signing_key_sign(EVP_PKEY *key, const void *data, size_t len, struct fed_secret *ret)
{
    EVP_MD_CTX *ctx = NULL;
    size_t size = 0;
    int r = FED_E_CRYPTO;

    if (key == NULL)
        return FED_E_CONFIG;
    if ((ctx = EVP_MD_CTX_new()) == NULL)
        return FED_E_NOMEM;
    if (EVP_DigestSignInit(ctx, NULL, EVP_sha256(), NULL, key) != 1 ||
        EVP_DigestSign(ctx, NULL, &size, data, len) != 1 || (r = fed_secret_resize(ret, size)) != 0)
        goto out;
    r = FED_E_CRYPTO;
    if (EVP_DigestSign(ctx, ret->data, &size, data, len) == 1)
        r = fed_secret_resize(ret, size);

out:
    EVP_MD_CTX_free(ctx);
    return r;
}

/* OpenSSL writes a SEQUENCE of two INTEGERs. */
static int
unwrap_ecdsa(struct fed_secret *signature)
{
    unsigned char raw[2 * P256_BYTES];
    const unsigned char *der = signature->data;
    int r = FED_E_CRYPTO;

    ECDSA_SIG *both = d2i_ECDSA_SIG(NULL, &der, (long)signature->len);
    if (both != NULL && BN_bn2binpad(ECDSA_SIG_get0_r(both), raw, P256_BYTES) == P256_BYTES &&
        BN_bn2binpad(ECDSA_SIG_get0_s(both), raw + P256_BYTES, P256_BYTES) == P256_BYTES)
        r = fed_secret_set(signature, raw, sizeof(raw));
    ECDSA_SIG_free(both);
    return r;
}

int
signing_key_token(EVP_PKEY *key, const void *data, size_t len, struct fed_secret *ret)
{
    int r = signing_key_sign(key, data, len, ret);

    return r == 0 && is_p256(key) ? unwrap_ecdsa(ret) : r;
}

int
signing_key_public(const EVP_PKEY *key, struct fed_secret *ret)
{
    unsigned char *der = NULL;

    if (key == NULL)
        return FED_E_CONFIG;
    int len = i2d_PUBKEY(key, &der);
    int r = len > 0 ? fed_secret_set(ret, der, (size_t)len) : FED_E_CRYPTO;
    OPENSSL_free(der);
    return r;
}
