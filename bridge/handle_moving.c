/*
 * Moving between stores: parcels out, arrivals in, a page a request.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "bridge/dispatch.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/bytes.h"
#include "bridge/arrivals.h"
#include "bridge/handle_admin.h"
#include "bridge/place.h"
#include "bridge/refused.h"
#include "mfa/departure.h"

enum { PAGE_ROOM = 100 * 1024, PUT_AT_ONCE = 500 };

/* ---- Out ---- */

struct page {
    struct fed_secret pieces; /* 2 bytes of length, and the piece */
    struct refused refused;
};

static int
take_piece(void *arg, const void *piece, size_t len)
{
    struct page *page = arg;
    unsigned char head[2];

    (void)bytes_put(head, len, sizeof(head));
    int r = fed_secret_add(&page->pieces, head, sizeof(head));
    return r != 0 ? r : fed_secret_add(&page->pieces, piece, len);
}

static int
refuse(void *arg, const char *name)
{
    struct page *page = arg;

    refused_add(&page->refused, name);
    return 0;
}

static void
put_page(struct job *job, const struct departure *d, const struct page *page, bool ended)
{
    char head[PARCEL_HEAD_MAX];

    refused_put(&job->reply, &page->refused, "a seed opens with none of the seal keys");
    parcel_head_show(&d->head, head);
    wire_put_text(&job->reply, WIRE_PARCEL_HEAD, head);
    wire_put_number(&job->reply, WIRE_PARCEL_NUMBER, d->number);
    place_put(&job->reply, &d->place);
    for (size_t at = 0; at < page->pieces.len;) {
        size_t len = bytes_get(page->pieces.data + at, 2);
        wire_put_bytes(&job->reply, WIRE_PIECE, page->pieces.data + at + 2, len);
        at += 2 + len;
    }
    wire_put_number(&job->reply, WIRE_MORE, !ended);
    wire_put_number(&job->reply, WIRE_REFUSED, page->refused.n);
}

/* The first page makes the parcel, and a line of who takes it; the others go on with one that has begun like that. */
static int
begin_departure(
    struct bridge *b, const struct job *job, struct departure *ret, struct answer *answer)
{
    const char *head = wire_text(&job->msg, WIRE_PARCEL_HEAD);
    int r;

    *ret = (struct departure){.store = b->store,
        .keeper = arrivals_keeper(b->arrivals),
        .number = wire_number(&job->msg, WIRE_PARCEL_NUMBER, 1)};
    if (head == NULL) {
        if ((r = parcel_head_make((int64_t)time(NULL), &ret->head)) != 0 ||
            (r = admin_audit(b, job, "mfa-export", NULL, 0, "begun")) != 0)
            return r;
        arrivals_note_departure(b->arrivals, &ret->head);
    } else if ((r = parcel_head_read(head, strlen(head), &ret->head)) != 0) {
        return r;
    } else if (!arrivals_knows_departure(b->arrivals, &ret->head)) {
        (void)snprintf(answer->message, sizeof(answer->message),
            "other exports have begun since, or the bridge was restarted: begin again");
        return FED_E_NOT_FOUND;
    }
    return place_read(&job->msg, &ret->place);
}

int
handle_export(struct bridge *b, struct job *job, struct answer *answer)
{
    struct page page = {.pieces = FED_SECRET_INIT(2 * PAGE_ROOM)};
    struct departure_page room = {
        .room = PAGE_ROOM, .take = take_piece, .refuse = refuse, .arg = &page};
    char reason[64];
    struct departure d;
    bool ended = false;

    int r = begin_departure(b, job, &d, answer);
    if (r == 0)
        r = departure_next(&d, &room, &ended);
    if (r != 0 || ended) {
        (void)snprintf(reason, sizeof(reason), "%" PRIu64 " people", d.number - 1 - ended);
        r = admin_audit(b, job, "mfa-export", NULL, r, reason);
    }
    if (r == 0) {
        answer_begin(job, answer);
        put_page(job, &d, &page, ended);
    }
    fed_secret_done(&page.pieces);
    return r;
}

/* ---- In ---- */

int
handle_arrival_begin(struct bridge *b, struct job *job, struct answer *answer)
{
    const char *text = wire_text(&job->msg, WIRE_PARCEL_HEAD);
    struct arrival_options options = {.store = b->store,
        .folder = b->conf->bridge.state_dir,
        .replace = wire_number(&job->msg, WIRE_REPLACE, 0) != 0,
        .skip_unknown = wire_number(&job->msg, WIRE_SKIPPED, 0) != 0,
        .dry_run = wire_number(&job->msg, WIRE_DRY_RUN, 0) != 0};
    unsigned char id[ARRIVALS_ID_SIZE];
    struct arrival *arrival = NULL;
    struct parcel_head head;
    int r = 0;

    if (text != NULL && (r = parcel_head_read(text, strlen(text), &head)) == 0) {
        options.head = &head;
        options.keeper = arrivals_keeper(b->arrivals);
    }
    if (r == 0)
        r = arrival_new(&options, &arrival);
    if (r == 0)
        r = arrivals_begin(b->arrivals, arrival, id);
    if (r == 0) {
        answer_begin(job, answer);
        wire_put_bytes(&job->reply, WIRE_ARRIVAL, id, sizeof(id));
    }
    return r;
}

