/*
 * The endpoint of one `exec`: credentials of one role, over HTTP on 127.0.0.1, for whoever has the token. SDKs ask it again
 * before what they have ends; each time the bridge is asked, which has a cache and renews ahead of time.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef BRIDGE_LOGIN_SERVE_H
#define BRIDGE_LOGIN_SERVE_H

#include "bridge/login/options.h"

enum { SERVE_URI_SIZE = 64, SERVE_TOKEN_SIZE = 65, SERVE_HOST_SIZE = 24 };

struct serve {
    int listener;
    char host[SERVE_HOST_SIZE]; /* what Host has to be: 127.0.0.1:PORT (browsers can be rebound) */
    char uri[SERVE_URI_SIZE];   /* AWS_CONTAINER_CREDENTIALS_FULL_URI */
    char token[SERVE_TOKEN_SIZE]; /* AWS_CONTAINER_AUTHORIZATION_TOKEN */
};

/* Listen on a free port, with a fresh token. 0 or FED_E_SYSTEM. Connections wait until serve_run. */
FED_MUST_USE int serve_open(struct serve *ret_serve);
void serve_close(struct serve *serve);

/*
 * Answer until killed: the process must be one of its own. o->role is the role, o->duration_s what is asked for.
 */
_Noreturn void serve_run(const struct serve *serve, const struct options *o);

#endif
