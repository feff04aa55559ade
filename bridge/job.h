/*
 * One request on its way through the bridge: made by the listener or the session endpoint, worked on by
 * exactly one worker at a time, and answered by where it came from.
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

    /* The way back to where the job came from: called once, when it is done, in any thread. */
    void (*answer)(void *arg, struct job *job);
    void *answer_arg;

    struct job *next;        /* of the one list that it is on */
    struct connection *from; /* the listener's own; NULL when the asker has gone */
};

/* Wipe and free what a job holds; the struct itself is its maker's. */
void job_done(struct job *job);

/*
 * Make an empty job the bridge's own ASK_CREDENTIALS for a uid, as if that uid had asked at the socket.
 * role NULL = none named; duration_s 0 = the role's. The maker sets answer. 0, FED_E_NOMEM, FED_E_INVALID.
 */
FED_MUST_USE int job_ask_credentials(
    struct job *job, uid_t uid, const char *role, int64_t duration_s);

#endif
