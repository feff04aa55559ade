/*
 * Going to the background, for hosts without systemd: the command returns when the bridge is ready, or with a failure.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef BRIDGE_BACKGROUND_H
#define BRIDGE_BACKGROUND_H

#include "base/err.h"

/*
 * Fork. The parent waits and exits: 0 once background_ready was called, 1 if the child ended before. The child has a session of
 * its own and no terminal. Called before any thread. 0 or FED_E_SYSTEM.
 */
FED_MUST_USE int background_begin(int *ret_ready_fd);

/* Tell the waiting parent; -1 = there is none. Closes the descriptor. */
void background_ready(int ready_fd);

#endif
