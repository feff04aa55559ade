/*
 * A ring of HMAC-SHA-256 over SID and password, under a key that is drawn at start and never leaves.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ldap/tries.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

enum { KEY_SIZE = 32, MARK_SIZE = 32 };

struct mark {
    int64_t until_ms; /* 0 = none */
    unsigned char bytes[MARK_SIZE];
};

struct tries {
    struct fed_secret key;
    pthread_mutex_t lock; /* the two below */
    struct mark ring[TRIES_KEPT];
    size_t next;
};

int
tries_new(struct tries **ret)
{
    struct tries *tries = calloc(1, sizeof(*tries));
    int r;

    if (tries == NULL)
        return FED_E_NOMEM;
    pthread_mutex_init(&tries->lock, NULL);
    fed_secret_init_locked(&tries->key, KEY_SIZE);
    r = fed_secret_resize(&tries->key, KEY_SIZE);
    if (r == 0 && getrandom(tries->key.data, KEY_SIZE, 0) != KEY_SIZE)
        r = FED_E_CRYPTO;
    if (r != 0) {
        tries_free(tries);
        return r;
    }
    *ret = tries;
    return 0;
}

void
tries_free(struct tries *tries)
{
    if (tries == NULL)
        return;
    fed_secret_done(&tries->key);
    pthread_mutex_destroy(&tries->lock);
    explicit_bzero(tries, sizeof(*tries));
    free(tries);
}

/* The SID has the same bytes in each of its structs, length first, so that no two inputs run together. */
static bool
make_mark(const struct tries *tries, const struct sid *sid, const struct fed_secret *password,
    unsigned char ret[MARK_SIZE])
{
    struct fed_secret input = FED_SECRET_INIT(sizeof(*sid) + 1024);
    unsigned len = 0;
    bool made =
        fed_secret_add(&input, sid, sizeof(*sid)) == 0 &&
        fed_secret_add(&input, password->data, password->len) == 0 &&
        HMAC(EVP_sha256(), tries->key.data, KEY_SIZE, input.data, input.len, ret, &len) != NULL &&
        len == MARK_SIZE;

    fed_secret_done(&input);
    return made;
}

bool
tries_rejected(
    struct tries *tries, const struct sid *sid, const struct fed_secret *password, int64_t now_ms)
{
    unsigned char mark[MARK_SIZE];
    bool found = false;

    if (!make_mark(tries, sid, password, mark))
        return false;
    pthread_mutex_lock(&tries->lock);
    for (size_t i = 0; i < TRIES_KEPT && !found; i++)
        found = tries->ring[i].until_ms > now_ms &&
                CRYPTO_memcmp(tries->ring[i].bytes, mark, MARK_SIZE) == 0;
    pthread_mutex_unlock(&tries->lock);
    explicit_bzero(mark, sizeof(mark));
    return found;
}

void
tries_note(
    struct tries *tries, const struct sid *sid, const struct fed_secret *password, int64_t now_ms)
{
    struct mark mark = {.until_ms = now_ms + TRIES_KEPT_MS};

    if (!make_mark(tries, sid, password, mark.bytes))
        return;
    pthread_mutex_lock(&tries->lock);
    tries->ring[tries->next] = mark;
    tries->next = (tries->next + 1) % TRIES_KEPT;
    pthread_mutex_unlock(&tries->lock);
    explicit_bzero(&mark, sizeof(mark));
}

void
tries_forget(struct tries *tries, const struct sid *sid, const struct fed_secret *password)
{
    unsigned char mark[MARK_SIZE];

    if (!make_mark(tries, sid, password, mark))
        return;
    pthread_mutex_lock(&tries->lock);
    for (size_t i = 0; i < TRIES_KEPT; i++) {
        if (CRYPTO_memcmp(tries->ring[i].bytes, mark, MARK_SIZE) == 0)
            tries->ring[i].until_ms = 0;
    }
    pthread_mutex_unlock(&tries->lock);
    explicit_bzero(mark, sizeof(mark));
}
