/*
 * One person of the store with their record decoded, and changes of it: load, change, swap, and again when
 * somebody else was faster.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef MFA_PERSON_H
#define MFA_PERSON_H

#include "mfa/store.h"

/* Lost swaps before a change gives up. Each one lost is one that somebody else won. */
enum { PERSON_TRIES = 64 };

struct person {
    struct store_row row;
    struct record record;
};

/* FED_E_NOT_ENROLLED: the store knows nobody of this SID. One who is known may still have no token. Else as store_load. */
FED_MUST_USE int person_load(struct store *store, const char *sid, struct person *ret);

/* The record of a row, for store_each. 0 or FED_E_STORE. */
FED_MUST_USE int person_decode(const struct store_row *row, struct record *ret);

/* Write the record back over the row that was loaded. As store_swap; on success p is what is stored now. */
FED_MUST_USE int person_save(struct store *store, struct person *p);

/*
 * Change a person.
 *   name   NULL: somebody who is not in the store is FED_E_NOT_ENROLLED; else they are put there, with an
 *          empty record, and go by this name from now on
 *   fn     changes the record, which is fresh at each call: it decides anew each time. An error of it ends
 *          the change with nothing written and is returned
 * 0 (durable), FED_E_NOT_ENROLLED, FED_E_STORE, FED_E_BUSY (always somebody faster), FED_E_INVALID, or fn's.
 */
typedef int person_change_fn(struct record *record, void *arg);
FED_MUST_USE int person_change(struct store *store, const char *sid, const char *name,
    int64_t now_s, person_change_fn *fn, void *arg);

#endif
