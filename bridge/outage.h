/*
 * One answer for everybody while a domain is silent (I-35): names that were looked up a while ago, and codes, can be judged without
 * the directory, and a denial for one beside "unavailable" for another would tell which names it knows.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef BRIDGE_OUTAGE_H
#define BRIDGE_OUTAGE_H

#include "bridge/bridge.h"
#include "bridge/identity.h"

/*
 * The error of a name as identity_find left it in id: itself, or where it is a denial and the domain that would have to be
 * asked does not answer now, what the look-up of an unknown name would give (FED_E_DIRECTORY, FED_E_TLS); why (BRIDGE_WHY_MAX bytes) then has both. A server that rested is asked whether it is
 * there, which is no bind (I-36). Blocks for connect-timeout at most, as the look-up of an unknown name does.
 */
FED_MUST_USE int outage_hide(
    const struct bridge *b, const struct identity *id, int error, char *why);

#endif
