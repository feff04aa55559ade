/*
 * Who is signed in.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "bridge/tickets_table.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/wire.h"

void
ticket_unref(struct ticket *t)
{
    if (t == NULL || atomic_fetch_sub(&t->refs, 1) != 1)
        return;
    proof_done(&t->proof);
    explicit_bzero(t->id, sizeof(t->id));
    free(t);
}

struct ticket *
tickets_ref(struct ticket *t)
{
    (void)atomic_fetch_add(&t->refs, 1);
    return t;
}

int
tickets_new(const struct tickets_options *options, struct tickets **ret)
{
    struct tickets *t = calloc(1, sizeof(*t));

    if (t == NULL)
        return FED_E_NOMEM;
    t->options = *options;
    (void)pthread_mutex_init(&t->lock, NULL);
    *ret = t;
    return 0;
}

void
tickets_changed(struct tickets *t)
{
    if (t->options.changed != NULL)
        t->options.changed(t->options.arg);
}

void
tickets_end_slot(struct tickets *t, struct slot **at)
{
    struct slot *slot = *at;

    *at = slot->next;
    if (t->options.ended != NULL)
        t->options.ended(t->options.arg, slot->ticket->id);
    sessions_drop_lingering(t, slot->ticket->uid);
    tickets_changed(t);
    ticket_unref(slot->ticket);
    free(slot);
}

void
tickets_free(struct tickets *t)
{
    if (t == NULL)
        return;
    t->options.changed = NULL; /* the end of the bridge is nobody's end */
    while (t->slots != NULL)
        tickets_end_slot(t, &t->slots);
    sessions_free(t);
    (void)pthread_mutex_destroy(&t->lock);
    free(t);
}

struct slot **
tickets_find_uid(struct tickets *t, uid_t uid)
{
    for (struct slot **at = &t->slots; *at != NULL; at = &(*at)->next) {
        if ((*at)->ticket->uid == uid)
            return at;
    }
    return NULL;
}

struct slot **
tickets_find_live(struct tickets *t, uid_t uid)
{
    struct slot **at = tickets_find_uid(t, uid);

    if (at != NULL && (*at)->ticket->ends_s <= (int64_t)time(NULL)) {
        tickets_end_slot(t, at);
        return NULL;
    }
    return at;
}

static int
make_ticket(
    uid_t uid, const char *user, struct proof *proof, int64_t lifetime_s, struct ticket **ret)
{
    struct ticket *fresh = calloc(1, sizeof(*fresh));
    size_t len = strlen(user);

    if (fresh == NULL || len >= sizeof(fresh->user)) {
        free(fresh);
        return fresh == NULL ? FED_E_NOMEM : FED_E_NAME;
    }
    int r = token_make(fresh->id);
    if (r != 0) {
        free(fresh);
        return r;
    }
    atomic_init(&fresh->refs, 1);
    fresh->uid = uid;
    memcpy(fresh->user, user, len + 1);
    fresh->started_s = fresh->checked_s = (int64_t)time(NULL);
    fresh->ends_s = fresh->started_s + lifetime_s;
    fresh->proof = *proof;
    *proof = (struct proof){0};
    *ret = fresh;
    return 0;
}

static bool
weaker(unsigned factors, unsigned than)
{
    /* A recovery code is a way to give a code, not a factor besides it. */
    return (than & ~factors & ~(unsigned)WIRE_FACTOR_RECOVERY) != 0;
}

int
tickets_sign_in(
    struct tickets *t, uid_t uid, const char *user, struct proof *proof, struct ticket **ret_ticket)
{
    struct ticket *fresh = NULL;
    struct slot *spare = calloc(1, sizeof(*spare));

    if (spare == NULL)
        return FED_E_NOMEM;
    int r = make_ticket(uid, user, proof, t->options.lifetime_s, &fresh);
    if (r != 0) {
        free(spare);
        return r;
    }

    (void)pthread_mutex_lock(&t->lock);
    struct slot **at = tickets_find_live(t, uid);
    if (at != NULL && strcmp((*at)->ticket->proof.sid, fresh->proof.sid) != 0) {
        tickets_end_slot(t, at); /* the uid is somebody else's now */
        at = NULL;
    }
    if (at != NULL && weaker(fresh->proof.factors, (*at)->ticket->proof.factors)) {
        ticket_unref(fresh);
        fresh = (*at)->ticket;
    } else if (at != NULL) {
        memcpy(fresh->id, (*at)->ticket->id, TOKEN_SIZE);
        memcpy(fresh->use, (*at)->ticket->use, sizeof(fresh->use));
        ticket_unref((*at)->ticket);
        (*at)->ticket = fresh;
    } else {
        spare->ticket = fresh;
        spare->next = t->slots;
        t->slots = spare;
        spare = NULL;
    }
    tickets_changed(t);
    if (ret_ticket != NULL)
        *ret_ticket = tickets_ref(fresh);
    (void)pthread_mutex_unlock(&t->lock);
    free(spare);
    return 0;
}

