/*
 * Tickets and sessions to a value and back.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "bridge/tickets_table.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/log.h"
#include "bridge/state.h"

/* ---- Saving ---- */

static void
save_ticket(const struct ticket *t, const char *domain, struct state_ticket *ret)
{
    const struct proof *p = &t->proof;

    *ret = (struct state_ticket){.uid = t->uid,
        .factors = p->factors,
        .password_s = p->password_s,
        .code_s = p->code_s,
        .started_s = t->started_s,
        .ends_s = t->ends_s};
    memcpy(ret->id, t->id, sizeof(ret->id));
    memcpy(ret->user, t->user, sizeof(ret->user));
    (void)snprintf(ret->domain, sizeof(ret->domain), "%s", domain);
    memcpy(ret->sid, p->sid, sizeof(ret->sid));
    memcpy(ret->dn, p->person.dn, sizeof(ret->dn));
    memcpy(ret->sam, p->person.sam, sizeof(ret->sam));
    memcpy(ret->upn, p->person.upn, sizeof(ret->upn));
    memcpy(ret->service, p->service, sizeof(ret->service));
    memcpy(ret->rhost, p->rhost, sizeof(ret->rhost));
    memcpy(ret->tty, p->tty, sizeof(ret->tty));
    memcpy(ret->use, t->use, sizeof(ret->use));
}

static void
save_session(const struct session *s, struct state_session *ret)
{
    *ret = (struct state_session){.has_endpoint = s->has_endpoint,
        .lingers = s->lingers,
        .uid = s->uid,
        .process = s->process};
    memcpy(ret->name_hash, s->name_hash, TOKEN_HASH_SIZE);
    memcpy(ret->endpoint_hash, s->endpoint_hash, TOKEN_HASH_SIZE);
}

/* Room for all of it. Lock held. */
static int
make_room(const struct tickets *t, struct state *s)
{
    size_t n_tickets = 1, n_sessions = 1;

    for (const struct slot *slot = t->slots; slot != NULL; slot = slot->next)
        n_tickets++;
    for (const struct session *session = t->sessions; session != NULL; session = session->next)
        n_sessions++;
    s->tickets = calloc(n_tickets, sizeof(*s->tickets));
    s->sessions = calloc(n_sessions, sizeof(*s->sessions));
    return s->tickets != NULL && s->sessions != NULL ? 0 : FED_E_NOMEM;
}

int
tickets_save(struct tickets *t, const char *(*name_domain)(void *arg, size_t domain), void *arg,
    struct state *ret)
{
    struct state s = {.boot = ""};

    if (process_boot_id(s.boot) != 0)
        s.boot[0] = '\0'; /* then nothing of it will be taken over */
    (void)pthread_mutex_lock(&t->lock);
    int r = make_room(t, &s);
    for (const struct slot *slot = t->slots; r == 0 && slot != NULL; slot = slot->next)
        save_ticket(
            slot->ticket, name_domain(arg, slot->ticket->proof.domain), &s.tickets[s.n_tickets++]);
    for (const struct session *session = t->sessions; r == 0 && session != NULL;
         session = session->next)
        save_session(session, &s.sessions[s.n_sessions++]);
    (void)pthread_mutex_unlock(&t->lock);
    if (r != 0) {
        state_done(&s);
        return r;
    }
    *ret = s;
    return 0;
}

/* ---- Restoring ---- */

static int
restore_session(struct tickets *t, const struct state_session *saved, unsigned *n)
{
    struct session *s;

    if (saved->process.started == 0 || (saved->lingers && !t->options.linger))
        return 0; /* it cannot be told whether that process is still the same; or the rule has changed */
    if ((s = calloc(1, sizeof(*s))) == NULL)
        return FED_E_NOMEM;
    s->has_endpoint = saved->has_endpoint;
    s->lingers = saved->lingers;
    s->uid = saved->uid;
    s->process = saved->process;
    s->pidfd = -1;
    memcpy(s->name_hash, saved->name_hash, TOKEN_HASH_SIZE);
    memcpy(s->endpoint_hash, saved->endpoint_hash, TOKEN_HASH_SIZE);
    if (!s->lingers && !sessions_watch(t, s)) {
        if (!t->options.linger || !s->has_endpoint) {
            free(s); /* it ended while no bridge was there to see it */
            return 0;
        }
        s->lingers = true;
    }
    s->next = t->sessions;
    t->sessions = s;
    if (!s->lingers)
        (*n)++;
    return 0;
}

