/*
 * Reading the configuration again while the bridge runs.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef BRIDGE_RELOAD_H
#define BRIDGE_RELOAD_H

#include "bridge/bridge.h"

/*
 * Take what can be taken without a restart (mapper_reload), all or nothing. What is wrong is logged with file and line, and then
 * the old stays. Blocks on files and the directory; one thread at a time, the one that refreshes.
 */
void reload(struct bridge *b);

#endif
