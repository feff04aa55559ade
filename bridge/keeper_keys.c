/*
 * Loading the keys, and the answers.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "bridge/keeper_keys.h"

#include <stdio.h>
#include <string.h>

#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509.h>

#include "bridge/keeper_wire.h"
#include "conf/keyfile.h"
#include "mfa/seal.h"

enum { FILE_MAX = 64 * 1024, RSA_BITS_MIN = 2048, RSA_BITS_MAX = 4096, P256_BYTES = 32 };

/* ---- Loading ---- */

static int
load_seal_key(const char *path, struct fed_secret *ret, char *why, size_t why_size)
{
    struct fed_secret text;

    if (path == NULL) {
        (void)snprintf(why, why_size, "no [mfa] seal-key is configured: name a file");
        return FED_E_CONFIG;
    }
    fed_secret_init_locked(&text, FILE_MAX);
    int r = keyfile_read(path, true, &text, why, why_size);
    if (r == 0 && (r = seal_key_parse(text.data, text.len, ret)) != 0)
        (void)snprintf(why, why_size,
            "\"%s\": not a seal key of 64 hexadecimal digits, or up to four, a line each: make one "
            "with openssl rand -hex 32",
            path);
    fed_secret_done(&text);
    return r;
}

/* An encrypted key must not make OpenSSL ask for a password on whatever terminal there is. */
static int
no_password(char *to, int size, int writing, void *arg)
{
    (void)to, (void)size, (void)writing, (void)arg;
    return -1;
}

static bool
is_rsa(const EVP_PKEY *key)
{
    return EVP_PKEY_get_base_id(key) == EVP_PKEY_RSA && EVP_PKEY_get_bits(key) >= RSA_BITS_MIN &&
           EVP_PKEY_get_bits(key) <= RSA_BITS_MAX;
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

int
keeper_keys_read(const char *path, bool may_be_ec, EVP_PKEY **ret, char *why, size_t why_size)
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
    } else if (!is_rsa(key) && !(may_be_ec && is_p256(key))) {
        (void)snprintf(why, why_size, "\"%s\": not an RSA key of %d to %d bits%s: make a new one",
            path, RSA_BITS_MIN, RSA_BITS_MAX, may_be_ec ? " nor one on P-256" : "");
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

static int
check_certificate(
    const char *key_path, const char *path, const EVP_PKEY *key, char *why, size_t why_size)
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
    } else if (X509_check_private_key(certificate, key) != 1) {
        (void)snprintf(why, why_size,
            "\"%s\" is not the key of the certificate \"%s\": name the pair that belongs together",
            key_path, path);
    } else {
        r = 0;
    }

out:
    X509_free(certificate);
    (void)BIO_free(bio);
    fed_secret_done(&pem);
    return r;
}

static int
load_saml_key(const struct conf_saml *saml, EVP_PKEY **ret, char *why, size_t why_size)
{
    if (saml->key == NULL)
        return 0;
    if (saml->certificate == NULL) {
        (void)snprintf(
            why, why_size, "\"%s\": no [saml] certificate is configured for this key", saml->key);
        return FED_E_CONFIG;
    }
    int r = keeper_keys_read(saml->key, false, ret, why, why_size);
    return r != 0 ? r : check_certificate(saml->key, saml->certificate, *ret, why, why_size);
}

int
keeper_keys_load(const struct conf *conf, struct keeper_keys *ret_keys, char *why, size_t why_size)
{
    struct keeper_keys keys = {.signing = NULL};

    fed_secret_init_locked(&keys.seal, SEAL_KEYS_MAX * SEAL_KEY_SIZE);
    int r = load_seal_key(conf->mfa.seal_key, &keys.seal, why, why_size);
    if (r == 0)
        r = load_saml_key(&conf->saml, &keys.signing, why, why_size);
    if (r == 0 && conf->oidc.key != NULL)
        r = keeper_keys_read(conf->oidc.key, true, &keys.token, why, why_size);
    ERR_clear_error();
    if (r != 0) {
        if (r == FED_E_NOMEM)
            (void)snprintf(why, why_size, "%s", fed_strerror(r));
        keeper_keys_done(&keys);
        return r;
    }
    *ret_keys = keys;
    return 0;
}

void
keeper_keys_done(struct keeper_keys *keys)
{
    if (keys == NULL)
        return;
    fed_secret_done(&keys->seal);
    EVP_PKEY_free(keys->signing);
    EVP_PKEY_free(keys->token);
    keys->signing = keys->token = NULL;
}

/* ---- Answering ---- */

static int
seal(const struct keeper_keys *keys, const struct keeper_request *q, struct fed_secret *ret_blob,
    struct fed_secret *ret_seed)
{
    int r;

    if (q->data_len != 0) {
        r = fed_secret_set(ret_seed, q->data, q->data_len);
    } else {
        r = fed_secret_resize(ret_seed, q->fresh_len);
        if (r == 0 && RAND_priv_bytes(ret_seed->data, (int)q->fresh_len) != 1)
            r = FED_E_CRYPTO;
    }
    return r != 0 ? r : seal_close(&keys->seal, q->sid, ret_seed, ret_blob);
}

/* Sealed anew with the first key, if it is not already. The seed stays here as well. */
static int
reseal(const struct keeper_keys *keys, const struct keeper_request *q, struct fed_secret *ret_blob)
{
    struct fed_secret seed = FED_SECRET_INIT(TOTP_SEED_MAX);

    int r = seal_open(&keys->seal, q->sid, q->data, q->data_len, &seed);
    if (r == 0 && seal_is_current(&keys->seal, q->data, q->data_len))
        r = fed_secret_set(ret_blob, q->data, q->data_len);
    else if (r == 0)
        r = seal_close(&keys->seal, q->sid, &seed, ret_blob);
    fed_secret_done(&seed);
    return r;
}

