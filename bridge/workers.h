/*
 * A fixed pool of threads that work on jobs. Jobs of uid 0 (the PAM module) come before all others, and a
 * quarter of the workers takes no other jobs at all: so whatever users do, a login finds a worker (I-55).
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef BRIDGE_WORKERS_H
#define BRIDGE_WORKERS_H

#include "base/err.h"
#include "bridge/job.h"

struct workers;

/*
 * What the pool calls, in a worker. True: the job is done, and its answer is called. False: the work
 * kept the job (it waits for something) and will hand it to workers_add again: the pool does not touch it any more.
 */
typedef bool workers_work_fn(void *arg, struct job *job);

struct workers_options {
    unsigned n; /* required, at least 1 */
    workers_work_fn *work;
    void *work_arg;
};

/* Start the threads, all signals blocked in them. 0, FED_E_NOMEM, FED_E_SYSTEM. */
FED_MUST_USE int workers_new(const struct workers_options *options, struct workers **ret);

/* Hand over a job. Any thread; never blocks for long. */
void workers_add(struct workers *workers, struct job *job);

/* Let the jobs under way end, and join the threads. Jobs are still taken, and kept. NULL is accepted. */
void workers_stop(struct workers *workers);

/* Stop, and drop the jobs that are left: their answer is called, without a reply. NULL is accepted. */
void workers_free(struct workers *workers);

#endif
