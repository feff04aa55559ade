/*
 * Making and recognising recovery codes.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "mfa/recovery.h"

#include <pthread.h>
#include <string.h>

#include <openssl/evp.h>
#include <openssl/rand.h>

#include "mfa/handcode.h"

enum { CODE_LEN = 10, SCRYPT_N = 16384, SCRYPT_R = 8, SCRYPT_P = 1 };
static const uint64_t scrypt_memory = 32 * 1024 * 1024; /* the bound for OpenSSL; 16 MiB are used */

/* Sixteen mebibytes a hash: one at a time, however many workers are asked. */
static pthread_mutex_t hashing = PTHREAD_MUTEX_INITIALIZER;

static int
hash(const char code[CODE_LEN], const unsigned char salt[RECORD_SALT_SIZE],
    unsigned char ret[RECORD_HASH_SIZE])
{
    (void)pthread_mutex_lock(&hashing);
    int done = EVP_PBE_scrypt(code, CODE_LEN, salt, RECORD_SALT_SIZE, SCRYPT_N, SCRYPT_R, SCRYPT_P,
        scrypt_memory, ret, RECORD_HASH_SIZE);
    (void)pthread_mutex_unlock(&hashing);
    return done == 1 ? 0 : FED_E_CRYPTO;
}

int
recovery_make(struct recovery_set *ret_set, struct fed_secret *ret_text)
{
    char code[CODE_LEN];
    int r = 0;

    if (RAND_bytes(ret_set->salt, RECORD_SALT_SIZE) != 1)
        return FED_E_CRYPTO;
    fed_secret_clear(ret_text);
    for (size_t i = 0; i < RECORD_CODES_MAX && r == 0; i++) {
        if ((r = handcode_make(code, sizeof(code))) != 0 ||
            (r = hash(code, ret_set->salt, ret_set->codes[i])) != 0 ||
            (r = handcode_show(code, sizeof(code), ret_text)) != 0)
            break;
        r = fed_secret_add_byte(ret_text, '\n');
    }
    explicit_bzero(code, sizeof(code));
    return r;
}

void
recovery_put(struct record *record, const struct recovery_set *set)
{
    record->n_codes = RECORD_CODES_MAX;
    memcpy(record->salt, set->salt, sizeof(set->salt));
    memcpy(record->codes, set->codes, sizeof(set->codes));
    memset(record->used, 0, sizeof(record->used));
}

bool
recovery_has_form(const void *code, size_t len)
{
    char clean[CODE_LEN];
    bool good = handcode_read(code, len, clean, CODE_LEN);

    explicit_bzero(clean, sizeof(clean));
    return good;
}

int
recovery_find(const struct record *record, const void *code, size_t len, size_t *ret_index)
{
    unsigned char hashed[RECORD_HASH_SIZE];
    char clean[CODE_LEN];
    size_t found = record->n_codes;

    if (!handcode_read(code, len, clean, CODE_LEN) || record->n_codes == 0)
        return FED_E_DENIED;
    int r = hash(clean, record->salt, hashed);
    for (size_t i = 0; r == 0 && i < record->n_codes; i++) {
        if (fed_secret_equal(hashed, sizeof(hashed), record->codes[i], RECORD_HASH_SIZE))
            found = i;
    }
    explicit_bzero(clean, sizeof(clean));
    explicit_bzero(hashed, sizeof(hashed));
    if (r != 0)
        return r;
    if (found == record->n_codes)
        return FED_E_DENIED;
    if (record->used[found])
        return FED_E_REPLAY;
    *ret_index = found;
    return 0;
}
