/*
 * The table of pending enrolments: a list under one lock, short enough to be searched.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "bridge/pending.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/secret.h"

struct entry {
    struct pending_enrolment enrolment; /* first: what is lent leads back to its entry */
    char token[TOKEN_SIZE];
    char sid[SID_TEXT_MAX]; /* of the proof, which a borrower may have taken */
    int64_t until_ms;
    bool lent;
    bool ended; /* while it was lent */
    struct entry *next;
};

struct pending {
    pthread_mutex_t lock;
    struct entry *first; /* the newest */
    size_t n;
};

static void
entry_free(struct entry *e)
{
    proof_done(&e->enrolment.proof);
    explicit_bzero(e, sizeof(*e));
    free(e);
}

int
pending_new(struct pending **ret)
{
    struct pending *t = calloc(1, sizeof(*t));

    if (t == NULL)
        return FED_E_NOMEM;
    (void)pthread_mutex_init(&t->lock, NULL);
    *ret = t;
    return 0;
}

void
pending_free(struct pending *t)
{
    if (t == NULL)
        return;
    while (t->first != NULL) {
        struct entry *e = t->first;
        t->first = e->next;
        entry_free(e);
    }
    (void)pthread_mutex_destroy(&t->lock);
    free(t);
}

/* Take an entry off the list and free it. Lock held. */
static void
drop(struct pending *t, struct entry **at)
{
    struct entry *e = *at;

    *at = e->next;
    t->n--;
    entry_free(e);
}

/* What is too old goes; what is lent is its borrower's to end. Lock held. */
static void
sweep(struct pending *t, int64_t now_ms)
{
    for (struct entry **at = &t->first; *at != NULL;) {
        if ((*at)->until_ms <= now_ms && !(*at)->lent)
            drop(t, at);
        else
            at = &(*at)->next;
    }
}

/* Of a person's, so that one more may come, the oldest that nobody has borrowed. Lock held. */
static void
make_room(struct pending *t, const char *sid)
{
    struct entry **oldest = NULL;
    size_t n = 0;

    for (struct entry **at = &t->first; *at != NULL; at = &(*at)->next) {
        if (strcmp((*at)->sid, sid) != 0)
            continue;
        n++;
        if (!(*at)->lent)
            oldest = at;
    }
    if (n >= PENDING_PER_PERSON && oldest != NULL)
        drop(t, oldest);
}

int
pending_add(struct pending *t, struct pending_enrolment *enrolment, int64_t now_ms,
    char ret_token[TOKEN_SIZE])
{
    struct entry *fresh = calloc(1, sizeof(*fresh));
    int r = FED_E_NOMEM;

    if (fresh == NULL || (r = token_make(fresh->token)) != 0) {
        free(fresh);
        return r;
    }
    memcpy(fresh->sid, enrolment->proof.sid, sizeof(fresh->sid));
    fresh->until_ms = now_ms + (int64_t)PENDING_LIFE_S * 1000;
    (void)pthread_mutex_lock(&t->lock);
    sweep(t, now_ms);
    make_room(t, fresh->sid);
    if (t->n < PENDING_MAX) {
        memcpy(ret_token, fresh->token, TOKEN_SIZE);
        fresh->enrolment = *enrolment;
        fresh->next = t->first;
        t->first = fresh;
        t->n++;
        enrolment->proof = (struct proof){0};
        fresh = NULL;
    }
    (void)pthread_mutex_unlock(&t->lock);
    if (fresh == NULL)
        return 0;
    entry_free(fresh);
    return FED_E_BUSY;
}

int
pending_lend(struct pending *t, const char *token, const char *user, int64_t now_ms,
    struct pending_enrolment **ret)
{
    struct entry *found = NULL;
    size_t len = strlen(token);

    (void)pthread_mutex_lock(&t->lock);
    sweep(t, now_ms);
    for (struct entry *e = t->first; e != NULL; e = e->next) {
        if (fed_secret_equal(e->token, TOKEN_SIZE - 1, token, len) &&
            strcmp(e->enrolment.user, user) == 0 && !e->lent)
            found = e;
    }
    if (found != NULL)
        found->lent = true;
    (void)pthread_mutex_unlock(&t->lock);
    if (found == NULL)
        return FED_E_NOT_FOUND;
    *ret = &found->enrolment;
    return 0;
}

/* Where the lent one is in the list. Lock held. */
static struct entry **
find_lent(struct pending *t, const struct pending_enrolment *enrolment)
{
    struct entry **at = &t->first;

    while (&(*at)->enrolment != enrolment)
        at = &(*at)->next;
    return at;
}

void
pending_give_back(struct pending *t, struct pending_enrolment *enrolment)
{
    (void)pthread_mutex_lock(&t->lock);
    struct entry **at = find_lent(t, enrolment);
    (*at)->lent = false;
    if ((*at)->ended)
        drop(t, at);
    (void)pthread_mutex_unlock(&t->lock);
}

bool
pending_end(struct pending *t, struct pending_enrolment *enrolment)
{
    (void)pthread_mutex_lock(&t->lock);
    struct entry **at = find_lent(t, enrolment);
    bool ended = (*at)->ended;
    drop(t, at);
    (void)pthread_mutex_unlock(&t->lock);
    return !ended;
}

void
pending_end_sid(struct pending *t, const char *sid)
{
    (void)pthread_mutex_lock(&t->lock);
    for (struct entry **at = &t->first; *at != NULL;) {
        bool theirs = strcmp((*at)->sid, sid) == 0;
        if (theirs && !(*at)->lent) {
            drop(t, at);
            continue;
        }
        (*at)->ended |= theirs;
        at = &(*at)->next;
    }
    (void)pthread_mutex_unlock(&t->lock);
}
