/*
 * The ring: a list under one lock, a flag for whoever fetches, a condition for those who wait.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "bridge/keyring.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"

enum { KEY_MOST = 128, SECRET_MOST = 256, TOKEN_MOST = 65535 };

struct entry {
    struct entry *next;
    unsigned users;  /* threads that hold a pointer */
    bool busy, gone; /* somebody fetches; no longer in the ring */
    bool has;        /* keys are there */
    struct sts_credential keys;
    int64_t fetched_ms; /* when a fetch ended last, monotonic */
    int error;          /* of that, 0 = it was good */
    char why[STS_WHY_MAX];
    char name[];
};

struct keyring {
    pthread_mutex_t lock;
    pthread_cond_t landed;
    struct entry *entries;
};

int
keyring_new(struct keyring **ret)
{
    struct keyring *keyring = calloc(1, sizeof(*keyring));
    pthread_condattr_t monotonic;

    if (keyring == NULL)
        return FED_E_NOMEM;
    (void)pthread_mutex_init(&keyring->lock, NULL);
    (void)pthread_condattr_init(&monotonic);
    (void)pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    (void)pthread_cond_init(&keyring->landed, &monotonic);
    (void)pthread_condattr_destroy(&monotonic);
    *ret = keyring;
    return 0;
}

static void
entry_free(struct entry *e)
{
    sts_credential_done(&e->keys);
    free(e);
}

void
keyring_free(struct keyring *keyring)
{
    if (keyring == NULL)
        return;
    keyring_purge(keyring, "");
    (void)pthread_cond_destroy(&keyring->landed);
    (void)pthread_mutex_destroy(&keyring->lock);
    free(keyring);
}

/* ---- Under the lock ---- */

/* What ended unnoticed: a fetch for a ticket that was ending, say. */
static void
sweep(struct keyring *keyring)
{
    int64_t now_s = (int64_t)time(NULL), now_ms = clock_mono_ms();

    for (struct entry **at = &keyring->entries; *at != NULL;) {
        struct entry *e = *at;
        bool ended = e->has ? e->keys.expires_s != 0 && e->keys.expires_s <= now_s
                            : now_ms - e->fetched_ms > KEYRING_PAUSE_MS;
        if (e->users > 0 || !ended) {
            at = &e->next;
            continue;
        }
        *at = e->next;
        entry_free(e);
    }
}

static struct entry *
take_entry(struct keyring *keyring, const char *name)
{
    struct entry *e = keyring->entries;

    while (e != NULL && strcmp(e->name, name) != 0)
        e = e->next;
    if (e == NULL) {
        size_t len = strlen(name) + 1;
        sweep(keyring);
        if ((e = calloc(1, sizeof(*e) + len)) == NULL)
            return NULL;
        memcpy(e->name, name, len);
        e->next = keyring->entries;
        keyring->entries = e;
    }
    e->users++;
    return e;
}

static void
give_entry(struct entry *e)
{
    if (--e->users == 0 && e->gone)
        entry_free(e);
}

/* Seconds that the keys are good for, 0 = not to be used. */
static int64_t
left_s(const struct entry *e, int64_t now_s)
{
    if (!e->has)
        return 0;
    if (e->keys.expires_s == 0)
        return INT64_MAX;
    int64_t left = e->keys.expires_s - now_s;
    return left > KEYRING_LAST_S ? left : 0;
}

static bool
wants_fetch(const struct entry *e, int64_t left)
{
    int64_t ago_ms = clock_mono_ms() - e->fetched_ms;

    if (e->gone) /* dropped while we waited: what a fetch brings serves its own thread */
        return true;
    if (left == 0)
        return e->error == 0 || ago_ms >= KEYRING_REFUSED_MS;
    if (e->keys.expires_s == 0)
        return ago_ms >= KEYRING_REREAD_MS;
    return left < KEYRING_AHEAD_S && ago_ms >= KEYRING_PAUSE_MS;
}

