/*
 * What the clocks of other machines were when they were heard, and from that how far ours is off now, whichever way it has
 * been set since: between, time is counted by the clock that nobody sets. Any thread; never blocks.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef BASE_CLOCKS_H
#define BASE_CLOCKS_H

#include <stdint.h>

#include "base/err.h"

struct clocks;

enum { CLOCKS_KEPT_S = 3600 }; /* a clock that was not heard for so long is not counted */

/* Now, by both of our clocks. */
struct clocks_now {
    int64_t wall_s; /* Unix seconds: what is judged */
    int64_t boot_s; /* since the start, while the machine slept too */
};
struct clocks_now clocks_now(void);

/* For n machines, by number. 0 or FED_E_NOMEM. */
FED_MUST_USE int clocks_new(unsigned n, struct clocks **ret);
void clocks_free(struct clocks *clocks);

/* A machine said that it is their_s. */
void clocks_tell(
    struct clocks *clocks, unsigned machine, int64_t their_s, const struct clocks_now *now);

/*
 * How far is our clock off from theirs: ahead (positive) or behind the median of them, of two in the middle the one nearer to
 * ours, so that a single one that lies stops nothing where there is another. Returns how many were heard; with 0 nothing is written.
 */
unsigned clocks_off(struct clocks *clocks, const struct clocks_now *now, int64_t *ret_off_s);

#endif
