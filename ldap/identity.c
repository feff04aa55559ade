/*
 * The cache of names: buckets of a few places each, in one block that never grows. The hash has a random
 * key, so that nobody can aim at a bucket.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ldap/identity.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/text.h"

enum { BUCKETS = 256, WAYS = 4 };

struct place {
    char name[TEXT_NAME_MAX + 1]; /* lower case; "" = free */
    int64_t until_ms;
    struct addir_person person; /* sid.len 0 = nobody has the name */
};

struct identity_cache {
    pthread_mutex_t lock;
    uint64_t key;
    struct place places[BUCKETS][WAYS];
};

int
identity_new(struct identity_cache **ret)
{
    struct identity_cache *cache = calloc(1, sizeof(*cache));

    if (cache == NULL)
        return FED_E_NOMEM;
    if (getrandom(&cache->key, sizeof(cache->key), 0) != sizeof(cache->key)) {
        free(cache);
        return FED_E_SYSTEM;
    }
    pthread_mutex_init(&cache->lock, NULL);
    *ret = cache;
    return 0;
}

void
identity_free(struct identity_cache *cache)
{
    if (cache == NULL)
        return;
    pthread_mutex_destroy(&cache->lock);
    free(cache);
}

/* FNV-1a from a random start. */
static struct place *
bucket(struct identity_cache *cache, const char *name)
{
    uint64_t hash = cache->key;

    for (; *name != '\0'; name++)
        hash = (hash ^ (unsigned char)*name) * UINT64_C(0x100000001b3);
    return cache->places[(hash ^ hash >> 32) % BUCKETS];
}

int
identity_get(
    struct identity_cache *cache, const char *name, int64_t now_ms, struct addir_person *ret)
{
    char lower[TEXT_NAME_MAX + 1];
    struct place *places = bucket(cache, text_lower(lower, sizeof(lower), name));
    int r = FED_E_NOT_FOUND;

    pthread_mutex_lock(&cache->lock);
    for (size_t i = 0; i < WAYS; i++) {
        const struct place *place = &places[i];
        if (strcmp(place->name, lower) != 0 || place->until_ms <= now_ms)
            continue;
        r = place->person.sid.len == 0 ? FED_E_UNKNOWN_USER : 0;
        if (r == 0)
            *ret = place->person;
    }
    pthread_mutex_unlock(&cache->lock);
    return r;
}

/* Which place goes: the same name's, a free or outdated one, one that says "nobody", the oldest. */
static unsigned
worth(const struct place *place, const char *name, int64_t now_ms)
{
    if (strcmp(place->name, name) == 0)
        return 0;
    if (place->name[0] == '\0' || place->until_ms <= now_ms)
        return 1;
    return place->person.sid.len == 0 ? 2 : 3;
}

void
identity_put(struct identity_cache *cache, const char *name, const struct addir_person *person,
    int64_t now_ms)
{
    char lower[TEXT_NAME_MAX + 1];
    struct place *places = bucket(cache, text_lower(lower, sizeof(lower), name));
    struct place *to = &places[0];

    pthread_mutex_lock(&cache->lock);
    for (size_t i = 1; i < WAYS; i++) {
        unsigned a = worth(&places[i], lower, now_ms), b = worth(to, lower, now_ms);
        if (a < b || (a == b && places[i].until_ms < to->until_ms))
            to = &places[i];
    }
    *to = (struct place){
        .until_ms = now_ms + (person != NULL ? IDENTITY_GOOD_MS : IDENTITY_UNKNOWN_MS)};
    memcpy(to->name, lower, sizeof(lower));
    if (person != NULL)
        to->person = *person;
    pthread_mutex_unlock(&cache->lock);
}

void
identity_drop(struct identity_cache *cache, const struct sid *sid)
{
    struct place *all = &cache->places[0][0];

    pthread_mutex_lock(&cache->lock);
    for (size_t i = 0; i < BUCKETS * WAYS; i++)
        if (sid_equal(&all[i].person.sid, sid))
            all[i] = (struct place){0};
    pthread_mutex_unlock(&cache->lock);
}
