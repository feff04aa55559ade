/*
 * The store in an attribute of people's entries (mfa/store_directory.h), on top of the bridge's domains and
 * its keeper.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef BRIDGE_ATTRIBUTE_STORE_H
#define BRIDGE_ATTRIBUTE_STORE_H

#include "bridge/bridge.h"

/* Is [mfa] store of this kind? */
bool attribute_store_wanted(const struct conf *conf);

/* Open it; b's domains and keeper must be there, and outlive it. As store_open. */
FED_MUST_USE int attribute_store_open(struct bridge *b, struct store **ret, char *why);

#endif
