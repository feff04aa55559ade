/*
 * People on their way out of a store, in pieces of a parcel (mfa/parcel.h), a page at a time. Nothing is kept between pages but
 * what the caller keeps, so that an asker who goes away leaves nothing behind. Who logs in meanwhile is in the parcel as they
 * were when their page was made.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef MFA_DEPARTURE_H
#define MFA_DEPARTURE_H

#include "mfa/parcel.h"

struct departure {
    struct store *store;
    const struct parcel_keeper *keeper;
    struct parcel_head head;
    uint64_t number;          /* of the next piece; the first is 1 */
    struct store_place place; /* where the next page begins */
};

struct departure_page {
    size_t room; /* bytes of pieces: at least PARCEL_PIECE_MAX */
    int (*take)(void *arg, const void *piece, size_t len);
    /* Somebody with a seed, or a record, that opens with none of the seal keys: they are left out, and the parcel is good for nothing but
     * the report. */
    int (*refuse)(void *arg, const char *name);
    void *arg;
};

/*
 * The next page; the piece of the end comes with the last. 0, FED_E_STORE, FED_E_KEEPER, FED_E_CRYPTO, or what take or refuse returned.
 * Blocks on store and keeper.
 */
FED_MUST_USE int departure_next(
    struct departure *d, const struct departure_page *page, bool *ret_ended);

#endif
