/*
 * Bringing the bridge up and taking it down, in the order that its privileges need.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef BRIDGE_START_H
#define BRIDGE_START_H

#include "bridge/bridge.h"

/*
 * From a configuration to a bridge that is ready to run. As root: socket, audit file, state folder, service
 * passwords, the keeper with its keys; then as the bridge's user for good: store, directory, workers.
 * conf becomes the bridge's, also on failure. Errors are logged. 0 or an error.
 */
FED_MUST_USE int bridge_start(struct conf *conf, struct bridge **ret);

/* NULL and half-built bridges are accepted. */
void bridge_free(struct bridge *b);

#endif
