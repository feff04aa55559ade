/*
 * Seeds at rest, by OpenSSL's EVP interface. All that a blob says besides the ciphertext is
 * authenticated; what decrypts goes to a buffer of our own until the tag has been checked.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "mfa/seal.h"

#include <string.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <openssl/sha.h>

#include "base/text.h"
#include "mfa/totp.h"

enum {
    SEED = 1, /* what is inside: one kind never opens as another */
    RECORD = 2,
    PIECE = 3,
    KEY_ID_SIZE = 4,
    HEAD_SIZE = 1 + KEY_ID_SIZE, /* kind and key id: authenticated, not encrypted */
    NONCE_SIZE = 12,
    TAG_SIZE = 16,
    HEX_SIZE = 2 * SEAL_KEY_SIZE,
    BASE64_SIZE = 44, /* of a key */
};

_Static_assert((int)HEAD_SIZE == (int)SEAL_HEAD, "the head in seal.h");
_Static_assert(HEAD_SIZE + NONCE_SIZE + TAG_SIZE == SEAL_OVERHEAD, "the blob's form in seal.h");
_Static_assert((int)SEAL_RECORD_MAX > (int)TOTP_SEED_MAX, "room for either kind");
_Static_assert(SEAL_BLOB_MAX == SEAL_OVERHEAD + TOTP_SEED_MAX, "the longest seed fits");

