/*
 * Re-checks: one at a time for a uid, so that a hundred askers cost one read.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "bridge/standing.h"

#include <stdio.h>
#include <time.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/wire.h"
#include "bridge/pardon.h"
#include "bridge/signin.h"

enum { ASK_AGAIN_MS = 10 * 1000, RECHECK_TRIES = 8 };

/*
 * Roles of a book that has been replaced may be nobody's any more; and an attribute that nobody asked for looks like one that the
 * person does not have.
 */
static bool
is_outdated(const struct bridge *b, const struct ticket *t)
{
    return t->proof.book != NULL && (!mapper_is_now(b->mapper, t->proof.book) ||
                                        t->proof.asked != addir_asks(b->dirs[t->proof.domain]));
}

static bool
is_due(const struct bridge *b, const struct ticket *t)
{
    int64_t age_s = (int64_t)time(NULL) - t->checked_s;

    if (is_outdated(b, t))
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
    if (r != 0)
        goto out;
    if ((t->proof.factors & WIRE_FACTOR_CODE) == 0 ||
        (t->proof.factors & WIRE_FACTOR_PASSWORD) == 0)
        proof->bar = pardon_bar(b, proof->domain, &entry);
    else if ((r = signin_set_roles(b, &entry, proof)) == 0)
        r = pardon_drop_roles(b, &entry, proof);

out:
    addir_entry_done(&entry);
    return r;
}

/*
 * The directory cannot be asked. Within directory-grace after the re-check was due the ticket goes on, marked, so that
 * whatever is given on it tells AWS and the audit trail; one that no directory has confirmed since a restart does not, nor one whose book
 * has been replaced: what was taken away by a reload is not given for want of a directory.
 */
static int
go_on_without(struct bridge *b, struct ticket **t, int error)
{
    int64_t until_s =
        (*t)->checked_s + b->conf->bridge.recheck_interval_s + b->conf->bridge.directory_grace_s;
    int64_t now_s = (int64_t)time(NULL);
    struct ticket *fresh = NULL;

    if (b->conf->bridge.directory_grace_s == 0 || (*t)->checked_s == 0 || now_s < (*t)->checked_s ||
        now_s >= until_s || is_outdated(b, *t))
        return error;
    if ((*t)->grace)
        return 0;
    fed_log_warning(
        "\"%s\": the directory cannot be asked; the ticket goes on in grace", (*t)->user);
    if (tickets_grace(b->tickets, *t, &fresh) != 0)
        return error;
    ticket_unref(*t);
    *t = fresh;
    return 0;
}

/* While in grace the directory is not asked for every request of everybody: once in a while will do. */
static bool
asked_lately(const struct bridge *b, const struct ticket *t)
{
    return t->grace &&
           clock_mono_ms() - b->recheck_failed_ms[t->uid % BRIDGE_STRIPES] < ASK_AGAIN_MS;
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

/* Ask the directory, and put what it says in the ticket's place. */
static int
renew_once(struct bridge *b, struct ticket **t, char *why)
{
    struct ticket *fresh = NULL;
    struct proof proof = {0};
    int r = proof_copy(&(*t)->proof, &proof);

    if (r == 0)
        r = recheck(b, *t, &proof, why);
    if (r == 0)
        r = tickets_rechecked(b->tickets, *t, &proof, &fresh);
    else if (fed_error_class(r) == FED_CLASS_UNAVAILABLE)
        b->recheck_failed_ms[(*t)->uid % BRIDGE_STRIPES] = clock_mono_ms();
    if (r == 0) {
        ticket_unref(*t);
        *t = fresh;
    }
    proof_done(&proof);
    return r;
}

/*
 * A ticket that is replaced while the directory answers is looked at again: after a sign-in it is in order, after a choice of role
 * it has the roles of before, and whoever chooses all the time must not keep them by that (I-60).
 */
static int
renew(struct bridge *b, struct ticket **t, char *why)
{
    struct ticket *now = NULL;
    int r = renew_once(b, t, why);

    for (int i = 1; i < RECHECK_TRIES && r == FED_E_BUSY; i++) {
        if ((r = tickets_get(b->tickets, (*t)->uid, &now)) != 0)
            return r;
        ticket_unref(*t);
        *t = now;
        r = is_due(b, now) ? renew_once(b, t, why) : 0;
    }
    return r;
}

int
standing_check(struct bridge *b, struct ticket **ticket, char *why)
{
    struct ticket *t = NULL;
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
    if (is_due(b, t)) {
        r = asked_lately(b, t) ? FED_E_DIRECTORY : renew(b, &t, why);
        if (fed_error_class(r) == FED_CLASS_UNAVAILABLE && r != FED_E_BUSY)
            r = go_on_without(b, &t, r);
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
    ticket_unref(t);
    return r;
}

int
standing_of(struct bridge *b, uid_t uid, struct ticket **ret, char *why)
{
    int r = tickets_get(b->tickets, uid, ret);

    if (r == 0 && ((*ret)->checked_s == 0 || is_outdated(b, *ret)))
        r = standing_check(b, ret, why);
    if (fed_error_class(r) == FED_CLASS_UNAVAILABLE && (*ret)->checked_s != 0) {
        why[0] = '\0';
        r = 0;
    }
    return r;
}