/* The seed stays in this function: what leaves is a time step (I-34). */
static int
verify(const struct keeper_keys *keys, const struct keeper_request *q, uint64_t *ret_step)
{
    struct fed_secret seed = FED_SECRET_INIT(TOTP_SEED_MAX);

    int r = seal_open(&keys->seal, q->sid, q->data, q->data_len, &seed);
    if (r == 0)
        r = totp_check(&q->params, &seed, q->code, q->code_len, q->now_s, ret_step);
    fed_secret_done(&seed);
    return r;
}

/* A record or a piece, or back. It holds no seed in the clear: those in it are sealed once more, and stay so. */
static int
wrap(const struct keeper_keys *keys, const struct keeper_request *q, struct fed_secret *ret)
{
    struct fed_secret record = FED_SECRET_INIT(SEAL_RECORD_MAX);

    if (q->question == KEEPER_UNWRAP)
        return seal_open_record(&keys->seal, q->sid, q->data, q->data_len, ret);
    if (q->question == KEEPER_UNPACK)
        return seal_open_piece(&keys->seal, q->sid, q->data, q->data_len, ret);
    int r = fed_secret_set(&record, q->data, q->data_len);
    if (r == 0 && q->question == KEEPER_PACK)
        r = seal_close_piece(&keys->seal, q->sid, &record, ret);
    else if (r == 0)
        r = seal_close_record(&keys->seal, q->sid, &record, ret);
    fed_secret_done(&record);
    return r;
}

/*
 * RSASSA-PKCS1-v1_5 with SHA-256 (RFC 8017 section 8.2), the padding that AWS's metadata check knows and JOSE's RS256;
 * of an EC key, ECDSA in DER.
 */
static int
sign(EVP_PKEY *key, const struct keeper_request *q, struct fed_secret *ret)
{
    EVP_MD_CTX *ctx = NULL;
    size_t len = 0;
    int r = FED_E_CRYPTO;

    if (key == NULL)
        return FED_E_CONFIG;
    if ((ctx = EVP_MD_CTX_new()) == NULL)
        return FED_E_NOMEM;
    if (EVP_DigestSignInit(ctx, NULL, EVP_sha256(), NULL, key) != 1 ||
        EVP_DigestSign(ctx, NULL, &len, q->data, q->data_len) != 1 ||
        (r = fed_secret_resize(ret, len)) != 0)
        goto out;
    r = FED_E_CRYPTO;
    if (EVP_DigestSign(ctx, ret->data, &len, q->data, q->data_len) == 1)
        r = fed_secret_resize(ret, len);

out:
    EVP_MD_CTX_free(ctx);
    return r;
}

/* RFC 7518 section 3.4: R and S as 32 bytes each, where OpenSSL writes a SEQUENCE of two INTEGERs. */
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

static int
sign_token(const struct keeper_keys *keys, const struct keeper_request *q, struct fed_secret *ret)
{
    int r = sign(keys->token, q, ret);

    return r == 0 && is_p256(keys->token) ? unwrap_ecdsa(ret) : r;
}

static int
give_public(const struct keeper_keys *keys, struct fed_secret *ret)
{
    unsigned char *der = NULL;

    if (keys->token == NULL)
        return FED_E_CONFIG;
    int len = i2d_PUBKEY(keys->token, &der);
    int r = len > 0 ? fed_secret_set(ret, der, (size_t)len) : FED_E_CRYPTO;
    OPENSSL_free(der);
    return r;
}

static int
answer(const struct keeper_keys *keys, const struct keeper_request *q, struct keeper_reply *a,
    struct fed_secret *text, struct fed_secret *seed)
{
    switch (q->question) {
    case KEEPER_SEAL:
        return seal(keys, q, text, seed);
    case KEEPER_VERIFY:
        return verify(keys, q, &a->step);
    case KEEPER_SIGN:
        return sign(keys->signing, q, text);
    case KEEPER_TOKEN:
        return sign_token(keys, q, text);
    case KEEPER_PUBLIC:
        return give_public(keys, text);
    case KEEPER_WRAP:
    case KEEPER_UNWRAP:
    case KEEPER_PACK:
    case KEEPER_UNPACK:
        return wrap(keys, q, text);
    case KEEPER_RESEAL:
        return reseal(keys, q, text);
    case KEEPER_READY:
        break;
    }
    return FED_E_PROTO;
}

int
keeper_keys_answer(
    const struct keeper_keys *keys, const void *packet, size_t len, struct fed_secret *ret_reply)
{
    struct keeper_request q = {.question = KEEPER_SIGN};
    struct keeper_reply a = {0};
    struct fed_secret text = FED_SECRET_INIT(KEEPER_TEXT_MAX);
    struct fed_secret seed = FED_SECRET_INIT(TOTP_SEED_MAX);

    int r = keeper_wire_get_request(packet, len, &q);
    if (r == 0)
        r = answer(keys, &q, &a, &text, &seed);
    ERR_clear_error();

    a.status = r;
    a.question = q.question;
    if (r == 0) {
        a.text = text.data;
        a.text_len = text.len;
        a.seed = seed.data;
        a.seed_len = seed.len;
    }
    r = keeper_wire_put_reply(&a, ret_reply);
    fed_secret_done(&text);
    fed_secret_done(&seed);
    return r;
}
