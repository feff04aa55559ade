/*
 * Tickets and sessions. A ticket says that this uid is signed in as that SID, by which factors, until when; it
 * is what credentials are given for. A session is one login of a uid on this host, with or without a
 * ticket. When the last session of a uid ends (closed, or its process gone), its ticket ends too, unless the
 * configuration lets it linger. A session may have an endpoint: a token by which HTTP clients of that session ask.
 *
 * Tickets never change: a new sign-in or a re-check puts another in the place of the old, under the
 * same id. So a reader needs no lock on what it holds.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef BRIDGE_TICKETS_H
#define BRIDGE_TICKETS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"
#include "base/text.h"
#include "bridge/listener.h"
#include "bridge/process.h"
#include "bridge/proof.h"
#include "bridge/token.h"

enum { TICKET_ROLE_SIZE = 129 };

struct ticket {
    atomic_uint refs;
    char id[TOKEN_SIZE];
    uid_t uid;
    char user[TEXT_NAME_MAX + 1]; /* the PAM user's name */
    struct proof proof;
    int64_t started_s, ends_s; /* Unix seconds */
    int64_t
        checked_s; /* when the directory last confirmed standing and groups; 0 = not since a restart */
    bool grace;    /* a re-check is due and the directory cannot be asked: what is given says so */
    char use[TICKET_ROLE_SIZE]; /* the role chosen for role-less calls; "" = none */
};

void ticket_unref(struct ticket *ticket);

struct tickets;

struct tickets_options {
    int64_t lifetime_s;        /* required */
    bool linger;               /* tickets outlive their last session */
    struct listener *listener; /* watches the sessions' processes; NULL = nobody does */
    void (*ended)(
        void *arg, const char *ticket_id); /* a ticket is no more; its lock is held: be brief */
    void (*changed)(void *arg); /* there is something to save; the lock is held; may be NULL */
    void *arg;
};

FED_MUST_USE int tickets_new(const struct tickets_options *options, struct tickets **ret);
void tickets_free(struct tickets *tickets);

/*
 * Sign a uid in: a new ticket, or a renewed one where the same SID has one. A proof by fewer factors than the
 * live ticket's leaves that ticket as it is. The proof is consumed on success. ret_ticket may be NULL.
 */
FED_MUST_USE int tickets_sign_in(struct tickets *tickets, uid_t uid, const char *user,
    struct proof *proof, struct ticket **ret_ticket);

/* The live ticket of a uid, referenced. 0 or FED_E_NO_TICKET. */
FED_MUST_USE int tickets_get(struct tickets *tickets, uid_t uid, struct ticket **ret);

/* Does that sign-in still hold, as this ticket or as one in its place? Asked before an answer that took long is given. */
bool tickets_hold(struct tickets *tickets, const struct ticket *ticket);

/*
 * Put the outcome of a re-check in the place of a ticket: its roles and attributes are now these (consumed). 0, FED_E_NO_TICKET,
 * FED_E_NOMEM, FED_E_BUSY: it was replaced meanwhile, by a sign-in or a choice of role; the one of now may still be due.
 */
FED_MUST_USE int tickets_rechecked(
    struct tickets *tickets, const struct ticket *old, struct proof *proof, struct ticket **ret);

/* The directory cannot be asked, and a ticket goes on without it: the same ticket, marked. FED_E_BUSY as below. */
FED_MUST_USE int tickets_grace(
    struct tickets *tickets, const struct ticket *old, struct ticket **ret);

/* Choose the role of role-less calls, by name. 0, FED_E_NO_TICKET, FED_E_BUSY (it was
 * replaced meanwhile: get it and try again), FED_E_NOMEM. */
FED_MUST_USE int tickets_use(
    struct tickets *tickets, const struct ticket *old, const char *role, struct ticket **ret);

/* End the tickets of a uid, or of a SID. Returns how many there were. */
unsigned tickets_end_uid(struct tickets *tickets, uid_t uid);
unsigned tickets_end_sid(struct tickets *tickets, const char *sid);

/* End what is past its time. */
void tickets_sweep(struct tickets *tickets);

/* A session of uid, opened by the process pid. 0, FED_E_NOMEM, FED_E_SYSTEM. */
FED_MUST_USE int tickets_open_session(
    struct tickets *tickets, uid_t uid, pid_t pid, char ret_session[TOKEN_SIZE]);

/* 0 or FED_E_NOT_FOUND. */
FED_MUST_USE int tickets_close_session(struct tickets *tickets, const char *session);

/*
 * Give a session of a signed-in uid its endpoint's token; one that it had before is void. 0, FED_E_NOT_FOUND,
 * FED_E_NO_TICKET (the uid is not signed in), FED_E_SYSTEM, FED_E_CRYPTO.
 */
FED_MUST_USE int tickets_add_endpoint(
    struct tickets *tickets, const char *session, char ret_token[TOKEN_SIZE]);

/*
 * Whose endpoint has the token of this hash? Every endpoint is compared, each in constant time. 0 or FED_E_DENIED.
 */
FED_MUST_USE int tickets_find_endpoint(
    struct tickets *tickets, const unsigned char hash[TOKEN_HASH_SIZE], uid_t *ret_uid);

/* An endpoint gives out credentials of a role: is it the first time, or another role than the last time? */
bool tickets_endpoint_handed(
    struct tickets *tickets, const unsigned char hash[TOKEN_HASH_SIZE], const char *role);

/* Call fn with each live ticket and its number of sessions; the lock is held meanwhile. */
void tickets_each(struct tickets *tickets,
    void (*fn)(void *arg, const struct ticket *ticket, unsigned sessions), void *arg);

/* ---- What survives a restart ---- */

struct state;

/*
 * All of it as a value. name_domain gives the name of a domain by its index. 0 or FED_E_NOMEM; free with state_done.
 */
FED_MUST_USE int tickets_save(struct tickets *tickets,
    const char *(*name_domain)(void *arg, size_t domain), void *arg, struct state *ret);

/*
 * Take over what an earlier bridge saved in this boot: tickets that have not ended, and sessions whose processes live. A ticket whose
 * sessions all ended meanwhile ends too, unless it lingers. Roles are not saved: checked_s is 0, and the directory is asked
 * before the first credential. find_domain gives the index of a domain by its name, false = it is no more. Call it
 * on empty tables. 0 or FED_E_NOMEM; the counts are of what was taken over.
 */
FED_MUST_USE int tickets_restore(struct tickets *tickets, const struct state *state,
    bool (*find_domain)(void *arg, const char *name, size_t *ret), void *arg, unsigned *ret_tickets,
    unsigned *ret_sessions);

#endif
