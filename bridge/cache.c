/*
 * The cache: a list under one lock. Some thousand entries at most, each found by comparing 33 bytes.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "bridge/cache.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"

struct entry {
    struct cache_key key;
    bool flying;
    bool dead; /* purged in flight: nothing of it is kept */
    bool has_credential;
    bool handed; /* to somebody, since it was fetched */
    int64_t renew_after_ms;
    struct sts_credential credential;
    int64_t asked_s;
    int error; /* of the last flight, until error_until_ms */
    char why[STS_WHY_MAX];
    int64_t error_until_ms;
    struct job *waiting;
    struct entry *next;
};

struct cache {
    pthread_mutex_t lock;
    void (*resume)(void *arg, struct job *job);
    void *arg;
    struct entry *entries;
};

static void
entry_free(struct entry *e)
{
    sts_credential_done(&e->credential);
    free(e);
}

int
cache_new(void (*resume)(void *arg, struct job *job), void *arg, struct cache **ret)
{
    struct cache *c = calloc(1, sizeof(*c));

    if (c == NULL)
        return FED_E_NOMEM;
    (void)pthread_mutex_init(&c->lock, NULL);
    c->resume = resume;
    c->arg = arg;
    *ret = c;
    return 0;
}

void
cache_free(struct cache *c)
{
    struct entry *next;

    if (c == NULL)
        return;
    for (struct entry *e = c->entries; e != NULL; e = next) {
        next = e->next;
        for (struct job *job = e->waiting, *after; job != NULL; job = after) {
            after = job->next;
            c->resume(c->arg, job);
        }
        entry_free(e);
    }
    (void)pthread_mutex_destroy(&c->lock);
    free(c);
}

static bool
same_key(const struct cache_key *a, const struct cache_key *b)
{
    return a->role == b->role && a->duration_s == b->duration_s &&
           strcmp(a->ticket, b->ticket) == 0;
}

static struct entry *
find(struct cache *c, const struct cache_key *key)
{
    for (struct entry *e = c->entries; e != NULL; e = e->next) {
        if (!e->dead && same_key(&e->key, key))
            return e;
    }
    return NULL;
}

static void
remove_entry(struct cache *c, struct entry *entry)
{
    struct entry **at = &c->entries;

    while (*at != entry)
        at = &(*at)->next;
    *at = entry->next;
    entry_free(entry);
}

/* One ticket keeps no more than CACHE_PER_TICKET credentials: the one that ends first makes room. */
static void
make_room(struct cache *c, const char *ticket)
{
    struct entry *first = NULL;
    unsigned n = 0;

    for (struct entry *e = c->entries; e != NULL; e = e->next) {
        if (strcmp(e->key.ticket, ticket) != 0)
            continue;
        n++;
        if (!e->flying && (first == NULL || e->credential.expires_s < first->credential.expires_s))
            first = e;
    }
    if (n >= CACHE_PER_TICKET && first != NULL)
        remove_entry(c, first);
}

static struct entry *
add(struct cache *c, const struct cache_key *key)
{
    make_room(c, key->ticket);
    struct entry *e = calloc(1, sizeof(*e));
    if (e == NULL)
        return NULL;
    e->key = *key;
    e->next = c->entries;
    c->entries = e;
    return e;
}

static int64_t
left_s(const struct entry *e, int64_t now_s)
{
    return e->has_credential ? e->credential.expires_s - now_s : 0;
}

