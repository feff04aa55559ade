/*
 * Loading the two keys, and the three answers.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "bridge/keeper_keys.h"

#include <stdio.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509.h>

#include "bridge/keeper_wire.h"
#include "conf/keyfile.h"
#include "mfa/seal.h"

enum { FILE_MAX = 64 * 1024, RSA_BITS_MIN = 2048, RSA_BITS_MAX = 4096 };

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
            "\"%s\": not a seal key of 64 hexadecimal digits: make one with openssl rand -hex 32",
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

static int
load_private_key(const char *path, EVP_PKEY **ret, char *why, size_t why_size)
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
    } else if (EVP_PKEY_get_base_id(key) != EVP_PKEY_RSA || EVP_PKEY_get_bits(key) < RSA_BITS_MIN ||
               EVP_PKEY_get_bits(key) > RSA_BITS_MAX) {
        (void)snprintf(why, why_size, "\"%s\": not an RSA key of %d to %d bits: make a new one",
            path, RSA_BITS_MIN, RSA_BITS_MAX);
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

int
keeper_keys_load(const struct conf *conf, struct keeper_keys *ret_keys, char *why, size_t why_size)
{
    const struct conf_saml *saml = &conf->saml;
    struct keeper_keys keys = {.signing = NULL};

    fed_secret_init_locked(&keys.seal, SEAL_KEY_SIZE);
    int r = load_seal_key(conf->mfa.seal_key, &keys.seal, why, why_size);
    if (r != 0 || saml->key == NULL)
        goto out;
    if (saml->certificate == NULL) {
        (void)snprintf(
            why, why_size, "\"%s\": no [saml] certificate is configured for this key", saml->key);
        r = FED_E_CONFIG;
        goto out;
    }
    r = load_private_key(saml->key, &keys.signing, why, why_size);
    if (r == 0)
        r = check_certificate(saml->key, saml->certificate, keys.signing, why, why_size);

out:
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
    keys->signing = NULL;
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

/* RSASSA-PKCS1-v1_5 with SHA-256 (RFC 8017 section 8.2), the padding that AWS's metadata check knows. */
static int
sign(const struct keeper_keys *keys, const struct keeper_request *q, struct fed_secret *ret)
{
    EVP_MD_CTX *ctx = NULL;
    size_t len = 0;
    int r = FED_E_CRYPTO;

    if (keys->signing == NULL)
        return FED_E_CONFIG;
    if ((ctx = EVP_MD_CTX_new()) == NULL)
        return FED_E_NOMEM;
    if (EVP_DigestSignInit(ctx, NULL, EVP_sha256(), NULL, keys->signing) != 1 ||
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

int
keeper_keys_answer(
    const struct keeper_keys *keys, const void *packet, size_t len, struct fed_secret *ret_reply)
{
    struct keeper_request q = {.question = KEEPER_SIGN};
    struct keeper_reply a = {0};
    struct fed_secret text = FED_SECRET_INIT(KEEPER_TEXT_MAX);
    struct fed_secret seed = FED_SECRET_INIT(TOTP_SEED_MAX);

    int r = keeper_wire_get_request(packet, len, &q);
    if (r == 0 && q.question == KEEPER_SEAL)
        r = seal(keys, &q, &text, &seed);
    else if (r == 0 && q.question == KEEPER_VERIFY)
        r = verify(keys, &q, &a.step);
    else if (r == 0)
        r = sign(keys, &q, &text);
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