static int
copy_keys(const struct sts_credential *from, struct sts_credential *ret)
{
    struct sts_credential c = {.access_key = FED_SECRET_INIT(KEY_MOST),
        .secret_key = FED_SECRET_INIT(SECRET_MOST),
        .session_token = FED_SECRET_INIT(TOKEN_MOST),
        .expires_s = from->expires_s};
    int r;

    if ((r = fed_secret_add(&c.access_key, from->access_key.data, from->access_key.len)) != 0 ||
        (r = fed_secret_add(&c.secret_key, from->secret_key.data, from->secret_key.len)) != 0 ||
        (r = fed_secret_add(&c.session_token, from->session_token.data, from->session_token.len)) !=
            0) {
        sts_credential_done(&c);
        return r;
    }
    *ret = c;
    return 0;
}

/* The lock is let go for the fetch itself. */
static void
fetch_into(
    struct keyring *keyring, struct entry *e, int64_t deadline_ms, keyring_fetch *fetch, void *arg)
{
    struct sts_credential keys = {.expires_s = 0};
    char why[STS_WHY_MAX] = "";

    e->busy = true;
    (void)pthread_mutex_unlock(&keyring->lock);
    int r = fetch(arg, deadline_ms, &keys, why);
    (void)pthread_mutex_lock(&keyring->lock);
    e->busy = false;
    e->fetched_ms = clock_mono_ms();
    e->error = r;
    (void)snprintf(e->why, sizeof(e->why), "%s", why[0] != '\0' || r == 0 ? why : fed_strerror(r));
    if (r == 0) {
        sts_credential_done(&e->keys);
        e->keys = keys;
        e->has = true;
    }
    (void)pthread_cond_broadcast(&keyring->landed);
}

static bool
wait_for_landing(struct keyring *keyring, int64_t deadline_ms)
{
    struct timespec until = {.tv_sec = deadline_ms / 1000, .tv_nsec = deadline_ms % 1000 * 1000000};

    return pthread_cond_timedwait(&keyring->landed, &keyring->lock, &until) == 0;
}

/* ---- For everybody ---- */

int
keyring_get(struct keyring *keyring, const char *name, int64_t deadline_ms, keyring_fetch *fetch,
    void *arg, struct sts_credential *ret, char *why)
{
    bool tried = false;
    int r = FED_E_NOMEM;

    (void)pthread_mutex_lock(&keyring->lock);
    struct entry *e = take_entry(keyring, name);
    while (e != NULL) {
        int64_t left = left_s(e, (int64_t)time(NULL));
        if (!e->busy && !tried && wants_fetch(e, left)) {
            tried = true;
            fetch_into(keyring, e, deadline_ms, fetch, arg);
            continue;
        }
        if (left > 0) {
            r = copy_keys(&e->keys, ret);
            break;
        }
        if (!e->busy) {
            /* A fetch that brought nothing usable is a failure too. */
            r = e->error != 0 ? e->error : FED_E_AWS_UNAVAILABLE;
            (void)snprintf(why, STS_WHY_MAX, "%s",
                e->error != 0 ? e->why : "the keys that were fetched have ended already");
            break;
        }
        if (!wait_for_landing(keyring, deadline_ms)) {
            r = FED_E_TIMEOUT;
            (void)snprintf(why, STS_WHY_MAX, "%s", fed_strerror(r));
            break;
        }
    }
    if (e != NULL)
        give_entry(e);
    (void)pthread_mutex_unlock(&keyring->lock);
    return r;
}

static void
remove_entries(struct keyring *keyring, const char *name, size_t len)
{
    (void)pthread_mutex_lock(&keyring->lock);
    for (struct entry **at = &keyring->entries; *at != NULL;) {
        struct entry *e = *at;
        if (strncmp(e->name, name, len) != 0) {
            at = &e->next;
            continue;
        }
        *at = e->next;
        e->gone = true;
        if (e->users == 0)
            entry_free(e);
    }
    (void)pthread_mutex_unlock(&keyring->lock);
}

void
keyring_drop(struct keyring *keyring, const char *name)
{
    remove_entries(keyring, name, strlen(name) + 1);
}

void
keyring_purge(struct keyring *keyring, const char *prefix)
{
    remove_entries(keyring, prefix, strlen(prefix));
}