/* Had this uid sessions when it was saved, and are all of them gone? Then its ticket ended with the last. */
static bool
ended_meanwhile(const struct tickets *t, const struct state *state, uid_t uid)
{
    bool had_sessions = false;

    for (size_t i = 0; i < state->n_sessions; i++)
        had_sessions =
            had_sessions || (state->sessions[i].uid == uid && !state->sessions[i].lingers);
    return had_sessions && !t->options.linger && sessions_count(t, uid) == 0;
}

static int
restore_ticket(struct tickets *t, const struct state_ticket *saved, size_t domain, unsigned *n)
{
    struct ticket *fresh = calloc(1, sizeof(*fresh));
    struct slot *slot = calloc(1, sizeof(*slot));
    struct proof *p = fresh != NULL ? &fresh->proof : NULL;

    if (fresh == NULL || slot == NULL || sid_from_text(saved->sid, &p->person.sid) != 0) {
        free(fresh);
        free(slot);
        return FED_E_NOMEM;
    }
    atomic_init(&fresh->refs, 1);
    fresh->uid = saved->uid;
    fresh->started_s = saved->started_s;
    fresh->ends_s = saved->ends_s;
    memcpy(fresh->id, saved->id, sizeof(fresh->id));
    memcpy(fresh->user, saved->user, sizeof(fresh->user));
    memcpy(fresh->use, saved->use, sizeof(fresh->use));
    p->domain = domain;
    p->factors = saved->factors;
    p->password_s = saved->password_s;
    p->code_s = saved->code_s;
    memcpy(p->sid, saved->sid, sizeof(p->sid));
    memcpy(p->person.dn, saved->dn, sizeof(p->person.dn));
    memcpy(p->person.sam, saved->sam, sizeof(p->person.sam));
    memcpy(p->person.upn, saved->upn, sizeof(p->person.upn));
    memcpy(p->service, saved->service, sizeof(p->service));
    memcpy(p->rhost, saved->rhost, sizeof(p->rhost));
    memcpy(p->tty, saved->tty, sizeof(p->tty));
    slot->ticket = fresh;
    slot->next = t->slots;
    t->slots = slot;
    (*n)++;
    return 0;
}

/* Nothing that lives beyond what this configuration would give, and nothing from a clock that ran ahead. */
static bool
is_live(const struct tickets *t, const struct state_ticket *saved)
{
    int64_t now_s = (int64_t)time(NULL);

    return saved->ends_s > now_s && saved->started_s <= now_s &&
           saved->ends_s - saved->started_s <= t->options.lifetime_s;
}

int
tickets_restore(struct tickets *t, const struct state *state,
    bool (*find_domain)(void *arg, const char *name, size_t *ret), void *arg, unsigned *ret_tickets,
    unsigned *ret_sessions)
{
    char boot[BOOT_ID_SIZE];
    unsigned n_tickets = 0, n_sessions = 0;
    size_t domain;
    int r = 0;

    *ret_tickets = *ret_sessions = 0;
    if (process_boot_id(boot) != 0 || strcmp(boot, state->boot) != 0)
        return 0; /* every process of that boot is gone */
    (void)pthread_mutex_lock(&t->lock);
    for (size_t i = 0; r == 0 && i < state->n_sessions; i++)
        r = restore_session(t, &state->sessions[i], &n_sessions);
    for (size_t i = 0; r == 0 && i < state->n_tickets; i++) {
        const struct state_ticket *saved = &state->tickets[i];
        if (is_live(t, saved) && tickets_find_uid(t, saved->uid) == NULL &&
            find_domain(arg, saved->domain, &domain) && !ended_meanwhile(t, state, saved->uid))
            r = restore_ticket(t, saved, domain, &n_tickets);
    }
    /* What lingered for a ticket that is no more. */
    for (size_t i = 0; i < state->n_sessions; i++) {
        if (tickets_find_uid(t, state->sessions[i].uid) == NULL)
            sessions_drop_lingering(t, state->sessions[i].uid);
    }
    (void)pthread_mutex_unlock(&t->lock);
    if (r != 0)
        return r;
    *ret_tickets = n_tickets;
    *ret_sessions = n_sessions;
    return 0;
}
