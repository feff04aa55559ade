/*
 * Why somebody who is signed in has no AWS role: for their groups, for the code that this sign-in did not take, or for rules that
 * give them none however they sign in (bridge/demand.h). A wrong reason sends people to the wrong administrator.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef BRIDGE_ROLELESS_H
#define BRIDGE_ROLELESS_H

#include "bridge/bridge.h"

/*
 * The reason for a ticket without roles, and what to do about it.
 *   ret_why  static; what may follow "no AWS role: "
 * FED_E_ROLE, or FED_E_FRESH_CODE where a sign-in with a code would give roles, if the groups do. Blocks on the store.
 */
FED_MUST_USE int roleless_why(struct bridge *b, const struct ticket *t, const char **ret_why);

#endif
