/*
 * "Did you mean": the known word nearest to a mistyped one.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef CONF_NEAREST_H
#define CONF_NEAREST_H

#include <stddef.h>

struct nearest {
    const char *typed;
    const char *best;  /* NULL = nothing is near */
    unsigned distance; /* edits from typed to best */
};

/* Start with what was typed; borrowed. */
struct nearest nearest_start(const char *typed);

/*
 * Offer one known word; borrowed. It is near when about a third of it at most differs: letters wrong, missing,
 * too many or swapped, without regard to case. The first of equally near words stays.
 */
void nearest_offer(struct nearest *nearest, const char *known);

#endif
