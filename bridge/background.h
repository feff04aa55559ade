/*
 * Going to the background, for hosts without systemd: the command returns when the bridge is ready, or with a failure.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef BRIDGE_BACKGROUND_H
#define BRIDGE_BACKGROUND_H

#include "base/err.h"

/* Let go of all that the caller had open besides standard input, output and error. Before anything of ours is open. */
void background_prepare(void);

/*
 * Fork. The parent shows on its standard error what the child writes to its own, and exits: 0 once background_ready was called,
 * 1 if the child and all that it forked ended before. The child has a session of its own, no terminal, and no descriptor of
 * the caller's. Called before any thread. 0 or FED_E_SYSTEM.
 */
FED_MUST_USE int background_begin(void);

/* In the child: tell the waiting parent; from here on standard error is /dev/null. SIGPIPE is ignored before. */
void background_ready(void);

#endif
