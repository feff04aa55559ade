/*
 * Where a listing in pages goes on (WIRE_PLACE). Who asks keeps it between pages, and need not understand it.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef BRIDGE_PLACE_H
#define BRIDGE_PLACE_H

#include "base/wire.h"
#include "mfa/store.h"

/* Of a request; without one it is before the first. 0 or FED_E_INVALID. */
FED_MUST_USE int place_read(const struct wire_msg *msg, struct store_place *ret);

void place_put(struct wire_out *out, const struct store_place *place);

#endif
