/*
 * One request on its way through the bridge: made by the listener or the session endpoint, worked on by
 * exactly one worker at a time, and answered by where it came from.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef BRIDGE_JOB_H
#define BRIDGE_JOB_H

#include <stdint.h>
#include <sys/types.h>

#include "base/secret.h"
#include "base/wire.h"
#include "bridge/peer.h"

struct job {
    struct peer peer;
    struct fed_secret bytes; /* the request */
    struct wire_msg msg;     /* a view on it */
    int64_t received_ms;     /* monotonic */

    struct wire_out reply; /* finished by the worker; empty when there is none */
    bool held;             /* a denial: not to be sent before its moment (I-35) */
    bool renews;           /* the bridge's own, ahead of time: nobody waits for the answer */
    bool landed;           /* it waited for a flight, which is over (bridge/cache.h) */

    /* The way back to where the job came from: called once, when it is done, in any thread. */
    void (*answer)(void *arg, struct job *job);
    void *answer_arg;

    struct job *next;        /* of the one list that it is on */
    struct connection *from; /* the listener's own; NULL when the asker has gone */
};

/*
 * Take one packet from a socket and make a job of it; never blocks. 0, FED_E_BUSY (nothing there), FED_E_BRIDGE (the peer has gone),
 * FED_E_TOO_BIG, FED_E_PROTO, FED_E_NOMEM. The job is on the heap, and empty but for its request.
 */
FED_MUST_USE int job_receive(int fd, struct job **ret);

/* Wipe and free what a job holds; the struct itself is its maker's. */
void job_done(struct job *job);

/*
 * Make an empty job the bridge's own ASK_CREDENTIALS for a uid, as if that uid had asked at the socket.
 * role NULL = none named; duration_s 0 = the role's. The maker sets answer. 0, FED_E_NOMEM, FED_E_INVALID.
 */
FED_MUST_USE int job_ask_credentials(
    struct job *job, uid_t uid, const char *role, int64_t duration_s);

#endif