static int64_t
least(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* Is it to be handed out as it is? Whoever renews ahead of time is harder to please. */
static bool
is_fresh(const struct entry *e, int64_t now_s, bool renews)
{
    int64_t mark_s = least(e->asked_s / 2, CACHE_FRESH_S);
    int64_t ahead_s = renews ? least(e->asked_s / 6, CACHE_AHEAD_S) : 0;

    return e->has_credential && left_s(e, now_s) >= mark_s + ahead_s;
}

static int
copy_secret(const struct fed_secret *from, struct fed_secret *to, bool locked)
{
    fed_secret_init(to, from->limit);
    to->locked = locked;
    return fed_secret_add(to, from->data, from->len);
}

/* The copy in the cache outlives its request: locked. The one for the reply does not. */
static int
copy_credential(const struct sts_credential *from, bool locked, struct sts_credential *ret)
{
    struct sts_credential copy = *from;
    int r;

    copy.access_key = copy.secret_key = copy.session_token = FED_SECRET_INIT(0);
    if ((r = copy_secret(&from->access_key, &copy.access_key, locked)) != 0 ||
        (r = copy_secret(&from->secret_key, &copy.secret_key, locked)) != 0 ||
        (r = copy_secret(&from->session_token, &copy.session_token, locked)) != 0) {
        sts_credential_done(&copy);
        return r;
    }
    *ret = copy;
    return 0;
}

static enum cache_claim
hand_out(struct entry *e, const struct job *job, struct sts_credential *ret)
{
    e->handed = e->handed || !job->renews;
    return copy_credential(&e->credential, false, ret) == 0 ? CACHE_HIT : CACHE_FAILED;
}

/* After a failure that says nothing against the person, what is left of an older credential serves. */
static bool
still_serves(const struct entry *e, int error, int64_t now_s)
{
    return (fed_error_class(error) == FED_CLASS_UNAVAILABLE || error == FED_E_NO_TICKET) &&
           left_s(e, now_s) > CACHE_STILL_GOOD_S;
}

/* What a flight that failed a moment ago means for who asks now. */
static enum cache_claim
after_failure(struct entry *e, const struct job *job, int64_t now_s, struct sts_credential *ret,
    int *ret_error, char *why)
{
    if (still_serves(e, e->error, now_s))
        return hand_out(e, job, ret);
    *ret_error = e->error;
    (void)snprintf(why, STS_WHY_MAX, "%s", e->why);
    return CACHE_REFUSED;
}

static enum cache_claim
claim(struct cache *c, const struct cache_key *key, struct job *job, int64_t now_s,
    struct sts_credential *ret, int *ret_error, char *why)
{
    struct entry *e = find(c, key);

    if (e == NULL && (e = add(c, key)) == NULL)
        return CACHE_FAILED;
    /* First of all: that a renewal failed or is under way takes nothing from one that is good. */
    if (is_fresh(e, now_s, job->renews) || (job->landed && left_s(e, now_s) > 0))
        return hand_out(e, job, ret);
    if (!e->flying && e->error != 0 && clock_mono_ms() < e->error_until_ms)
        return after_failure(e, job, now_s, ret, ret_error, why);
    if (e->flying) {
        job->next = e->waiting;
        e->waiting = job;
        return CACHE_WAIT;
    }
    e->flying = true;
    e->handed = !job->renews;
    return CACHE_LEAD;
}

enum cache_claim
cache_claim(struct cache *c, const struct cache_key *key, struct job *job, int64_t now_s,
    struct sts_credential *ret_credential, int *ret_error, char *why)
{
    (void)pthread_mutex_lock(&c->lock);
    enum cache_claim outcome = claim(c, key, job, now_s, ret_credential, ret_error, why);
    (void)pthread_mutex_unlock(&c->lock);
    return outcome;
}

static void
keep(struct entry *e, int error, const char *why, const struct sts_credential *credential,
    int64_t asked_s)
{
    e->error = error;
    if (error != 0) {
        int64_t hold_ms = fed_error_class(error) == FED_CLASS_UNAVAILABLE ? CACHE_UNAVAILABLE_MS
                                                                          : CACHE_REFUSED_MS;
        e->error_until_ms = clock_mono_ms() + hold_ms;
        (void)snprintf(e->why, sizeof(e->why), "%s", why);
        return;
    }
    struct sts_credential kept;
    if (copy_credential(credential, true, &kept) != 0)
        return; /* the leader has its copy; who waited asks again */
    sts_credential_done(&e->credential);
    e->credential = kept;
    e->has_credential = true;
    e->asked_s = asked_s;
}

int
cache_land(struct cache *c, const struct cache_key *key, int error, const char *why,
    struct sts_credential *credential, int64_t asked_s)
{
    struct job *waiting = NULL, *next;
    int r = error;

    (void)pthread_mutex_lock(&c->lock);
    for (struct entry *e = c->entries; e != NULL; e = e->next) {
        if (!e->flying || !same_key(&e->key, key))
            continue;
        waiting = e->waiting;
        e->waiting = NULL;
        e->flying = false;
        if (e->dead) {
            remove_entry(c, e);
            break;
        }
        keep(e, error, why, credential, asked_s);
        if (error != 0 && still_serves(e, error, (int64_t)time(NULL)))
            r = copy_credential(&e->credential, false, credential);
        break;
    }
    (void)pthread_mutex_unlock(&c->lock);

    for (struct job *job = waiting; job != NULL; job = next) {
        next = job->next;
        job->landed = true;
        c->resume(c->arg, job);
    }
    return r;
}

static bool
is_renewable(const struct entry *e, const char *ticket, int64_t ticket_ends_s, int64_t now_s)
{
    return e->handed && !e->dead && !e->flying && e->has_credential &&
           strcmp(e->key.ticket, ticket) == 0 && clock_mono_ms() >= e->renew_after_ms &&
           left_s(e, now_s) > 0 && !is_fresh(e, now_s, true) &&
           ticket_ends_s > e->credential.expires_s;
}

bool
cache_renewable(struct cache *c, const char *ticket, int64_t ticket_ends_s, int64_t now_s,
    struct cache_key *ret)
{
    bool found = false;

    (void)pthread_mutex_lock(&c->lock);
    for (struct entry *e = c->entries; e != NULL && !found; e = e->next) {
        if (!is_renewable(e, ticket, ticket_ends_s, now_s))
            continue;
        e->renew_after_ms = clock_mono_ms() + CACHE_RENEW_REST_MS;
        *ret = e->key;
        found = true;
    }
    (void)pthread_mutex_unlock(&c->lock);
    return found;
}

int64_t
cache_until(struct cache *c, const char *ticket, uint64_t role, int64_t now_s)
{
    int64_t until_s = 0;

    (void)pthread_mutex_lock(&c->lock);
    for (const struct entry *e = c->entries; e != NULL; e = e->next) {
        if (!e->dead && e->key.role == role && strcmp(e->key.ticket, ticket) == 0 &&
            left_s(e, now_s) > 0 && e->credential.expires_s > until_s)
            until_s = e->credential.expires_s;
    }
    (void)pthread_mutex_unlock(&c->lock);
    return until_s;
}

bool
cache_find_holder(struct cache *c, const char *access_key_id, struct cache_holder *ret)
{
    bool found = false;

    (void)pthread_mutex_lock(&c->lock);
    for (const struct entry *e = c->entries; e != NULL && !found; e = e->next) {
        if (e->dead || !e->has_credential ||
            strcmp(fed_secret_str(&e->credential.access_key), access_key_id) != 0)
            continue;
        *ret = (struct cache_holder){.role = e->key.role, .expires_s = e->credential.expires_s};
        memcpy(ret->ticket, e->key.ticket, sizeof(ret->ticket));
        memcpy(ret->arn, e->credential.arn, sizeof(ret->arn));
        found = true;
    }
    (void)pthread_mutex_unlock(&c->lock);
    return found;
}

void
cache_purge(struct cache *c, const char *ticket)
{
    struct entry *next;

    (void)pthread_mutex_lock(&c->lock);
    for (struct entry *e = c->entries; e != NULL; e = next) {
        next = e->next;
        if (strcmp(e->key.ticket, ticket) != 0)
            continue;
        if (e->flying) {
            sts_credential_done(&e->credential);
            e->has_credential = false;
            e->dead = true;
        } else {
            remove_entry(c, e);
        }
    }
    (void)pthread_mutex_unlock(&c->lock);
}
