/*
 * Is this host's clock right? It is compared with the domain controllers' (I-27), which each tell theirs when they are asked
 * whether they are there, and all of them now and then; and with AWS's, which every reply of STS has. One-time codes are
 * worth nothing on a wrong clock: while it is more than a period off the domain controllers' they are refused, as
 * unavailable and not as wrong, and recovery codes and passwords go on. Off AWS's alone it is only told: roles fail by themselves.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef BRIDGE_CLOCKWATCH_H
#define BRIDGE_CLOCKWATCH_H

#include "bridge/bridge.h"

struct clockwatch;

FED_MUST_USE int clockwatch_new(const struct conf *conf, struct clockwatch **ret);
void clockwatch_free(struct clockwatch *watch);

/*
 * May one-time codes of this domain's people be checked now? By what was heard already: asks nobody, never blocks; any
 * thread. A change either way is told in log and audit trail.
 *   why   BRIDGE_WHY_MAX bytes: how far it is off
 * 0 (also when nobody was heard: then the clock is believed) or FED_E_CLOCK.
 */
FED_MUST_USE int clockwatch_check(struct bridge *b, size_t domain, char *why);

/* The same of all domains. */
FED_MUST_USE int clockwatch_check_all(struct bridge *b, char *ret_why, size_t size);

/* Ask whom there is reason to ask, and tell what has changed. One thread: the housekeeper's. Blocks on the directory. */
void clockwatch_round(struct bridge *b);

#endif
