/*
 * From what the cache finds due to jobs whose answers nobody waits for.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "bridge/renewals.h"

#include <stdlib.h>
#include <time.h>

static void
forget(void *arg, struct job *job)
{
    (void)arg;
    job_done(job); /* what it fetched is in the cache, and the audit trail has its line */
    free(job);
}

/* A role that is the ticket's no more is not asked for. */
static void
start_one(struct bridge *b, const struct ticket *t, const struct cache_key *key)
{
    const struct conf_role *role = proof_role_by_digest(&t->proof, key->role);
    struct job *job = role != NULL ? calloc(1, sizeof(*job)) : NULL;

    if (job == NULL)
        return;
    if (job_ask_credentials(job, t->uid, role->name, key->duration_s) != 0) {
        free(job);
        return;
    }
    job->renews = true;
    job->answer = forget;
    workers_add(b->workers, job);
}

static void
start_of_ticket(void *arg, const struct ticket *t, unsigned sessions)
{
    struct bridge *b = arg;
    struct cache_key key;
    int64_t now_s = (int64_t)time(NULL);

    (void)sessions;
    for (unsigned i = 0;
         i < RENEWALS_PER_ROUND && cache_renewable(b->cache, t->id, t->ends_s, now_s, &key); i++)
        start_one(b, t, &key);
}

void
renewals_start(struct bridge *b)
{
    tickets_each(b->tickets, start_of_ticket, b);
}
