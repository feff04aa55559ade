/*
 * The session endpoint's socket. Its port is in the environment of every live session, so a bridge that restarts wants the one
 * it had. And as long as no bridge runs, the port should be nobody else's: whoever listened there could give people credentials
 * of his own. So it is chosen below 1024, where only root can listen, and bound before privileges are dropped.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef BRIDGE_ENDPOINT_PORT_H
#define BRIDGE_ENDPOINT_PORT_H

#include <sys/types.h>

#include "base/err.h"

enum { ENDPOINT_PORT_WHY_MAX = 256 };

/*
 * Listen on 127.0.0.1.
 *   wanted      the configured port; 0 = the one in the state folder if it is free, else a free one below 1024 that
 *               no service of services(5) has, else (no right to that) any
 *   state_dir   may be missing yet
 *   owner       whose the file in there must be
 * 0, or FED_E_CONFIG with why (ENDPOINT_PORT_WHY_MAX).
 */
FED_MUST_USE int endpoint_port_open(unsigned wanted, const char *state_dir, uid_t owner,
    int *ret_fd, unsigned *ret_port, char *why);

/* Keep the port for the next start; as the bridge's user. A failure is logged: it costs live sessions their endpoint. */
void endpoint_port_keep(const char *state_dir, unsigned port);

#endif
