/*
 * The bridge's socket: one thread (the main one) that accepts, reads requests, hands them to the
 * workers, sends replies, and holds denials back to their moment. It never blocks on a peer.
 *
 * A peer is served when SO_PEERCRED has said who it is. One uid has at most max_per_uid connections being
 * served; more of them wait unread, up to WAITING_FACTOR times as many, and beyond that are closed.
 * uid 0 has no such cap (I-55). A malformed message ends its connection and no other (I-54).
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef BRIDGE_LISTENER_H
#define BRIDGE_LISTENER_H

#include <stdint.h>

#include "base/err.h"
#include "bridge/job.h"
#include "bridge/loop.h"

struct listener;

enum {
    LISTENER_CONNECTIONS_MAX = 4096,
    LISTENER_ROOT_RESERVE = 256, /* connections that only uid 0 may take */
    LISTENER_WAITING_FACTOR = 16,
    LISTENER_IDLE_MS = 30000, /* a connection with no request under way for so long is closed */
    LISTENER_DENIAL_MS =
        1000 /* a denial is sent so long after its request came, whatever it took (I-35) */
};

struct listener_options {
    int fd;               /* required: a listening SOCK_SEQPACKET socket; becomes the listener's */
    unsigned max_per_uid; /* required */
    bool has_admin_group; /* sets peer.is_admin by the peer's groups */
    gid_t admin_gid;
    /* A request has come; the job goes back by its answer, which is listener_answer. Main thread. */
    void (*request)(void *arg, struct job *job);
    void *arg;
};

/* 0, FED_E_NOMEM, FED_E_SYSTEM; the descriptor is closed then. */
FED_MUST_USE int listener_new(const struct listener_options *options, struct listener **ret);
void listener_free(struct listener *listener);

/* A job is done, with its reply or without (then its connection is closed). arg is the listener. Any thread. */
void listener_answer(void *arg, struct job *job);

/* The loop that it runs, for others to have their descriptors watched in the main thread. */
struct loop *listener_loop(struct listener *listener);

/* Run until listener_stop is called (in a watch's fn, or in any thread). 0 or FED_E_SYSTEM. */
FED_MUST_USE int listener_run(struct listener *listener);

/* One round of it, waiting at most wait_ms; for tests that drive the loop themselves. */
FED_MUST_USE int listener_run_once(struct listener *listener, int wait_ms);
void listener_stop(struct listener *listener);

#endif