int
arrival_of_job(struct bridge *b, const struct job *job, struct arrival **ret, struct answer *answer)
{
    size_t len;
    const unsigned char *id = wire_bytes(&job->msg, WIRE_ARRIVAL, &len);
    int r = arrivals_lend(b->arrivals, id, len, ret);

    if (r == FED_E_NOT_FOUND)
        (void)snprintf(answer->message, sizeof(answer->message),
            "another import has begun, or the bridge was restarted: nothing is imported");
    return r;
}

static void
say_what_is_wrong(int r, uint64_t number, struct answer *answer)
{
    const char *why = r == FED_E_CRYPTO
                          ? "changed, of another file, or sealed with a key that is not in the "
                            "seal-key file here"
                      : r == FED_E_INVALID ? "out of its place, or not whole"
                                           : NULL;

    if (why != NULL)
        (void)snprintf(
            answer->message, sizeof(answer->message), "line %" PRIu64 ": %s", number + 1, why);
}

int
handle_arrival_pieces(struct bridge *b, struct job *job, struct answer *answer)
{
    uint64_t number = wire_number(&job->msg, WIRE_PARCEL_NUMBER, 0);
    const unsigned char *piece;
    struct arrival *arrival;
    size_t len;
    int r = arrival_of_job(b, job, &arrival, answer);

    if (r != 0)
        return r;
    for (size_t i = 0; r == 0; i++) {
        if ((piece = wire_bytes_at(&job->msg, WIRE_PIECE, i, &len)) == NULL)
            break;
        if ((r = arrival_piece(arrival, number + i, piece, len)) != 0)
            say_what_is_wrong(r, number + i, answer);
    }
    arrivals_give_back(b->arrivals, r != 0);
    if (r == 0)
        answer_begin(job, answer);
    return r;
}

struct audited {
    struct bridge *b;
    const struct job *job;
};

static int
audit_person(const struct store_row *row, uint64_t line, void *arg)
{
    const struct audited *a = arg;
    struct audit_event e = {.event = "enrol-import",
        .user = row->name,
        .sid = row->sid,
        .asked_by = a->job->peer.uid,
        .request = a->job->msg.request};

    (void)line;
    return audit_write(a->b->audit, &e);
}

/*
 * A line of the whole, and, of tokens from elsewhere, one for each person who is enrolled by it. Where they come in part by part,
 * after each: nobody has to ask for the next.
 */
static int
audit_arrival(struct bridge *b, const struct job *job, struct arrival *arrival, int r, bool more)
{
    struct arrival_counts n = arrival_counts(arrival);
    struct audited each = {b, job};
    char reason[160];

    (void)snprintf(reason, sizeof(reason),
        "%" PRIu64 " new, %" PRIu64 " brought up to date, %" PRIu64 " the same, %" PRIu64
        " left out%s",
        n.added, n.merged, n.same, n.skipped, more ? "; more are to come" : "");
    r = admin_audit(b, job, "mfa-import", NULL, r, reason);
    int told = arrival_has_parcel(arrival) ? 0 : arrival_each(arrival, audit_person, &each);
    return r != 0 ? r : told;
}

static void
put_counts(struct job *job, const struct arrival *arrival, bool more)
{
    struct arrival_counts n = arrival_counts(arrival);

    for (size_t i = 0; arrival_note(arrival, i) != NULL; i++)
        wire_put_text(&job->reply, WIRE_MESSAGE, arrival_note(arrival, i));
    wire_put_number(&job->reply, WIRE_COUNT, n.added);
    for (size_t i = 0; arrival_new_name(arrival, i) != NULL; i++)
        wire_put_text(&job->reply, WIRE_STEP, arrival_new_name(arrival, i));
    wire_put_number(&job->reply, WIRE_MORE, more);
    wire_put_number(&job->reply, WIRE_REFUSED, n.refused);
    wire_put_number(&job->reply, WIRE_MERGED, n.merged);
    wire_put_number(&job->reply, WIRE_SAME, n.same);
    wire_put_number(&job->reply, WIRE_SKIPPED, n.skipped);
}

int
handle_arrival_end(struct bridge *b, struct job *job, struct answer *answer)
{
    struct arrival *arrival;
    bool more = false;
    int r = arrival_of_job(b, job, &arrival, answer);

    if (r != 0)
        return r;
    r = arrival_finish(arrival, PUT_AT_ONCE, &more);
    if (r == FED_E_INVALID)
        (void)snprintf(answer->message, sizeof(answer->message),
            "the file is cut: it has no end; nothing is imported");
    if (!arrival_is_dry(arrival))
        r = audit_arrival(b, job, arrival, r, more);
    bool over = !more || r != 0;
    /* Whoever is refused is told of, line by line: an answer, not a failure of it. */
    if (r == 0 || arrival_counts(arrival).refused != 0) {
        answer_begin(job, answer);
        put_counts(job, arrival, more);
        r = 0;
    }
    arrivals_give_back(b->arrivals, over);
    return r;
}
