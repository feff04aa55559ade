/*
 * What awsfed-admin asks about second factors: enrol, reset, unlock, list.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "bridge/dispatch.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "bridge/handle_admin.h"
#include "mfa/person.h"
#include "mfa/totp.h"

enum { SEED_BYTES = 20, URI_LIMIT = 1024, LIST_MOST = 250 };

/* ---- Enrolment ---- */

struct enrolling {
    struct record_token token;
    bool replace;
};

static int
new_token(struct bridge *b, const struct job *job, const struct identity *id,
    struct record_token *ret, struct fed_secret *ret_seed)
{
    const struct conf_mfa *mfa = &b->conf->mfa;
    const char *label = wire_text(&job->msg, WIRE_LABEL);
    struct fed_secret blob = FED_SECRET_INIT(SEAL_BLOB_MAX), nothing = FED_SECRET_INIT(0);

    *ret = (struct record_token){.confirmed = true,
        .enrolled_s = (int64_t)time(NULL),
        .params = {.digits = mfa->digits, .period_s = mfa->period_s, .algorithm = mfa->algorithm}};
    (void)snprintf(ret->label, sizeof(ret->label), "%s", label != NULL ? label : "");
    int r = keeper_seal(b->keeper, id->sid, &nothing, SEED_BYTES, &blob, ret_seed);
    if (r == 0) {
        memcpy(ret->blob, blob.data, blob.len);
        ret->blob_len = blob.len;
    }
    fed_secret_done(&blob);
    return r;
}

static int
enrol(struct record *record, void *arg)
{
    struct enrolling *e = arg;
    uint32_t id;

    if (record_enrolled(record) && !e->replace)
        return FED_E_EXISTS;
    e->token.replaces = RECORD_ALL;
    return record_add(record, &e->token, &id);
}

int
handle_enrol(struct bridge *b, struct job *job, struct answer *answer)
{
    struct fed_secret seed = FED_SECRET_INIT(TOTP_SEED_MAX), base32 = FED_SECRET_INIT(URI_LIMIT),
                      uri = FED_SECRET_INIT(URI_LIMIT);
    struct enrolling e = {.replace = wire_number(&job->msg, WIRE_REPLACE, 0) != 0};
    struct identity id;
    int r = admin_find_person(b, job, &id, answer);

    if (r != 0)
        return r;
    if ((r = new_token(b, job, &id, &e.token, &seed)) != 0 ||
        (r = totp_uri(&e.token.params, &seed, b->conf->mfa.issuer, id.name, &uri)) != 0 ||
        (r = totp_base32(&seed, &base32)) != 0)
        goto out;
    r = person_change(b->store, id.sid, id.name, e.token.enrolled_s, enrol, &e);
    if (r == FED_E_EXISTS)
        (void)snprintf(answer->message, sizeof(answer->message),
            "%s is enrolled already; to replace the enrolment, say so with --replace", id.name);
    r = admin_audit(b, job, e.replace ? "enrol-replace" : "enrol", id.sid, r, NULL);
    if (r != 0)
        goto out;
    answer_begin(job, answer);
    wire_put_text(&job->reply, WIRE_USER, id.name);
    wire_put_text(&job->reply, WIRE_SID, id.sid);
    wire_put_text(&job->reply, WIRE_URI, fed_secret_str(&uri));
    wire_put_text(&job->reply, WIRE_SEED, fed_secret_str(&base32));

out:
    fed_secret_done(&seed);
    fed_secret_done(&base32);
    fed_secret_done(&uri);
    return r;
}

int
handle_unenrol(struct bridge *b, struct job *job, struct answer *answer)
{
    char sid[SID_TEXT_MAX];
    int r = admin_find_sid(b, job, sid, answer);

    if (r != 0)
        return r;
    r = admin_audit(b, job, "enrolment-reset", sid, store_remove(b->store, sid), NULL);
    if (r == FED_E_NOT_ENROLLED)
        (void)snprintf(answer->message, sizeof(answer->message), "%s has no second factor enrolled",
            wire_text(&job->msg, WIRE_USER));
    if (r == 0)
        answer_begin(job, answer);
    return r;
}

int
handle_unlock(struct bridge *b, struct job *job, struct answer *answer)
{
    char sid[SID_TEXT_MAX];
    int r = admin_find_sid(b, job, sid, answer);

    if (r != 0)
        return r;
    r = admin_audit(b, job, "unlock", sid, limits_unlock(b->limits, sid), NULL);
    if (r == 0)
        answer_begin(job, answer);
    return r;
}

/* ---- Listing ---- */

struct listing {
    struct wire_out *out; /* NULL: count only */
    uint64_t n;
};

static int
put_person(const struct store_row *row, void *arg)
{
    struct listing *l = arg;
    struct record record;

    int r = person_decode(row, &record);
    if (r != 0)
        return r;
    for (size_t i = 0; i < record.n_tokens; i++) {
        const struct record_token *t = &record.tokens[i];
        l->n++;
        if (l->out == NULL || l->n > LIST_MOST)
            continue; /* counted, not shown */
        wire_begin_group(l->out, WIRE_ENROLMENT);
        wire_put_text(l->out, WIRE_USER, row->name);
        wire_put_text(l->out, WIRE_SID, row->sid);
        wire_put_number(l->out, WIRE_STARTED, (uint64_t)t->enrolled_s);
        wire_put_number(l->out, WIRE_CODE_TIME, t->watermark * t->params.period_s);
        wire_put_text(l->out, WIRE_LABEL, t->label[0] != '\0' ? t->label : NULL);
        wire_end_group(l->out);
    }
    return 0;
}

int
handle_enrolments(struct bridge *b, struct job *job, struct answer *answer)
{
    struct listing count = {.n = 0}, l = {.out = &job->reply};
    int r = store_each(b->store, put_person, &count);

    if (r != 0)
        return r;
    if (count.n > LIST_MOST)
        (void)snprintf(answer->message, sizeof(answer->message),
            "%" PRIu64 " are enrolled; the first of them are listed", count.n);
    answer_begin(job, answer);
    return store_each(b->store, put_person, &l);
}
