/*
 * The import that is under way: one, whoever began last. It lives between requests, so it has a number that only
 * who began it knows. And which exports have begun.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef BRIDGE_ARRIVALS_H
#define BRIDGE_ARRIVALS_H

#include "bridge/keeper.h"
#include "mfa/arrival.h"

enum { ARRIVALS_ID_SIZE = 16 };

struct arrivals;

/* keeper must outlive it. 0 or FED_E_NOMEM. */
FED_MUST_USE int arrivals_new(struct keeper *keeper, struct arrivals **ret);
void arrivals_free(struct arrivals *arrivals);

/* What parcels ask of this bridge's keeper. */
const struct parcel_keeper *arrivals_keeper(const struct arrivals *arrivals);

/* Owns the arrival from now on, and frees the one before. 0, FED_E_BUSY (that one is being put into the store), FED_E_SYSTEM. */
FED_MUST_USE int arrivals_begin(
    struct arrivals *arrivals, struct arrival *arrival, unsigned char ret_id[ARRIVALS_ID_SIZE]);

/* The arrival of a number, for this thread alone until it is given back. 0, FED_E_NOT_FOUND, FED_E_BUSY. */
FED_MUST_USE int arrivals_lend(
    struct arrivals *arrivals, const void *id, size_t id_len, struct arrival **ret);
void arrivals_give_back(struct arrivals *arrivals, bool is_over);

/*
 * The other way: exports live in what their client says, page by page. Those that have begun here, the last few, so that nobody
 * goes on with one that never began, and left no line in the audit trail.
 */
void arrivals_note_departure(struct arrivals *arrivals, const struct parcel_head *head);
bool arrivals_knows_departure(struct arrivals *arrivals, const struct parcel_head *head);

#endif
