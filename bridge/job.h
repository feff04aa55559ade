/*
 * One request on its way through the bridge: made by the listener, worked on by exactly one worker
 * at a time, and answered by the listener again.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef BRIDGE_JOB_H
#define BRIDGE_JOB_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/secret.h"
#include "base/wire.h"

/* Who asks, from SO_PEERCRED: the kernel's word, fixed when the peer connected (I-53). */
struct peer {
    uid_t uid;
    gid_t gid;
    pid_t pid;
    bool is_admin; /* uid 0, or in the admin group when it connected (SO_PEERGROUPS) */
};

struct job {
    struct peer peer;
    struct fed_secret bytes; /* the request */
    struct wire_msg msg;     /* a view on it */
    int64_t received_ms;     /* monotonic */

    struct wire_out reply; /* finished by the worker; empty when there is none */
    bool held;             /* a denial: not to be sent before its moment (I-35) */
    bool landed;           /* it waited for a flight, which is over (bridge/cache.h) */

    struct job *next;        /* of the one list that it is on */
    struct connection *from; /* the listener's; NULL when the asker has gone */
};

#endif
