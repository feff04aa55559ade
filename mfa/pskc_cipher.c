/*
 * Keys, MACs and ciphertexts of a PSKC file, by OpenSSL.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "mfa/pskc_cipher_parts.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/hmac.h>

enum { BLOCK = 16 };

void
pskc_cipher_free(struct pskc_cipher *c)
{
    if (c == NULL)
        return;
    fed_secret_done(&c->key);
    fed_secret_done(&c->mac);
    free(c->packages);
    free(c);
}

size_t
pskc_cipher_count(const struct pskc_cipher *c)
{
    return c->n;
}

unsigned
pskc_cipher_line(const struct pskc_cipher *c, size_t i)
{
    return c->packages[i].line;
}

bool
pskc_cipher_is_locked(const struct pskc_cipher *c)
{
    return c->locked;
}

bool
pskc_cipher_wants_passphrase(const struct pskc_cipher *c)
{
    return c->derived;
}

/* ---- What is left ---- */

/* A range is left out; false when it begins before what was written already. */
static int
leave_out(const char *data, size_t *at, size_t from, size_t to, struct fed_secret *ret)
{
    if (to == 0)
        return 0;
    if (from < *at || to < from)
        return FED_E_INVALID;
    int r = fed_secret_add(ret, data + *at, from - *at);
    *at = to;
    return r;
}

int
pskc_cipher_rest(const struct pskc_cipher *c, const void *data, size_t len, struct fed_secret *ret)
{
    size_t at = 0;
    int r;

    fed_secret_clear(ret);
    if ((r = leave_out(data, &at, c->key_from, c->key_to, ret)) != 0 ||
        (r = leave_out(data, &at, c->mac_from, c->mac_to, ret)) != 0)
        return r;
    for (size_t i = 0; i < c->n; i++) {
        if ((r = leave_out(data, &at, c->packages[i].from, c->packages[i].to, ret)) != 0)
            return r;
    }
    return at <= len ? fed_secret_add(ret, (const char *)data + at, len - at) : FED_E_INVALID;
}

/* ---- Opening ---- */

/*
 * XML Encryption's CBC: the IV first; the last byte of the last block tells how many bytes are padding, and the others of
 * them may be anything, so OpenSSL's own padding check would refuse them.
 */
static int
decrypt(const struct fed_secret *key, const struct pskc_value *v, struct fed_secret *ret)
{
    const EVP_CIPHER *cipher = v->key_size == 16   ? EVP_aes_128_cbc()
                               : v->key_size == 24 ? EVP_aes_192_cbc()
                                                   : EVP_aes_256_cbc();
    struct fed_secret plain = FED_SECRET_INIT(PSKC_VALUE_MAX);
    EVP_CIPHER_CTX *ctx = NULL;
    int r = FED_E_CRYPTO, n;

    if (key->len != v->key_size || v->len < 2 * BLOCK || v->len % BLOCK != 0)
        return FED_E_CRYPTO;
    if ((ctx = EVP_CIPHER_CTX_new()) == NULL || fed_secret_resize(&plain, v->len - BLOCK) != 0) {
        r = FED_E_NOMEM;
        goto out;
    }
    if (EVP_DecryptInit_ex2(ctx, cipher, key->data, v->bytes, NULL) != 1 ||
        EVP_CIPHER_CTX_set_padding(ctx, 0) != 1 ||
        EVP_DecryptUpdate(ctx, plain.data, &n, v->bytes + BLOCK, (int)plain.len) != 1 ||
        (size_t)n != plain.len)
        goto out;
    size_t padding = plain.data[plain.len - 1];
    if (padding == 0 || padding > BLOCK || padding >= plain.len)
        goto out;
    r = fed_secret_set(ret, plain.data, plain.len - padding);

out:
    EVP_CIPHER_CTX_free(ctx);
    fed_secret_done(&plain);
    return r;
}

static int
hex_digit(unsigned char d)
{
    return d >= '0' && d <= '9'                     ? d - '0'
           : (d | 0x20) >= 'a' && (d | 0x20) <= 'f' ? (d | 0x20) - 'a' + 10
                                                    : -1;
}

static int
take_key(const struct fed_secret *given, struct fed_secret *ret)
{
    if (given->len != 32 && given->len != 48 && given->len != 64)
        return FED_E_INVALID;
    fed_secret_clear(ret);
    for (size_t i = 0; i < given->len; i += 2) {
        int high = hex_digit(given->data[i]), low = hex_digit(given->data[i + 1]);
        if (high < 0 || low < 0)
            return FED_E_INVALID;
        int r = fed_secret_add_byte(ret, (unsigned char)(high << 4 | low));
        if (r != 0)
            return r;
    }
    return 0;
}

/* Without a KeyLength, as long as the secrets' algorithm wants it. */
static int
derive(struct pskc_cipher *c, const struct fed_secret *passphrase)
{
    size_t len = c->key_length;

    for (size_t i = 0; i < c->n && len == 0; i++)
        len = c->packages[i].secret.key_size;
    if (passphrase->len == 0)
        return FED_E_INVALID;
    int r = fed_secret_resize(&c->key, len);
    if (r == 0 &&
        PKCS5_PBKDF2_HMAC((const char *)passphrase->data, (int)passphrase->len, c->salt.bytes,
            (int)c->salt.len, (int)c->iterations, c->prf, (int)len, c->key.data) != 1)
        r = FED_E_CRYPTO;
    return r;
}

/* Without a MACKey the key itself is the MAC's as well. */
int
pskc_cipher_unlock(struct pskc_cipher *c, const struct fed_secret *given)
{
    int r = c->derived ? derive(c, given) : take_key(given, &c->key);

    if (r == 0)
        r = c->mac_key.len == 0 ? fed_secret_set(&c->mac, c->key.data, c->key.len)
                                : decrypt(&c->key, &c->mac_key, &c->mac);
    if (r != 0)
        fed_secret_clear(&c->mac);
    return r;
}

int
pskc_cipher_open(const struct pskc_cipher *c, size_t i, struct fed_secret *ret)
{
    const struct pskc_package *p = &c->packages[i];
    unsigned char mac[EVP_MAX_MD_SIZE];
    unsigned len = 0;

    if (!p->locked)
        return FED_E_NOT_FOUND;
    if (c->mac.len == 0)
        return FED_E_INVALID;
    if (HMAC(c->mac_method, c->mac.data, (int)c->mac.len, p->secret.bytes, p->secret.len, mac,
            &len) == NULL ||
        !fed_secret_equal(mac, len, p->mac.bytes, p->mac.len))
        return FED_E_CRYPTO;
    return decrypt(&c->key, &p->secret, ret);
}
