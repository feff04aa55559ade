/*
 * What awsfed-admin asks about second factors: enrol, reset, unlock, list, recovery codes, tickets, clocks.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "bridge/dispatch.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "bridge/clockwatch.h"
#include "bridge/enrolment.h"
#include "bridge/factor.h"
#include "bridge/handle_admin.h"
#include "mfa/person.h"
#include "mfa/recovery.h"
#include "mfa/ticket.h"

enum { LIST_MOST = 250 };

/* ---- Enrolment ---- */

struct enrolling {
    const struct record_token *token;
    bool replace, add;
};

/* What the request says of the token, else the configuration. Bad numbers are refused where the seed is first used. */
static struct totp_params
params_of(const struct bridge *b, const struct job *job)
{
    const struct conf_mfa *mfa = &b->conf->mfa;
    uint64_t algorithm = wire_number(&job->msg, WIRE_ALGORITHM, mfa->algorithm);

    return (struct totp_params){
        .digits = (unsigned)wire_number(&job->msg, WIRE_DIGITS, mfa->digits),
        .period_s = (unsigned)wire_number(&job->msg, WIRE_PERIOD, mfa->period_s),
        .algorithm = algorithm <= CONF_SHA512 ? (enum conf_algorithm)algorithm : CONF_SHA512};
}

static int
enrol(struct record *record, void *arg)
{
    const struct enrolling *e = arg;
    struct record_token token = *e->token;
    uint32_t id;

    if (record_enrolled(record) && !e->replace && !e->add)
        return FED_E_EXISTS;
    token.confirmed = true;
    token.replaces = e->add ? 0 : RECORD_ALL;
    return record_add(record, &token, &id);
}

int
handle_enrol(struct bridge *b, struct job *job, struct answer *answer)
{
    struct enrolment made;
    struct enrolling e = {.token = &made.token,
        .replace = wire_number(&job->msg, WIRE_REPLACE, 0) != 0,
        .add = wire_number(&job->msg, WIRE_ADD, 0) != 0};
    struct totp_params params = params_of(b, job);
    struct identity id;
    int r = admin_find_person(b, job, &id, answer);

    if (r != 0)
        return r;
    if ((r = enrolment_make(b, &id, &params, wire_text(&job->msg, WIRE_LABEL), &made)) != 0)
        goto out;
    r = person_change(b->store, id.sid, id.name, made.token.enrolled_s, enrol, &e);
    if (r == FED_E_EXISTS)
        (void)snprintf(answer->message, sizeof(answer->message),
            "%s is enrolled already; to replace the enrolment, say so with --replace; to put "
            "another "
            "token beside it, with --add",
            id.name);
    r = admin_audit(b, job, e.replace ? "enrol-replace" : "enrol", id.sid, r, NULL);
    if (r != 0)
        goto out;
    answer_begin(job, answer);
    wire_put_text(&job->reply, WIRE_USER, id.name);
    wire_put_text(&job->reply, WIRE_SID, id.sid);
    wire_put_text(&job->reply, WIRE_URI, fed_secret_str(&made.uri));
    wire_put_text(&job->reply, WIRE_SEED, fed_secret_str(&made.base32));

out:
    enrolment_done(&made);
    return r;
}

static int
remove_token(struct record *record, void *arg)
{
    return record_remove(record, *(const uint32_t *)arg);
}

