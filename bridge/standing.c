/*
 * Re-checks: one at a time for a uid, so that a hundred askers cost one read.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "bridge/standing.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/log.h"
#include "base/wire.h"
#include "bridge/signin.h"

static bool
is_due(const struct bridge *b, const struct ticket *t)
{
    int64_t age_s = (int64_t)time(NULL) - t->checked_s;

    /* Roles of a book that has been replaced may be nobody's any more. */
    if (t->proof.book != NULL && !mapper_is_now(b->mapper, t->proof.book))
        return true;
    return age_s < 0 || age_s >= b->conf->bridge.recheck_interval_s;
}

/* Read the entry again. Somebody who was renamed or moved is found by name, and is the same by SID only. */
static int
read_entry(struct bridge *b, struct proof *proof, struct addir_entry *ret, char *why)
{
    struct addir *dir = b->dirs[proof->domain];
    struct addir_person moved;

    int r = addir_read(dir, &proof->person, ret, why);
    if (r != FED_E_UNKNOWN_USER)
        return r;
    if ((r = addir_resolve(dir, proof->person.sam, &moved, why)) != 0)
        return r;
    if (!sid_equal(&moved.sid, &proof->person.sid))
        return FED_E_UNKNOWN_USER;
    proof->person = moved;
    return addir_read(dir, &moved, ret, why);
}

/*
 * Without a service identity nobody's standing can be read again: what a sign-in gave lasts until the first re-check
 * is due, and then takes another sign-in.
 */
static int
end_unreadable(struct bridge *b, const struct ticket *t, char *why)
{
    (void)tickets_end_uid(b->tickets, t->uid);
    (void)snprintf(why, BRIDGE_WHY_MAX, "%s", fed_strerror(FED_E_NO_TICKET));
    return FED_E_NO_TICKET;
}

static int
recheck(struct bridge *b, const struct ticket *t, struct proof *proof, char *why)
{
    struct addir_entry entry = {0};
    int r = read_entry(b, proof, &entry, why);

    if (r == 0)
        r = account_check(&entry.account, (int64_t)time(NULL));
    if (r == 0)
        r = account_check_host(&entry.account, b->host);
    if (r == 0)
        r = mapper_may_login(b->mapper, proof->domain, &entry);
    if (r == 0 && (t->proof.factors & WIRE_FACTOR_CODE) &&
        (t->proof.factors & WIRE_FACTOR_PASSWORD))
        r = signin_set_roles(b, &entry, proof);
    addir_entry_done(&entry);
    return r;
}

static void
audit_loss(struct bridge *b, const struct ticket *t, int error, const char *why)
{
    struct audit_event e = {.event = "recheck",
        .outcome = error,
        .reason = why,
        .user = t->user,
        .sid = t->proof.sid,
        .ticket = t->id,
        .asked_by = t->uid};
    int r = audit_write(b->audit, &e);

    (void)r; /* it grants nothing */
}

int
standing_check(struct bridge *b, struct ticket **ticket, char *why)
{
    struct ticket *t = NULL;
    struct proof proof = {0};
    uid_t uid = (*ticket)->uid;

    why[0] = '\0';
    if (!is_due(b, *ticket))
        return 0;
    pthread_mutex_t *lock = &b->recheck[uid % BRIDGE_STRIPES];
    (void)pthread_mutex_lock(lock);
    int r = tickets_get(b->tickets, uid, &t); /* somebody may have done it while we waited */
    if (r != 0)
        goto out;
    if (is_due(b, t) && !addir_has_service(b->dirs[t->proof.domain])) {
        r = end_unreadable(b, t, why);
        goto out;
    }
    if (is_due(b, t) && (r = proof_copy(&t->proof, &proof)) == 0 &&
        (r = recheck(b, t, &proof, why)) == 0) {
        struct ticket *fresh = NULL;
        r = tickets_rechecked(b->tickets, t, &proof, &fresh);
        if (r == 0) {
            ticket_unref(t);
            t = fresh;
        }
    }
    if (r == 0) {
        ticket_unref(*ticket);
        *ticket = t;
        t = NULL;
    } else if (fed_error_class(r) == FED_CLASS_DENIED && r != FED_E_NO_TICKET) {
        audit_loss(b, t, r, why);
        if (why[0] == '\0')
            (void)snprintf(why, BRIDGE_WHY_MAX, "%s", fed_strerror(r));
        /* A lockout or an expired password passes; the rest ends what was given on its strength. */
        if (r != FED_E_DIRECTORY_LOCKED && r != FED_E_PASSWORD_EXPIRED)
            (void)tickets_end_uid(b->tickets, uid);
    }

out:
    (void)pthread_mutex_unlock(lock);
    proof_done(&proof);
    ticket_unref(t);
    return r;
}
