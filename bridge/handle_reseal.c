/*
 * Changing the seal key: everything that was sealed with an earlier one is sealed anew, a piece at a time, while people log in.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "bridge/dispatch.h"

#include <string.h>

#include "bridge/handle_admin.h"
#include "mfa/person.h"

enum { AT_ONCE = 500 }; /* people a request: each is a durable write */

struct resealing {
    struct bridge *b;
    unsigned char head[SEAL_HEAD]; /* of what the first key seals */
    const char *sid;
    uint64_t done;
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

static int
reseal_record(struct record *record, void *arg)
{
    const struct resealing *s = arg;
    struct fed_secret blob = FED_SECRET_INIT(SEAL_BLOB_MAX);
    int r = 0;

    for (size_t i = 0; i < record->n_tokens && r == 0; i++) {
        struct record_token *t = &record->tokens[i];
        if (!is_old(s, t) ||
            (r = keeper_reseal(s->b->keeper, s->sid, t->blob, t->blob_len, &blob)) != 0)
            continue;
        memcpy(t->blob, blob.data, blob.len);
        t->blob_len = blob.len;
    }
    fed_secret_done(&blob);
    return r;
}

static int
reseal_row(const struct store_row *row, void *arg)
{
    struct resealing *s = arg;
    struct record record;
    bool old = false;

    int r = person_decode(row, &record);
    for (size_t i = 0; r == 0 && i < record.n_tokens; i++)
        old |= is_old(s, &record.tokens[i]);
    if (r != 0 || !old)
        return r;
    if (s->done == AT_ONCE)
        return FED_E_BUSY; /* enough for one request */
    s->sid = row->sid;
    r = person_change(s->b->store, row->sid, NULL, 0, reseal_record, s);
    if (r == FED_E_NOT_ENROLLED)
        return 0; /* gone meanwhile */
    s->done += r == 0;
    return r;
}

int
handle_reseal(struct bridge *b, struct job *job, struct answer *answer)
{
    struct resealing s = {.b = b};
    int r = learn_head(b, s.head);

    if (r == 0)
        r = store_each(b->store, reseal_row, &s);
    if (r == FED_E_BUSY && s.done == AT_ONCE)
        r = 0;
    r = admin_audit(b, job, "reseal", NULL, r, NULL);
    if (r == 0) {
        answer_begin(job, answer);
        wire_put_number(&job->reply, WIRE_COUNT, s.done);
    }
    return r;
}