int
handle_unenrol(struct bridge *b, struct job *job, struct answer *answer)
{
    char sid[SID_TEXT_MAX];
    int r = admin_find_sid(b, job, sid, answer);

    if (r != 0)
        return r;
    uint32_t token = (uint32_t)wire_number(&job->msg, WIRE_TOKEN, 0);
    if (wire_has(&job->msg, WIRE_TOKEN))
        r = admin_audit(b, job, "token-removed", sid,
            person_change(b->store, sid, NULL, 0, remove_token, &token), NULL);
    else
        r = admin_audit(b, job, "enrolment-reset", sid, store_remove(b->store, sid), NULL);
    if (r == FED_E_NOT_FOUND)
        (void)snprintf(answer->message, sizeof(answer->message), "%s has no token %u; see mfa list",
            wire_text(&job->msg, WIRE_USER), (unsigned)token);
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

/* ---- Recovery codes, tickets, clocks ---- */

int
handle_recovery_codes_of(struct bridge *b, struct job *job, struct answer *answer)
{
    struct fed_secret text = FED_SECRET_INIT(RECOVERY_ALL_MAX);
    char sid[SID_TEXT_MAX];
    int r = admin_find_sid(b, job, sid, answer);

    if (r != 0)
        return r;
    r = enrolment_new_codes(b, sid, &text);
    r = admin_audit(b, job, "recovery-codes", sid, r, NULL);
    if (r == 0) {
        answer_begin(job, answer);
        enrolment_put_codes(&job->reply, &text);
    }
    fed_secret_done(&text);
    return r;
}

struct ticketing {
    unsigned char hash[RECORD_HASH_SIZE];
    int64_t expires_s;
};

static int
give_ticket(struct record *record, void *arg)
{
    const struct ticketing *t = arg;

    if (record_enrolled(record))
        return FED_E_EXISTS;
    memcpy(record->ticket, t->hash, sizeof(record->ticket));
    record->ticket_expires_s = t->expires_s;
    return 0;
}

int
handle_enrol_ticket(struct bridge *b, struct job *job, struct answer *answer)
{
    int64_t now_s = (int64_t)time(NULL);
    struct fed_secret text = FED_SECRET_INIT(TICKET_TEXT_SIZE);
    struct ticketing t = {.expires_s = now_s + TICKET_LIFE_S};
    struct identity id;
    int r = admin_find_person(b, job, &id, answer);

    if (r != 0)
        return r;
    if ((r = ticket_make(&text, t.hash)) == 0)
        r = person_change(b->store, id.sid, id.name, now_s, give_ticket, &t);
    if (r == FED_E_EXISTS)
        (void)snprintf(answer->message, sizeof(answer->message),
            "%s is enrolled already: mfa reset first, or let them run awsfed-login enrol", id.name);
    r = admin_audit(b, job, "enrol-ticket", id.sid, r, NULL);
    if (r == 0) {
        answer_begin(job, answer);
        wire_put_text(&job->reply, WIRE_USER, id.name);
        wire_put_number(&job->reply, WIRE_EXPIRES, (uint64_t)t.expires_s);
        wire_put_text(&job->reply, WIRE_ENROL_TICKET, fed_secret_str(&text));
    }
    fed_secret_done(&text);
    return r;
}

struct resync {
    uint32_t token;
    uint64_t step;
    int drift;
};

static int
move_clock(struct record *record, void *arg)
{
    const struct resync *s = arg;
    int r = record_use_step(record, s->token, s->step);

    if (r == 0) {
        record_token(record, s->token)->drift = s->drift;
        record_token(record, s->token)->lean = 0;
    }
    return r;
}

/* The token whose two codes these are; any of the person's. */
static int
find_pair(struct bridge *b, const struct job *job, const char *sid, struct resync *ret)
{
    struct factor_codes codes;
    int64_t now_s = (int64_t)time(NULL);
    struct person p;
    int r = person_load(b->store, sid, &p);

    codes.first = wire_bytes(&job->msg, WIRE_CODE, &codes.first_len);
    codes.second = wire_bytes(&job->msg, WIRE_CODE2, &codes.second_len);
    if (r != 0)
        return r;
    r = FED_E_NOT_ENROLLED;
    for (size_t i = 0; i < p.record.n_tokens; i++) {
        const struct record_token *t = &p.record.tokens[i];
        uint64_t step = 0;
        if (!t->confirmed)
            continue;
        r = factor_pair(b, sid, t, &codes, RECORD_RESYNC_MAX - TOTP_WINDOW_MAX, now_s, &step);
        if (r == 0) {
            *ret = (struct resync){t->id, step, factor_pair_drift(b, t, now_s, step)};
            return 0;
        }
        if (r != FED_E_DENIED)
            break;
    }
    return r;
}

int
handle_resync(struct bridge *b, struct job *job, struct answer *answer)
{
    char sid[SID_TEXT_MAX], why[64];
    struct resync s = {.token = 0};
    int r = admin_find_sid(b, job, sid, answer);

    if (r != 0)
        return r;
    /* A token is not to follow a clock that is wrong itself. */
    if ((r = clockwatch_check_all(b, answer->message, sizeof(answer->message))) == 0 &&
        (r = find_pair(b, job, sid, &s)) == 0)
        r = person_change(b->store, sid, NULL, 0, move_clock, &s);
    (void)snprintf(why, sizeof(why), "token %u, %d steps off", (unsigned)s.token, s.drift);
    if (r == FED_E_DENIED)
        (void)snprintf(answer->message, sizeof(answer->message),
            "these are not two codes of %s's, one directly after the other, of the last half hour",
            wire_text(&job->msg, WIRE_USER));
    r = admin_audit(b, job, "token-resync", sid, r, r == 0 ? why : NULL);
    if (r == 0) {
        (void)snprintf(answer->message, sizeof(answer->message), "%s", why);
        answer_begin(job, answer);
    }
    return r;
}

/* ---- Listing ---- */

struct listing {
    struct wire_out *out; /* NULL: count only */
    uint64_t n;
};

/* A value in the directory that does not open: not to be taken for nobody. */
static int
put_nameless(const struct store_row *row, struct listing *l)
{
    l->n++;
    if (l->out == NULL || l->n > LIST_MOST)
        return 0;
    wire_begin_group(l->out, WIRE_ENROLMENT);
    wire_put_text(l->out, WIRE_USER, row->name);
    wire_put_text(l->out, WIRE_SID, row->sid);
    wire_put_text(l->out, WIRE_LABEL, "(opens with none of the seal keys)");
    wire_end_group(l->out);
    return 0;
}

static int
put_person(const struct store_row *row, void *arg)
{
    struct listing *l = arg;
    struct record record;

    if (row->record_len == 0)
        return put_nameless(row, l);
    int r = person_decode(row, &record);
    if (r != 0)
        return r;
    for (size_t i = 0; i < record.n_tokens; i++) {
        const struct record_token *t = &record.tokens[i];
        if (!t->confirmed)
            continue;
        l->n++;
        if (l->out == NULL || l->n > LIST_MOST)
            continue; /* counted, not shown */
        wire_begin_group(l->out, WIRE_ENROLMENT);
        wire_put_text(l->out, WIRE_USER, row->name);
        wire_put_text(l->out, WIRE_SID, row->sid);
        wire_put_number(l->out, WIRE_STARTED, (uint64_t)t->enrolled_s);
        wire_put_number(l->out, WIRE_CODE_TIME, t->watermark * t->params.period_s);
        wire_put_text(l->out, WIRE_LABEL, t->label[0] != '\0' ? t->label : NULL);
        wire_put_number(l->out, WIRE_TOKEN, t->id);
        wire_end_group(l->out);
    }
    return 0;
}

/* Of one person, who is named as they are enrolled, or as anybody: no list of a hundred thousand has to be read for it. */
static int
list_one(struct bridge *b, struct job *job, struct answer *answer)
{
    struct listing count = {.n = 0}, l = {.out = &job->reply};
    char sid[SID_TEXT_MAX];
    struct person p;
    int r = admin_find_sid(b, job, sid, answer);

    if (r != 0)
        return r;
    if ((r = person_load(b->store, sid, &p)) == 0)
        r = put_person(&p.row, &count);
    if (r == 0 && count.n == 0)
        r = FED_E_NOT_ENROLLED;
    if (r == FED_E_NOT_ENROLLED)
        (void)snprintf(answer->message, sizeof(answer->message), "%s has no second factor enrolled",
            wire_text(&job->msg, WIRE_USER));
    if (r != 0)
        return r;
    answer_begin(job, answer);
    return put_person(&p.row, &l);
}

int
handle_enrolments(struct bridge *b, struct job *job, struct answer *answer)
{
    if (wire_has(&job->msg, WIRE_USER))
        return list_one(b, job, answer);

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
