/*
 * The pool: two queues, one lock, and a share of the threads that serves the first queue only.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "bridge/workers.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>

#include "base/log.h"

struct queue {
    struct job *first;
    struct job **last;
};

struct workers {
    struct workers_options options;
    pthread_mutex_t lock;
    pthread_cond_t root_work; /* for the reserved threads */
    pthread_cond_t any_work;  /* for the others */
    struct queue root, others;
    bool stopping;
    unsigned n_reserved;
    unsigned reserved_started;
    unsigned n_started;
    pthread_t threads[];
};

static void
queue_put(struct queue *q, struct job *job)
{
    job->next = NULL;
    *q->last = job;
    q->last = &job->next;
}

static struct job *
queue_take(struct queue *q)
{
    struct job *job = q->first;

    if (job != NULL) {
        q->first = job->next;
        if (q->first == NULL)
            q->last = &q->first;
    }
    return job;
}

/* The next job for this thread; NULL when the pool stops. */
static struct job *
wait_for_job(struct workers *w, bool reserved)
{
    struct job *job = NULL;

    (void)pthread_mutex_lock(&w->lock);
    while (!w->stopping) {
        job = queue_take(&w->root);
        if (job == NULL && !reserved)
            job = queue_take(&w->others);
        if (job != NULL)
            break;
        (void)pthread_cond_wait(reserved ? &w->root_work : &w->any_work, &w->lock);
    }
    (void)pthread_mutex_unlock(&w->lock);
    return job;
}

static void *
worker_main(void *arg)
{
    struct workers *w = arg;
    struct job *job;

    (void)pthread_mutex_lock(&w->lock);
    bool reserved = w->reserved_started < w->n_reserved;
    if (reserved)
        w->reserved_started++;
    (void)pthread_mutex_unlock(&w->lock);

    while ((job = wait_for_job(w, reserved)) != NULL) {
        fed_log_request(job->msg.request);
        if (w->options.work(w->options.work_arg, job))
            job->answer(job->answer_arg, job);
        fed_log_request(0);
    }
    return NULL;
}

int
workers_new(const struct workers_options *options, struct workers **ret)
{
    struct workers *w = calloc(1, sizeof(*w) + options->n * sizeof(w->threads[0]));
    sigset_t all, old;

    if (w == NULL)
        return FED_E_NOMEM;
    w->options = *options;
    w->root.last = &w->root.first;
    w->others.last = &w->others.first;
    w->n_reserved = options->n / 4;
    (void)pthread_mutex_init(&w->lock, NULL);
    (void)pthread_cond_init(&w->root_work, NULL);
    (void)pthread_cond_init(&w->any_work, NULL);

    (void)sigfillset(&all);
    (void)pthread_sigmask(SIG_BLOCK, &all, &old);
    while (w->n_started < options->n) {
        if (pthread_create(&w->threads[w->n_started], NULL, worker_main, w) != 0)
            break;
        w->n_started++;
    }
    (void)pthread_sigmask(SIG_SETMASK, &old, NULL);
    if (w->n_started < options->n) {
        workers_free(w);
        return FED_E_SYSTEM;
    }
    *ret = w;
    return 0;
}

void
workers_add(struct workers *w, struct job *job)
{
    bool root = job->peer.uid == 0;

    (void)pthread_mutex_lock(&w->lock);
    queue_put(root ? &w->root : &w->others, job);
    /* One of either kind wakes for root's jobs: whichever comes first, the other sleeps again. */
    if (root)
        (void)pthread_cond_signal(&w->root_work);
    (void)pthread_cond_signal(&w->any_work);
    (void)pthread_mutex_unlock(&w->lock);
}

void
workers_stop(struct workers *w)
{
    if (w == NULL)
        return;
    (void)pthread_mutex_lock(&w->lock);
    w->stopping = true;
    (void)pthread_cond_broadcast(&w->root_work);
    (void)pthread_cond_broadcast(&w->any_work);
    (void)pthread_mutex_unlock(&w->lock);
    while (w->n_started > 0)
        (void)pthread_join(w->threads[--w->n_started], NULL);
}

void
workers_free(struct workers *w)
{
    struct job *job;

    if (w == NULL)
        return;
    workers_stop(w);
    while ((job = queue_take(&w->root)) != NULL || (job = queue_take(&w->others)) != NULL)
        job->answer(job->answer_arg, job);
    (void)pthread_cond_destroy(&w->root_work);
    (void)pthread_cond_destroy(&w->any_work);
    (void)pthread_mutex_destroy(&w->lock);
    free(w);
}