static int
hex_digit(unsigned char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

/* 64 digits, appended. */
static int
parse_hex(const unsigned char *p, struct fed_secret *to)
{
    int r = 0;

    for (size_t i = 0; i < SEAL_KEY_SIZE && r == 0; i++) {
        int high = hex_digit(p[2 * i]), low = hex_digit(p[2 * i + 1]);
        r = high < 0 || low < 0 ? FED_E_CONFIG
                                : fed_secret_add_byte(to, (unsigned char)(high << 4 | low));
    }
    return r;
}

/* 43 characters and one "=" (RFC 4648 section 4), appended. The decoder takes a "=" for a zero: here it is none. */
static int
parse_base64(const unsigned char *p, struct fed_secret *to)
{
    static const char alphabet[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    unsigned char key[SEAL_KEY_SIZE + 1];
    int r = FED_E_CONFIG;

    for (size_t i = 0; i < BASE64_SIZE - 1; i++)
        if (memchr(alphabet, p[i], sizeof(alphabet) - 1) == NULL)
            return FED_E_CONFIG;
    if (p[BASE64_SIZE - 1] == '=' && EVP_DecodeBlock(key, p, BASE64_SIZE) == (int)sizeof(key))
        r = fed_secret_add(to, key, SEAL_KEY_SIZE);
    OPENSSL_cleanse(key, sizeof(key));
    return r;
}

/* A key that is text, in whatever language, is somebody's password, and not what came out of a generator. */
static bool
is_raw(const unsigned char *p, size_t len)
{
    if (len != SEAL_KEY_SIZE)
        return false;
    for (size_t i = 0; i < len; i++)
        if ((p[i] < ' ' || p[i] == 0x7f) && memchr("\t\r\n", p[i], 3) == NULL)
            return true;
    return !text_is_utf8(p, len);
}

/* The same key twice is a slip of who changed it. */
static bool
all_differ(const struct fed_secret *keys)
{
    for (size_t i = 0; i < keys->len; i += SEAL_KEY_SIZE)
        for (size_t k = 0; k < i; k += SEAL_KEY_SIZE)
            if (fed_secret_equal(keys->data + i, SEAL_KEY_SIZE, keys->data + k, SEAL_KEY_SIZE))
                return false;
    return true;
}

static bool
is_blank(unsigned char c)
{
    return memchr(" \t\r\n", c, 4) != NULL;
}

/* The key at *at, which steps to the next line's, or to the end. */
static int
parse_line(const unsigned char *p, size_t len, size_t *at, struct fed_secret *to)
{
    size_t begin = *at, end = begin;
    int r = FED_E_CONFIG;

    while (end < len && !is_blank(p[end]))
        end++;
    if (end - begin == HEX_SIZE)
        r = parse_hex(p + begin, to);
    else if (end - begin == BASE64_SIZE)
        r = parse_base64(p + begin, to);
    if (r != 0)
        return r == FED_E_TOO_BIG ? FED_E_CONFIG : r;
    *at = end;
    while (*at < len && is_blank(p[*at]))
        (*at)++;
    return *at < len && memchr(p + end, '\n', *at - end) == NULL ? FED_E_CONFIG : 0;
}

int
seal_key_parse(const void *text, size_t len, struct fed_secret *ret)
{
    struct fed_secret keys = FED_SECRET_INIT(SEAL_KEYS_MAX * SEAL_KEY_SIZE);
    size_t at = 0;
    int r;

    if (is_raw(text, len))
        return fed_secret_set(ret, text, len);
    do
        r = parse_line(text, len, &at, &keys);
    while (r == 0 && at < len);
    if (r == 0)
        r = all_differ(&keys) ? fed_secret_set(ret, keys.data, keys.len) : FED_E_CONFIG;
    fed_secret_done(&keys);
    return r;
}

/* The five bytes that a blob of this key begins with. */
static bool
make_head(const unsigned char *key, unsigned char kind, unsigned char ret[HEAD_SIZE])
{
    unsigned char digest[SHA256_DIGEST_LENGTH];

    if (SHA256(key, SEAL_KEY_SIZE, digest) == NULL)
        return false;
    ret[0] = kind;
    memcpy(ret + 1, digest, KEY_ID_SIZE);
    return true;
}

static bool
is_ring(const struct fed_secret *keys)
{
    return keys->len >= SEAL_KEY_SIZE && keys->len % SEAL_KEY_SIZE == 0;
}

/* The key of the ring that a blob was sealed with, by its head; NULL for one of another ring. */
static const unsigned char *
find_key(const struct fed_secret *keys, unsigned char kind, const void *blob,
    unsigned char ret_head[HEAD_SIZE])
{
    for (size_t i = 0; is_ring(keys) && i < keys->len; i += SEAL_KEY_SIZE) {
        if (make_head(keys->data + i, kind, ret_head) && memcmp(blob, ret_head, HEAD_SIZE) == 0)
            return keys->data + i;
    }
    return NULL;
}

bool
seal_is_current(const struct fed_secret *key, const void *blob, size_t blob_len)
{
    unsigned char head[HEAD_SIZE];

    return is_ring(key) && blob_len >= HEAD_SIZE && make_head(key->data, SEED, head) &&
           memcmp(blob, head, HEAD_SIZE) == 0;
}

/* Key, nonce and associated data into a fresh context, in one direction or the other. */
static bool
begin(EVP_CIPHER_CTX *ctx, const unsigned char *key, const unsigned char *head,
    const unsigned char *nonce, const char *sid, bool encrypt)
{
    size_t sid_len = strlen(sid);
    int n;

    return sid_len > 0 && sid_len < 192 &&
           EVP_CipherInit_ex2(ctx, EVP_aes_256_gcm(), key, nonce, encrypt, NULL) == 1 &&
           EVP_CipherUpdate(ctx, NULL, &n, head, HEAD_SIZE) == 1 &&
           EVP_CipherUpdate(ctx, NULL, &n, (const unsigned char *)sid, (int)sid_len) == 1;
}

static int
close_blob(const struct fed_secret *key, unsigned char kind, const char *sid,
    const struct fed_secret *plain, size_t most, struct fed_secret *ret_blob)
{
    unsigned char blob[SEAL_OVERHEAD + SEAL_RECORD_MAX];
    unsigned char *nonce = blob + HEAD_SIZE, *body = nonce + NONCE_SIZE;
    EVP_CIPHER_CTX *ctx = NULL;
    int r = FED_E_CRYPTO, n;

    if (plain->len > most)
        return FED_E_TOO_BIG;
    if (plain->len == 0 || !is_ring(key) || !make_head(key->data, kind, blob))
        return FED_E_CRYPTO;
    /* A random nonce of 96 bits is sound up to 2^32 seals with one key (NIST SP 800-38D 8.3). */
    if (RAND_bytes(nonce, NONCE_SIZE) != 1)
        return FED_E_CRYPTO;
    if ((ctx = EVP_CIPHER_CTX_new()) == NULL)
        return FED_E_NOMEM;

    unsigned char *tag = body + plain->len;
    if (!begin(ctx, key->data, blob, nonce, sid, true) ||
        EVP_CipherUpdate(ctx, body, &n, plain->data, (int)plain->len) != 1 ||
        EVP_CipherFinal_ex(ctx, tag, &n) != 1 ||
        EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_GET_TAG, TAG_SIZE, tag) != 1)
        goto out;
    r = fed_secret_add(ret_blob, blob, SEAL_OVERHEAD + plain->len);

out:
    EVP_CIPHER_CTX_free(ctx);
    return r;
}

static int
open_blob(const struct fed_secret *key, unsigned char kind, const char *sid, const void *blob,
    size_t blob_len, size_t most, struct fed_secret *ret_plain)
{
    unsigned char expected[HEAD_SIZE], tag[TAG_SIZE], rest[EVP_MAX_BLOCK_LENGTH];
    struct fed_secret plain = FED_SECRET_INIT(most);
    EVP_CIPHER_CTX *ctx = NULL;
    int r = FED_E_CRYPTO, n;

    if (blob_len <= SEAL_OVERHEAD || blob_len - SEAL_OVERHEAD > most)
        return FED_E_CRYPTO;
    const unsigned char *with = find_key(key, kind, blob, expected);
    if (with == NULL)
        return FED_E_CRYPTO;
    const unsigned char *nonce = (const unsigned char *)blob + HEAD_SIZE;
    const unsigned char *body = nonce + NONCE_SIZE;
    size_t plain_len = blob_len - SEAL_OVERHEAD;
    memcpy(tag, body + plain_len, TAG_SIZE);
    if ((ctx = EVP_CIPHER_CTX_new()) == NULL || fed_secret_resize(&plain, plain_len) != 0) {
        r = FED_E_NOMEM;
        goto out;
    }

    if (!begin(ctx, with, expected, nonce, sid, false) ||
        EVP_CipherUpdate(ctx, plain.data, &n, body, (int)plain_len) != 1 ||
        EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_TAG, TAG_SIZE, tag) != 1 ||
        EVP_CipherFinal_ex(ctx, rest, &n) != 1)
        goto out;
    r = fed_secret_set(ret_plain, plain.data, plain.len);

out:
    EVP_CIPHER_CTX_free(ctx);
    fed_secret_done(&plain);
    return r;
}

