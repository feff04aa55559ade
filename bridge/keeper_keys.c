/*
 * Loading the keys, and the answers.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "bridge/keeper_keys.h"

#include <stdio.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/rand.h>
#include <openssl/x509.h>

#include "bridge/keeper_wire.h"
#include "bridge/signing_key.h"
#include "conf/key_uri.h"
#include "conf/keyfile.h"
#include "mfa/seal.h"

enum { FILE_MAX = 64 * 1024 };

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
            "\"%s\": not a seal key, 32 random bytes in hexadecimal or base64, nor up to four of "
            "them, a line "
            "each: make one with openssl rand -hex 32",
            path);
    fed_secret_done(&text);
    return r;
}

static int
load_saml_key(const struct conf_saml *saml, EVP_PKEY **ret, char *why, size_t why_size)
{
    X509 *certificate = NULL;

    if (saml->certificate == NULL) {
        (void)snprintf(
            why, why_size, "\"%s\": no [saml] certificate is configured for this key", saml->key);
        return FED_E_CONFIG;
    }
    int r = signing_key_read(saml->key, false, ret, why, why_size);
    if (r == 0)
        r = signing_key_certificate(saml->certificate, &certificate, why, why_size);
    if (r == 0 && X509_check_private_key(certificate, *ret) != 1) {
        (void)snprintf(why, why_size,
            "\"%s\" is not the key of the certificate \"%s\": name the pair that belongs together",
            saml->key, saml->certificate);
        r = FED_E_CONFIG;
    }
    X509_free(certificate);
    return r;
}

int
keeper_keys_load(const struct conf *conf, struct keeper_keys *ret_keys, char *why, size_t why_size)
{
    struct keeper_keys keys = {.signing = NULL};

    fed_secret_init_locked(&keys.seal, SEAL_KEYS_MAX * SEAL_KEY_SIZE);
    int r = load_seal_key(conf->mfa.seal_key, &keys.seal, why, why_size);
    /* A key that lies in a token is the matter of a signer: bridge/signer.h. */
    if (r == 0 && conf->saml.key != NULL && !key_uri_is(conf->saml.key))
        r = load_saml_key(&conf->saml, &keys.signing, why, why_size);
    if (r == 0 && conf->oidc.key != NULL && !key_uri_is(conf->oidc.key))
        r = signing_key_read(conf->oidc.key, true, &keys.token, why, why_size);
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
        return signing_key_sign(keys->signing, q->data, q->data_len, text);
    case KEEPER_TOKEN:
        return signing_key_token(keys->token, q->data, q->data_len, text);
    case KEEPER_PUBLIC:
        return signing_key_public(keys->token, text);
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
