/*
 * People on their way into a store: each is checked as they come and put aside in a file without a name, and when
 * all have come, and all are in order, they go into the store together (store_together). Whoever dies on the way leaves nothing
 * behind. One thread at a time.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef MFA_ARRIVAL_H
#define MFA_ARRIVAL_H

#include "mfa/parcel.h"

struct arrival;

enum { ARRIVAL_NOTES_MAX = 50, ARRIVAL_NEW_MAX = 50, ARRIVAL_PEOPLE_MAX = 1000000 };

struct arrival_options {
    struct store *store;
    const struct parcel_keeper *keeper; /* NULL without a parcel */
    const char *folder;                 /* of the file without a name */
    const struct parcel_head *head;     /* NULL: they come one by one, by arrival_add */
    bool replace;      /* as of record_merge; also takes tokens back that were removed here */
    bool skip_unknown; /* leave out whom the store cannot keep, instead of refusing all */
    bool dry_run;
};

struct arrival_counts {
    uint64_t added, merged, same; /* same: are here already, exactly so */
    uint64_t skipped, refused;
};

/* What options points to must outlive it, head excepted. 0, FED_E_SYSTEM, FED_E_NOMEM. */
FED_MUST_USE int arrival_new(const struct arrival_options *options, struct arrival **ret);
void arrival_free(struct arrival *a);

/*
 * The next piece of the parcel. 0, also for somebody who is refused: that is noted. FED_E_INVALID (out of turn, behind the end),
 * FED_E_CRYPTO (changed, of another parcel or another seal key), FED_E_TOO_BIG, FED_E_STORE, FED_E_KEEPER, FED_E_SYSTEM; after such an
 * error nothing of it will go into the store.
 */
FED_MUST_USE int arrival_piece(struct arrival *a, uint64_t number, const void *piece, size_t len);

/* Somebody who comes by themselves, with the line of their file. As above. */
FED_MUST_USE int arrival_add(struct arrival *a, const struct store_row *row, uint64_t line);

/*
 * All have come: put them into the store. Nothing is put when somebody was refused, or in a dry run.
 * Where store_is_whole is false, at_most people a call; who was put stays, and the rest comes by a new arrival of the same: those
 * who are there already are not written again.
 *   ret_more   call again
 * 0, FED_E_INVALID (no end), FED_E_EXISTS (somebody is refused, perhaps only now), FED_E_STORE, FED_E_SYSTEM.
 */
FED_MUST_USE int arrival_finish(struct arrival *a, unsigned at_most, bool *ret_more);

struct arrival_counts arrival_counts(const struct arrival *a);
bool arrival_has_parcel(const struct arrival *a);
bool arrival_is_dry(const struct arrival *a);

/* A line for each who is refused, the first ARRIVAL_NOTES_MAX; NULL behind the last. Borrowed. */
const char *arrival_note(const struct arrival *a, size_t i);

/*
 * Who of a parcel was not enrolled here when they came, the first ARRIVAL_NEW_MAX; NULL behind the last. Nothing is remembered of people who are
 * reset, so an old parcel enrols them again: a person has to see it. Borrowed.
 */
const char *arrival_new_name(const struct arrival *a, size_t i);

/* Who has been put into the store since it was asked last, in order; also after a failure of arrival_finish. 0, FED_E_SYSTEM, or what fn returned. */
FED_MUST_USE int arrival_each(
    struct arrival *a, int (*fn)(const struct store_row *row, uint64_t line, void *arg), void *arg);

#endif