int
seal_close(const struct fed_secret *key, const char *sid, const struct fed_secret *seed,
    struct fed_secret *ret_blob)
{
    return close_blob(key, SEED, sid, seed, TOTP_SEED_MAX, ret_blob);
}

int
seal_open(const struct fed_secret *key, const char *sid, const void *blob, size_t blob_len,
    struct fed_secret *ret_seed)
{
    return open_blob(key, SEED, sid, blob, blob_len, TOTP_SEED_MAX, ret_seed);
}

int
seal_close_record(const struct fed_secret *key, const char *sid, const struct fed_secret *record,
    struct fed_secret *ret_blob)
{
    return close_blob(key, RECORD, sid, record, SEAL_RECORD_MAX, ret_blob);
}

int
seal_open_record(const struct fed_secret *key, const char *sid, const void *blob, size_t blob_len,
    struct fed_secret *ret_record)
{
    return open_blob(key, RECORD, sid, blob, blob_len, SEAL_RECORD_MAX, ret_record);
}

int
seal_close_piece(const struct fed_secret *key, const char *place, const struct fed_secret *piece,
    struct fed_secret *ret_blob)
{
    return close_blob(key, PIECE, place, piece, SEAL_RECORD_MAX, ret_blob);
}

int
seal_open_piece(const struct fed_secret *key, const char *place, const void *blob, size_t blob_len,
    struct fed_secret *ret_piece)
{
    return open_blob(key, PIECE, place, blob, blob_len, SEAL_RECORD_MAX, ret_piece);
}