int
tickets_get(struct tickets *t, uid_t uid, struct ticket **ret)
{
    int r = FED_E_NO_TICKET;

    (void)pthread_mutex_lock(&t->lock);
    struct slot **at = tickets_find_live(t, uid);
    if (at != NULL) {
        *ret = tickets_ref((*at)->ticket);
        r = 0;
    }
    (void)pthread_mutex_unlock(&t->lock);
    return r;
}

bool
tickets_hold(struct tickets *t, const struct ticket *ticket)
{
    struct ticket *now = NULL;
    bool holds = tickets_get(t, ticket->uid, &now) == 0 && strcmp(now->id, ticket->id) == 0;

    ticket_unref(now);
    return holds;
}

/* Put a ticket that was made from another in its place, unless that one ended or was replaced meanwhile. Lock held. */
static int
replace(struct tickets *t, const struct ticket *old, struct ticket *fresh, struct ticket **ret)
{
    struct slot **at = tickets_find_live(t, old->uid);

    if (at == NULL || strcmp((*at)->ticket->id, old->id) != 0) {
        ticket_unref(fresh);
        return FED_E_NO_TICKET;
    }
    if ((*at)->ticket != old) {
        ticket_unref(fresh);
        return FED_E_BUSY;
    }
    ticket_unref((*at)->ticket);
    (*at)->ticket = fresh;
    *ret = tickets_ref(fresh);
    tickets_changed(t);
    return 0;
}

int
tickets_rechecked(
    struct tickets *t, const struct ticket *old, struct proof *proof, struct ticket **ret)
{
    struct ticket *fresh = NULL;
    int r = make_ticket(old->uid, old->user, proof, t->options.lifetime_s, &fresh);

    if (r != 0)
        return r;
    memcpy(fresh->id, old->id, TOKEN_SIZE);
    fresh->started_s = old->started_s;
    fresh->ends_s = old->ends_s;
    memcpy(fresh->use, old->use, sizeof(fresh->use));

    (void)pthread_mutex_lock(&t->lock);
    r = replace(t, old, fresh, ret);
    (void)pthread_mutex_unlock(&t->lock);
    return r;
}

/* The same again, but for the role chosen and the mark. */
static int
change_ticket(
    struct tickets *t, const struct ticket *old, const char *role, bool grace, struct ticket **ret)
{
    struct ticket *fresh = NULL;
    struct proof proof;
    size_t len = strlen(role);
    int r;

    if (len >= sizeof(fresh->use))
        return FED_E_ROLE;
    if ((r = proof_copy(&old->proof, &proof)) != 0)
        return r;
    if ((r = make_ticket(old->uid, old->user, &proof, t->options.lifetime_s, &fresh)) != 0) {
        proof_done(&proof);
        return r;
    }
    memcpy(fresh->id, old->id, TOKEN_SIZE);
    fresh->started_s = old->started_s;
    fresh->ends_s = old->ends_s;
    fresh->checked_s = old->checked_s;
    fresh->grace = grace;
    memcpy(fresh->use, role, len + 1);

    (void)pthread_mutex_lock(&t->lock);
    r = replace(t, old, fresh, ret);
    (void)pthread_mutex_unlock(&t->lock);
    return r;
}

int
tickets_use(struct tickets *t, const struct ticket *old, const char *role, struct ticket **ret)
{
    return change_ticket(t, old, role, old->grace, ret);
}

int
tickets_grace(struct tickets *t, const struct ticket *old, struct ticket **ret)
{
    return change_ticket(t, old, old->use, true, ret);
}

unsigned
tickets_end_uid(struct tickets *t, uid_t uid)
{
    unsigned n = 0;

    (void)pthread_mutex_lock(&t->lock);
    struct slot **at = tickets_find_uid(t, uid);
    if (at != NULL) {
        tickets_end_slot(t, at);
        n = 1;
    }
    (void)pthread_mutex_unlock(&t->lock);
    return n;
}

unsigned
tickets_end_sid(struct tickets *t, const char *sid)
{
    unsigned n = 0;

    (void)pthread_mutex_lock(&t->lock);
    for (struct slot **at = &t->slots; *at != NULL;) {
        if (strcmp((*at)->ticket->proof.sid, sid) == 0) {
            tickets_end_slot(t, at);
            n++;
        } else {
            at = &(*at)->next;
        }
    }
    (void)pthread_mutex_unlock(&t->lock);
    return n;
}

void
tickets_sweep(struct tickets *t)
{
    int64_t now_s = (int64_t)time(NULL);

    (void)pthread_mutex_lock(&t->lock);
    for (struct slot **at = &t->slots; *at != NULL;) {
        if ((*at)->ticket->ends_s <= now_s)
            tickets_end_slot(t, at);
        else
            at = &(*at)->next;
    }
    (void)pthread_mutex_unlock(&t->lock);
}

void
tickets_each(struct tickets *t,
    void (*fn)(void *arg, const struct ticket *ticket, unsigned sessions), void *arg)
{
    (void)pthread_mutex_lock(&t->lock);
    for (const struct slot *slot = t->slots; slot != NULL; slot = slot->next)
        fn(arg, slot->ticket, sessions_count(t, slot->ticket->uid));
    (void)pthread_mutex_unlock(&t->lock);
}
