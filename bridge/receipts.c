/*
 * The table of receipts: a ring under one lock, small enough to be searched. Names are compared in constant
 * time, since whoever guesses one might learn from the time how far it was right.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "bridge/receipts.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/secret.h"
#include "base/text.h"

struct receipt {
    char token[TOKEN_SIZE]; /* "" = free */
    char user[TEXT_NAME_MAX + 1];
    int64_t until_ms;
    struct proof proof;
};

struct receipts {
    pthread_mutex_t lock;
    size_t next; /* the place that is filled next: a free or the oldest one */
    struct receipt *ring[RECEIPTS_MAX];
};

static void
receipt_free(struct receipt *r)
{
    if (r == NULL)
        return;
    proof_done(&r->proof);
    explicit_bzero(r->token, sizeof(r->token));
    free(r);
}

int
receipts_new(struct receipts **ret)
{
    struct receipts *t = calloc(1, sizeof(*t));

    if (t == NULL)
        return FED_E_NOMEM;
    (void)pthread_mutex_init(&t->lock, NULL);
    *ret = t;
    return 0;
}

void
receipts_free(struct receipts *t)
{
    if (t == NULL)
        return;
    for (size_t i = 0; i < RECEIPTS_MAX; i++)
        receipt_free(t->ring[i]);
    (void)pthread_mutex_destroy(&t->lock);
    free(t);
}

int
receipts_add(struct receipts *t, const char *user, struct proof *proof, char ret_token[TOKEN_SIZE])
{
    struct receipt *fresh = calloc(1, sizeof(*fresh));
    size_t len = strlen(user);

    if (fresh == NULL || len >= sizeof(fresh->user)) {
        free(fresh);
        return fresh == NULL ? FED_E_NOMEM : FED_E_NAME;
    }
    int r = token_make(fresh->token);
    if (r != 0) {
        free(fresh);
        return r;
    }
    memcpy(fresh->user, user, len + 1);
    memcpy(ret_token, fresh->token, TOKEN_SIZE);
    fresh->until_ms = clock_mono_ms() + (int64_t)RECEIPT_LIFE_S * 1000;
    fresh->proof = *proof;
    *proof = (struct proof){0};

    (void)pthread_mutex_lock(&t->lock);
    receipt_free(t->ring[t->next]);
    t->ring[t->next] = fresh;
    t->next = (t->next + 1) % RECEIPTS_MAX;
    (void)pthread_mutex_unlock(&t->lock);
    return 0;
}

/* The live receipt of that name and user; NULL otherwise. Old ones go on the way. Lock held. */
static struct receipt **
find(struct receipts *t, const char *token, const char *user)
{
    int64_t now_ms = clock_mono_ms();
    struct receipt **found = NULL;
    size_t len = strlen(token);

    for (size_t i = 0; i < RECEIPTS_MAX; i++) {
        struct receipt *r = t->ring[i];
        if (r == NULL)
            continue;
        if (r->until_ms <= now_ms) {
            receipt_free(r);
            t->ring[i] = NULL;
        } else if (fed_secret_equal(r->token, TOKEN_SIZE - 1, token, len) &&
                   strcmp(r->user, user) == 0) {
            found = &t->ring[i];
        }
    }
    return found;
}

int
receipts_look(struct receipts *t, const char *token, const char *user, struct proof *ret)
{
    int r = FED_E_DENIED;

    (void)pthread_mutex_lock(&t->lock);
    struct receipt **found = find(t, token, user);
    if (found != NULL)
        r = proof_copy(&(*found)->proof, ret);
    (void)pthread_mutex_unlock(&t->lock);
    return r;
}

int
receipts_take(struct receipts *t, const char *token, const char *user, struct proof *ret)
{
    struct receipt *taken = NULL;

    (void)pthread_mutex_lock(&t->lock);
    struct receipt **found = find(t, token, user);
    if (found != NULL) {
        taken = *found;
        *found = NULL;
    }
    (void)pthread_mutex_unlock(&t->lock);
    if (taken == NULL)
        return FED_E_DENIED;
    *ret = taken->proof;
    taken->proof = (struct proof){0};
    receipt_free(taken);
    return 0;
}

void
receipts_password_changed(
    struct receipts *t, const char *token, const char *user, struct proof *proof)
{
    (void)pthread_mutex_lock(&t->lock);
    struct receipt **found = find(t, token, user);
    if (found != NULL) {
        proof_done(&(*found)->proof);
        (*found)->proof = *proof;
        *proof = (struct proof){0};
    }
    (void)pthread_mutex_unlock(&t->lock);
}

void
receipts_end_sid(struct receipts *t, const char *sid)
{
    (void)pthread_mutex_lock(&t->lock);
    for (size_t i = 0; i < RECEIPTS_MAX; i++) {
        if (t->ring[i] == NULL || strcmp(t->ring[i]->proof.sid, sid) != 0)
            continue;
        receipt_free(t->ring[i]);
        t->ring[i] = NULL;
    }
    (void)pthread_mutex_unlock(&t->lock);
}
