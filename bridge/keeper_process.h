/*
 * The keeper's side of its start: what the forked child runs, for good.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef BRIDGE_KEEPER_PROCESS_H
#define BRIDGE_KEEPER_PROCESS_H

#include <sys/types.h>

#include "conf/conf.h"

/*
 * Read the keys, raise the walls, say READY (or why not) on the socket fd, then answer until the
 * bridge closes its end. Single-threaded; needs nothing of the bridge but conf.
 */
_Noreturn void keeper_process(int fd, const struct conf *conf, uid_t uid, gid_t gid);

#endif
