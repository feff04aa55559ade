/*
 * Is the person of a ticket still in good standing? Every recheck-interval their state and groups are read
 * again by the service identity; who is gone, disabled or no longer listed loses the ticket (I-59, I-60).
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef BRIDGE_STANDING_H
#define BRIDGE_STANDING_H

#include "bridge/bridge.h"

/*
 * Re-check a ticket if its time has come.
 *   *ticket   referenced by the caller; replaced by the newer one (the reference moves along)
 *   why       BRIDGE_WHY_MAX bytes, for the person and the log
 * Returns 0 (not due, or fine, or the directory cannot be asked and directory-grace is not over: (*ticket)->grace), FED_E_NO_TICKET and the account errors (denied), or FED_E_DIRECTORY and the like: nothing is
 * known, and the ticket stays. Blocks on the directory. Any thread.
 */
FED_MUST_USE int standing_check(struct bridge *b, struct ticket **ticket, char *why);

/*
 * The ticket of a uid with the roles that the configuration of now gives, for whoever is about to choose among them. One that an earlier
 * bridge gave has none until the directory was asked; one from before a reload has those of then, and keeps them while the
 * directory cannot be asked: nothing new is given on it, for standing_check says no.
 *   ret   also there, referenced, with an error of class UNAVAILABLE
 * Returns 0, FED_E_NO_TICKET, or what standing_check gives. Blocks on the directory where it asks. Any thread.
 */
FED_MUST_USE int standing_of(struct bridge *b, uid_t uid, struct ticket **ret, char *why);

#endif
