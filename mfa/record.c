/*
 * The changes of a record. Its form as bytes is in record_bytes.c.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "mfa/record.h"

#include <string.h>

void
record_init(struct record *r)
{
    memset(r, 0, sizeof(*r));
    r->next_id = 1;
}

bool
record_enrolled(const struct record *r)
{
    for (size_t i = 0; i < r->n_tokens; i++) {
        if (r->tokens[i].confirmed)
            return true;
    }
    return false;
}

struct record_token *
record_token(struct record *r, uint32_t id)
{
    for (size_t i = 0; i < r->n_tokens; i++) {
        if (r->tokens[i].id == id)
            return &r->tokens[i];
    }
    return NULL;
}

static void
drop(struct record *r, size_t at)
{
    memmove(&r->tokens[at], &r->tokens[at + 1], (r->n_tokens - at - 1) * sizeof(r->tokens[0]));
    r->n_tokens--;
    explicit_bzero(&r->tokens[r->n_tokens], sizeof(r->tokens[0]));
}

static void
drop_waiting(struct record *r)
{
    for (size_t i = r->n_tokens; i-- > 0;) {
        if (!r->tokens[i].confirmed)
            drop(r, i);
    }
}

int
record_remove(struct record *r, uint32_t id)
{
    for (size_t i = 0; i < r->n_tokens; i++) {
        if (r->tokens[i].id == id) {
            drop(r, i);
            drop_waiting(r);
            return 0;
        }
    }
    return FED_E_NOT_FOUND;
}

void
record_lift(struct record_token *token, const struct record_token *from)
{
    unsigned period_s = token->params.period_s;
    uint64_t step = from->watermark;

    if (from->params.period_s == 2 * period_s)
        step = 2 * step + (step != 0);
    else if (2 * from->params.period_s == period_s)
        step /= 2;
    if (step > token->watermark && step <= INT64_MAX)
        token->watermark = step;
}

/* What a confirmed token replaces goes, and leaves its watermark. */
static void
take_over(struct record *r, uint32_t id)
{
    uint32_t replaces = record_token(r, id)->replaces;

    for (size_t i = r->n_tokens; i-- > 0;) {
        const struct record_token *old = &r->tokens[i];
        if (old->id == id || (replaces != RECORD_ALL && old->id != replaces))
            continue;
        record_lift(record_token(r, id), old);
        drop(r, i); /* and its place is another's from here on */
    }
    record_token(r, id)->replaces = 0;
}

int
record_add(struct record *r, const struct record_token *token, uint32_t *ret_id)
{
    uint32_t replaces = token->replaces;

    if (replaces != 0 && replaces != RECORD_ALL && record_token(r, replaces) == NULL)
        return FED_E_NOT_FOUND;
    if (!token->confirmed)
        drop_waiting(r);
    /* Room for both until the old one is gone; with all replaced the last place is as good as any. */
    if (r->n_tokens == RECORD_TOKENS_MAX && !(token->confirmed && replaces != 0))
        return FED_E_TOO_BIG;
    if (r->next_id == 0 || r->next_id >= RECORD_ALL - 1)
        return FED_E_TOO_BIG;

    struct record_token fresh = *token;
    fresh.id = r->next_id++;
    if (r->n_tokens == RECORD_TOKENS_MAX) {
        /* The one that goes hands over first, then its place is free. */
        size_t at = 0;
        while (replaces != RECORD_ALL && r->tokens[at].id != replaces)
            at++;
        record_lift(&fresh, &r->tokens[at]);
        drop(r, at);
        if (replaces != RECORD_ALL)
            fresh.replaces = 0;
    }
    r->tokens[r->n_tokens++] = fresh;
    if (fresh.confirmed && fresh.replaces != 0)
        take_over(r, fresh.id);
    *ret_id = fresh.id;
    explicit_bzero(&fresh, sizeof(fresh));
    return 0;
}

int
record_confirm(struct record *r, uint32_t id, uint64_t step)
{
    struct record_token *token = record_token(r, id);

    if (token == NULL || token->confirmed || step > INT64_MAX)
        return FED_E_NOT_FOUND;
    token->confirmed = true;
    if (step > token->watermark)
        token->watermark = step;
    if (token->replaces != 0)
        take_over(r, id);
    return 0;
}

int
record_use_step(struct record *r, uint32_t id, uint64_t step)
{
    struct record_token *token = record_token(r, id);

    if (step > INT64_MAX)
        return FED_E_INVALID; /* no clock gives it */
    if (token == NULL || !token->confirmed)
        return FED_E_NOT_FOUND;
    if (step <= token->watermark)
        return FED_E_REPLAY;
    token->watermark = step;
    return 0;
}

bool
record_follow(struct record_token *token, uint64_t now_s, uint64_t step)
{
    int64_t off = (int64_t)step - (int64_t)(now_s / token->params.period_s) - token->drift;
    int side = off > 0 ? 1 : off < 0 ? -1 : 0;

    if (side == 0 || (token->lean > 0) != (side > 0))
        token->lean = 0;
    token->lean += side;
    if (token->lean != RECORD_LEAN_MAX && token->lean != -RECORD_LEAN_MAX)
        return false;
    token->lean = 0;
    /* A resync may have put it further out than following leads; from there it may come back. */
    int drift = token->drift + side;
    if (side > 0 ? drift > RECORD_DRIFT_MAX : drift < -RECORD_DRIFT_MAX)
        return false;
    token->drift = drift;
    return true;
}

int
record_use_code(struct record *r, size_t index)
{
    if (index >= r->n_codes || r->used[index])
        return FED_E_REPLAY;
    r->used[index] = true;
    return 0;
}

size_t
record_codes_left(const struct record *r)
{
    size_t left = 0;

    for (size_t i = 0; i < r->n_codes; i++)
        left += !r->used[i];
    return left;
}
