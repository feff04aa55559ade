/*
 * Two records of one person become one.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "mfa/record_merge.h"

#include <string.h>

/* A sealed seed has a random nonce: the same bytes are the same seed, given to the same person once. */
static bool
same_token(const struct record_token *a, const struct record_token *b)
{
    return a->confirmed == b->confirmed && a->params.digits == b->params.digits &&
           a->params.period_s == b->params.period_s && a->params.algorithm == b->params.algorithm &&
           a->blob_len == b->blob_len && memcmp(a->blob, b->blob, a->blob_len) == 0;
}

static bool
same_tokens(const struct record *a, const struct record *b)
{
    bool same = a->n_tokens == b->n_tokens;

    for (size_t i = 0; same && i < a->n_tokens; i++)
        same = same_token(&a->tokens[i], &b->tokens[i]);
    return same;
}

static bool
same_codes(const struct record *a, const struct record *b)
{
    return a->n_codes == b->n_codes && memcmp(a->salt, b->salt, sizeof(a->salt)) == 0 &&
           memcmp(a->codes, b->codes, a->n_codes * sizeof(a->codes[0])) == 0;
}

static void
copy_codes(struct record *to, const struct record *from)
{
    to->n_codes = from->n_codes;
    memcpy(to->salt, from->salt, sizeof(to->salt));
    memcpy(to->codes, from->codes, sizeof(to->codes));
    memcpy(to->used, from->used, sizeof(to->used));
}

static void
add_used(struct record *to, const struct record *from)
{
    for (size_t i = 0; i < to->n_codes; i++)
        to->used[i] |= from->used[i];
}

/* One life of the same tokens joined to the other. */
static int
join(struct record *there, const struct record *comes)
{
    if (there->n_codes == 0)
        copy_codes(there, comes);
    else if (comes->n_codes != 0 && !same_codes(there, comes))
        return FED_E_EXISTS;
    else if (comes->n_codes != 0)
        add_used(there, comes);
    for (size_t i = 0; i < there->n_tokens; i++) {
        struct record_token *t = &there->tokens[i];
        const struct record_token *other = &comes->tokens[i];
        if (other->watermark <= t->watermark)
            continue;
        t->watermark = other->watermark;
        t->drift = other->drift;
        t->lean = other->lean;
    }
    if (comes->next_id > there->next_id)
        there->next_id = comes->next_id;
    return 0;
}

/* What was used with any token there stays used with each that comes. */
static void
lift_watermarks(struct record *fresh, const struct record *there)
{
    for (size_t i = 0; i < fresh->n_tokens; i++) {
        for (size_t k = 0; k < there->n_tokens; k++)
            record_lift(&fresh->tokens[i], &there->tokens[k]);
    }
}

/* Numbers of tokens are never used again: those that come get numbers behind those there were. */
static int
renumber(struct record *fresh, uint32_t behind)
{
    uint32_t by = behind - 1;

    if (fresh->next_id > RECORD_ALL - 1 - by)
        return FED_E_TOO_BIG;
    for (size_t i = 0; i < fresh->n_tokens; i++) {
        struct record_token *t = &fresh->tokens[i];
        t->id += by;
        if (t->replaces != 0 && t->replaces != RECORD_ALL)
            t->replaces += by;
    }
    fresh->next_id += by;
    return 0;
}

static void
keep_ticket(struct record *to, const struct record *from)
{
    if (from->ticket_expires_s == 0)
        return;
    to->ticket_expires_s = from->ticket_expires_s;
    memcpy(to->ticket, from->ticket, sizeof(to->ticket));
}

static int
take_place(struct record *there, const struct record *comes)
{
    struct record fresh = *comes;
    int r = renumber(&fresh, there->next_id);

    if (r != 0)
        return r;
    lift_watermarks(&fresh, there);
    if (fresh.n_codes != 0 && there->n_codes != 0 && same_codes(&fresh, there))
        add_used(&fresh, there);
    *there = fresh;
    return 0;
}

/* A number that a token had here, and none has any more. */
static bool
is_gone(const struct record *there, uint32_t id)
{
    for (size_t i = 0; i < there->n_tokens; i++) {
        if (there->tokens[i].id == id)
            return false;
    }
    return id < there->next_id;
}

bool
record_was_removed(const struct record *there, const struct record *comes)
{
    bool met = false;

    for (size_t i = 0; i < comes->n_tokens; i++)
        met = met || is_gone(there, comes->tokens[i].id);
    return met && !record_enrolled(there);
}

int
record_merge(struct record *there, const struct record *comes, bool replace)
{
    struct record was = *there;
    bool enrolled = record_enrolled(there);
    int r;

    if (same_tokens(there, comes) && join(there, comes) == 0) {
        if (!enrolled && there->ticket_expires_s == 0)
            keep_ticket(there, comes);
        return 0;
    }
    if (enrolled && !replace)
        return FED_E_EXISTS;
    if ((r = take_place(there, comes)) != 0 || enrolled)
        return r;
    if (there->n_codes == 0)
        copy_codes(there, &was);
    keep_ticket(there, &was);
    return 0;
}
