/*
 * Changing the seal key: everything that was sealed with an earlier one is sealed anew, a page at a time, while people log in.
 * What does not open stays as it is and is told; everybody else's turn comes all the same.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "bridge/dispatch.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "bridge/handle_admin.h"
#include "bridge/place.h"
#include "bridge/refused.h"
#include "mfa/person.h"

/* People a request: looked at, and written, which is durable each time. */
enum { LOOK_AT_ONCE = 20000, WRITE_AT_ONCE = 500, FULL = 1 };

struct resealing {
    struct bridge *b;
    unsigned char head[SEAL_HEAD]; /* of what the first key seals */
    const char *sid;
    bool old_row;  /* this person's row is sealed as a whole, with another key */
    bool unopened; /* they have a blob that does not open */
    uint64_t looked_at, done;
    struct refused refused;
};

/* What the first key's blobs begin with, learned from one of them. */
static int
learn_head(struct bridge *b, unsigned char ret[SEAL_HEAD])
{
    struct fed_secret nothing = FED_SECRET_INIT(0), seed = FED_SECRET_INIT(TOTP_SEED_MAX);
    struct fed_secret blob = FED_SECRET_INIT(SEAL_BLOB_MAX);

    int r = keeper_seal(b->keeper, "S-1-0-0", &nothing, TOTP_SEED_MIN, &blob, &seed);
    if (r == 0)
        memcpy(ret, blob.data, SEAL_HEAD);
    fed_secret_done(&seed);
    fed_secret_done(&blob);
    return r;
}

static bool
is_old(const struct resealing *s, const struct record_token *t)
{
    return memcmp(t->blob, s->head, SEAL_HEAD) != 0;
}

/* Tokens of theirs, or their whole row, where the store seals that. The key's number is all of the head but the first byte. */
static int
has_old(struct resealing *s, const struct store_row *row, const struct record *record, bool *ret)
{
    unsigned char head[SEAL_HEAD];
    int r = store_sealed(s->b->store, row->sid, head);

    s->old_row = r == 0 && memcmp(head + 1, s->head + 1, SEAL_HEAD - 1) != 0;
    *ret = s->old_row;
    for (size_t i = 0; i < record->n_tokens; i++)
        *ret |= is_old(s, &record->tokens[i]);
    return r == FED_E_NOT_FOUND || r == FED_E_NOT_ENROLLED ? 0 : r;
}

/* The tokens that open. Where there is nothing to write it ends with FED_E_CRYPTO. */
static int
reseal_record(struct record *record, void *arg)
{
    struct resealing *s = arg;
    struct fed_secret blob = FED_SECRET_INIT(SEAL_BLOB_MAX);
    int r = 0;

    s->unopened = false;
    bool changed = s->old_row;
    for (size_t i = 0; i < record->n_tokens && r == 0; i++) {
        struct record_token *t = &record->tokens[i];
        if (!is_old(s, t))
            continue;
        r = keeper_reseal(s->b->keeper, s->sid, t->blob, t->blob_len, &blob);
        if (r == 0) {
            memcpy(t->blob, blob.data, blob.len);
            t->blob_len = blob.len;
            changed = true;
        } else if (r == FED_E_CRYPTO) {
            s->unopened = true;
            r = 0;
        }
    }
    fed_secret_done(&blob);
    return r == 0 && !changed ? FED_E_CRYPTO : r;
}

static int
reseal_row(const struct store_row *row, void *arg)
{
    struct resealing *s = arg;
    struct record record;
    bool old = false;
    int r;

    if (s->looked_at == LOOK_AT_ONCE || s->done + s->refused.n >= WRITE_AT_ONCE)
        return FULL;
    s->looked_at++;
    if (person_decode(row, &record) != 0) {
        refused_add(&s->refused, row->name);
        return 0;
    }
    if ((r = has_old(s, row, &record, &old)) != 0 || !old)
        return r;
    s->sid = row->sid;
    r = person_change(s->b->store, row->sid, NULL, 0, reseal_record, s);
    if (r == FED_E_NOT_ENROLLED)
        return 0; /* gone meanwhile */
    if ((r == 0 || r == FED_E_CRYPTO) && s->unopened)
        refused_add(&s->refused, row->name);
    else if (r == 0)
        s->done++;
    return r == FED_E_CRYPTO
               ? 0
               : r; /* without a refusal: another was faster, all is sealed anew already */
}

int
handle_reseal(struct bridge *b, struct job *job, struct answer *answer)
{
    struct resealing s = {.b = b};
    struct store_place place;
    char reason[80];
    bool more;

    int r = place_read(&job->msg, &place);
    if (r == 0)
        r = learn_head(b, s.head);
    if (r == 0)
        r = store_each_from(b->store, &place, reseal_row, &s);
    more = r == FULL;
    (void)snprintf(reason, sizeof(reason), "%" PRIu64 " sealed anew, %" PRIu64 " do not open",
        s.done, s.refused.n);
    r = admin_audit(b, job, "reseal", NULL, more ? 0 : r, reason);
    if (r == 0) {
        answer_begin(job, answer);
        refused_put(&job->reply, &s.refused, "opens with none of the seal keys");
        wire_put_number(&job->reply, WIRE_COUNT, s.done);
        place_put(&job->reply, &place);
        wire_put_number(&job->reply, WIRE_MORE, more);
        wire_put_number(&job->reply, WIRE_REFUSED, s.refused.n);
    }
    return r;
}
