/*
 * A token that comes from elsewhere: its seed goes to the keeper, and its person joins the others of the import.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "bridge/dispatch.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <liboath/oath.h>

#include "bridge/handle_admin.h"
#include "mfa/person.h"

static int
read_seed(const struct job *job, struct fed_secret *ret)
{
    const char *text = wire_text(&job->msg, WIRE_SEED);
    char *seed = NULL;
    size_t len = 0;

    if (oath_base32_decode(text, strlen(text), &seed, &len) != OATH_OK)
        return FED_E_INVALID;
    int r = fed_secret_set(ret, seed, len);
    explicit_bzero(seed, len);
    free(seed);
    return r != 0 || len < TOTP_SEED_MIN ? FED_E_INVALID : 0;
}

static int
read_token(const struct job *job, struct record_token *ret)
{
    const char *label = wire_text(&job->msg, WIRE_LABEL);
    uint64_t used_s = wire_number(&job->msg, WIRE_CODE_TIME, 0);
    uint64_t algorithm = wire_number(&job->msg, WIRE_ALGORITHM, CONF_SHA1);
    int64_t now_s = (int64_t)time(NULL);

    *ret = (struct record_token){.confirmed = true,
        .replaces = RECORD_ALL,
        .enrolled_s = now_s,
        .params = {.digits = (unsigned)wire_number(&job->msg, WIRE_DIGITS, 6),
            .period_s = (unsigned)wire_number(&job->msg, WIRE_PERIOD, 30)}};
    /* A moment far ahead would lock its owner out until then. */
    if (algorithm > CONF_SHA512 || used_s > (uint64_t)now_s + 3600 ||
        (ret->params.period_s != 30 && ret->params.period_s != 60) || ret->params.digits < 6 ||
        ret->params.digits > TOTP_CODE_MAX ||
        (label != NULL && strlen(label) >= sizeof(ret->label)))
        return FED_E_INVALID;
    ret->params.algorithm = (enum conf_algorithm)algorithm;
    ret->watermark = used_s / ret->params.period_s;
    (void)snprintf(ret->label, sizeof(ret->label), "%s", label != NULL ? label : "");
    return 0;
}

/* The token's person as a row of their own; whether it can be theirs is the arrival's matter. */
static int
make_row(const struct identity *id, const struct record_token *token, struct store_row *ret)
{
    struct record record;
    uint32_t number;

    *ret = (struct store_row){.enrolled_s = token->enrolled_s};
    if (strlen(id->sid) >= sizeof(ret->sid) || strlen(id->name) >= sizeof(ret->name))
        return FED_E_INVALID;
    memcpy(ret->sid, id->sid, strlen(id->sid) + 1);
    memcpy(ret->name, id->name, strlen(id->name) + 1);
    record_init(&record);
    int r = record_add(&record, token, &number);
    return r != 0 ? r : record_encode(&record, ret->record, &ret->record_len);
}

static int
seal_token(
    struct bridge *b, const struct job *job, const struct identity *id, struct record_token *t)
{
    struct fed_secret seed = FED_SECRET_INIT(TOTP_SEED_MAX), kept = FED_SECRET_INIT(TOTP_SEED_MAX);
    struct fed_secret blob = FED_SECRET_INIT(SEAL_BLOB_MAX);

    int r = read_seed(job, &seed);
    if (r == 0 && (r = keeper_seal(b->keeper, id->sid, &seed, 0, &blob, &kept)) == 0) {
        memcpy(t->blob, blob.data, blob.len);
        t->blob_len = blob.len;
    }
    fed_secret_done(&seed);
    fed_secret_done(&kept);
    fed_secret_done(&blob);
    return r;
}

static int
join_arrival(
    struct bridge *b, const struct job *job, const struct store_row *row, struct answer *answer)
{
    struct arrival *arrival;
    int r = arrival_of_job(b, job, &arrival, answer);

    if (r != 0)
        return r;
    /* Of a parcel's people the trail has no line each: whoever comes with one must have been in it. */
    if (arrival_has_parcel(arrival)) {
        arrivals_give_back(b->arrivals, false);
        return FED_E_INVALID;
    }
    uint64_t refused = arrival_counts(arrival).refused;
    r = arrival_add(arrival, row, wire_number(&job->msg, WIRE_PARCEL_NUMBER, 0));
    if (r == 0 && arrival_counts(arrival).refused != refused) {
        (void)snprintf(answer->message, sizeof(answer->message), "enrolled already");
        r = FED_E_EXISTS;
    }
    arrivals_give_back(b->arrivals, r != 0 && r != FED_E_EXISTS);
    return r;
}

int
handle_import(struct bridge *b, struct job *job, struct answer *answer)
{
    struct record_token token;
    struct store_row row;
    struct identity id;
    int r = admin_find_person(b, job, &id, answer);

    if (r != 0 || (r = read_token(job, &token)) != 0 ||
        (r = seal_token(b, job, &id, &token)) != 0 || (r = make_row(&id, &token, &row)) != 0 ||
        (r = join_arrival(b, job, &row, answer)) != 0)
        return r;
    answer_begin(job, answer);
    wire_put_text(&job->reply, WIRE_SID, id.sid);
    return 0;
}
