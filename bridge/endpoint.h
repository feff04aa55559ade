/*
 * The session endpoint: HTTP on 127.0.0.1, by which every AWS SDK gets the credentials of its login session with no set-up at
 * all. It is a second front door and nothing more: a request that is let in becomes an ASK_CREDENTIALS of the session's uid and goes
 * the way of all requests, through the cache and its single flight.
 *
 * Let in is who has the session's token and is, by the kernel's word on the TCP socket, the session's uid or root. The server has a
 * thread of its own, waits for nobody, and parks a request while a worker has it. One uid has at most ENDPOINT_PER_UID
 * requests with the workers, the others queue, and connections as endpoint_has_place gives them (I-55).
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef BRIDGE_ENDPOINT_H
#define BRIDGE_ENDPOINT_H

#include "base/err.h"
#include "bridge/audit.h"
#include "bridge/job.h"
#include "bridge/tickets.h"

struct endpoint;

enum {
    ENDPOINT_PER_UID = 4,
    ENDPOINT_HEAD_MAX = 8192, /* bytes of a request */
    ENDPOINT_IDLE_S = 5,
};

struct endpoint_options {
    int fd;        /* required: the listening socket; becomes the endpoint's */
    unsigned port; /* required: of that socket */
    struct tickets *tickets;
    struct audit *audit;
    /* A request has come; the job goes back by its answer, later. Any thread, with the endpoint's lock held. */
    void (*request)(void *arg, struct job *job);
    void *arg;
};

/* Start serving. 0, FED_E_NOMEM, FED_E_SYSTEM. */
FED_MUST_USE int endpoint_new(const struct endpoint_options *options, struct endpoint **ret);

/* From here on no request is handed over; those that come are told to try later. NULL is accepted. */
void endpoint_close(struct endpoint *e);

/* Stop. Every job must have come back before: the workers are gone. NULL is accepted. */
void endpoint_free(struct endpoint *e);

#endif
