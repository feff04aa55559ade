/*
 * Rows of a store into pieces of a parcel.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "mfa/departure.h"

#include "mfa/person.h"

enum { FULL = 1 }; /* the page, not the store, is at its end; no FED_E_… */

struct packing {
    struct departure *d;
    const struct departure_page *page;
    size_t room;
};

static int
add_piece(struct packing *p, enum parcel_kind kind, const struct fed_secret *plain)
{
    struct fed_secret blob = FED_SECRET_INIT(PARCEL_PIECE_MAX);
    struct fed_secret piece = FED_SECRET_INIT(PARCEL_PIECE_MAX);
    const struct parcel_keeper *keeper = p->d->keeper;
    char place[PARCEL_PLACE_MAX];
    int r;

    parcel_place(&p->d->head, p->d->number, kind, place);
    if ((r = keeper->seal(keeper->arg, place, plain->data, plain->len, &blob)) == 0 &&
        (r = fed_secret_add_byte(&piece, (unsigned char)kind)) == 0 &&
        (r = fed_secret_add(&piece, blob.data, blob.len)) == 0)
        r = p->page->take(p->page->arg, piece.data, piece.len);
    if (r == 0) {
        p->d->number++;
        p->room -= piece.len;
    }
    fed_secret_done(&blob);
    fed_secret_done(&piece);
    return r;
}

/* 0 also for one that does not open, which is told. */
static int
try_seeds(const struct parcel_keeper *keeper, const struct store_row *row, bool *ret_open)
{
    struct record record;
    int r = 0;

    *ret_open = person_decode(row, &record) == 0;
    if (!*ret_open)
        return 0;
    for (size_t i = 0; r == 0 && i < record.n_tokens; i++) {
        const struct record_token *t = &record.tokens[i];
        r = keeper->try_seed(keeper->arg, row->sid, t->blob, t->blob_len);
        if (r == FED_E_CRYPTO) {
            *ret_open = false;
            r = 0;
        }
    }
    return r;
}

static int
pack_row(const struct store_row *row, void *arg)
{
    struct packing *p = arg;
    struct fed_secret plain = FED_SECRET_INIT(SEAL_RECORD_MAX);
    bool opens;

    if (p->room < PARCEL_PIECE_MAX)
        return FULL;
    int r = try_seeds(p->d->keeper, row, &opens);
    if (r == 0 && !opens)
        return p->page->refuse(p->page->arg, row->name);
    if (r == 0)
        r = parcel_person_pack(row, &plain);
    if (r == 0)
        r = add_piece(p, PARCEL_PERSON, &plain);
    fed_secret_done(&plain);
    return r;
}

static int
pack_end(struct packing *p)
{
    struct fed_secret plain = FED_SECRET_INIT(SEAL_RECORD_MAX);

    if (p->room < PARCEL_PIECE_MAX)
        return FULL;
    int r = parcel_end_pack(p->d->number - 1, &plain);
    if (r == 0)
        r = add_piece(p, PARCEL_END, &plain);
    fed_secret_done(&plain);
    return r;
}

int
departure_next(struct departure *d, const struct departure_page *page, bool *ret_ended)
{
    struct packing p = {.d = d, .page = page, .room = page->room};

    int r = store_each_from(d->store, &d->place, pack_row, &p);
    if (r == 0)
        r = pack_end(&p);
    if (r != 0 && r != FULL)
        return r;
    *ret_ended = r == 0;
    return 0;
}
