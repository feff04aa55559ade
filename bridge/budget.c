/*
 * A look at AD's record before a password is sent.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "bridge/budget.h"

#include <stdio.h>
#include <time.h>

/* Would a wrong password now be the one that locks the account in AD? One that is locked already has no more to lose. */
static int
check_last_try(struct bridge *b, const struct identity *id, bool *ret_some, char *why)
{
    struct addir_tries tries;
    int r = addir_tries(b->dirs[id->domain], &id->person, (int64_t)time(NULL), &tries, why);

    if (r != 0)
        return r;
    *ret_some = tries.threshold > 1 && tries.wrong > 0;
    if (*ret_some && tries.wrong + 1 == tries.threshold) {
        (void)snprintf(why, BRIDGE_WHY_MAX,
            "%u wrong passwords are on record in AD, one more would lock the account: none is sent",
            tries.wrong);
        return FED_E_LOCKED;
    }
    return 0;
}

int
budget_spend(
    struct bridge *b, const struct identity *id, budget_send_fn *send, void *arg, char *why)
{
    const struct sid *sid = &id->person.sid;
    bool some = false;

    if (!addir_has_service(b->dirs[id->domain]))
        return send(arg);
    int r = check_last_try(b, id, &some, why);
    if (r != 0 || !some)
        return r != 0 ? r : send(arg);

    pthread_mutex_t *lock = &b->last_tries[sid->bytes[sid->len - 4] % BRIDGE_STRIPES];
    (void)pthread_mutex_lock(lock);
    r = check_last_try(b, id, &some, why);
    if (r == 0)
        r = send(arg);
    (void)pthread_mutex_unlock(lock);
    return r;
}
