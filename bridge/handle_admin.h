/*
 * What the handlers of awsfed-admin's requests share.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef BRIDGE_HANDLE_ADMIN_H
#define BRIDGE_HANDLE_ADMIN_H

#include "bridge/arrivals.h"
#include "bridge/dispatch.h"
#include "bridge/identity.h"

/*
 * The audit line of an administrator's act; it stands before the act is answered. outcome when that is an error,
 * else 0 or why the line could not be written.
 */
FED_MUST_USE int admin_audit(struct bridge *b, const struct job *job, const char *event,
    const char *sid, int outcome, const char *why);

/* The directory's person whom the request names, with their SID where it has one; on failure the answer's message says why. */
FED_MUST_USE int admin_find_person(
    struct bridge *b, const struct job *job, struct identity *id, struct answer *answer);

/* Their SID. Somebody who has left the directory still has an enrolment: it is found by its name. */
FED_MUST_USE int admin_find_sid(
    struct bridge *b, const struct job *job, char sid[SID_TEXT_MAX], struct answer *answer);

/* A ticket as a group of a reply. */
void admin_put_ticket(struct wire_out *out, const struct ticket *ticket, unsigned sessions);

/*
 * The arrival that the request names, to be given back with arrivals_give_back (handle_moving.c). 0, FED_E_NOT_FOUND with its
 * message, FED_E_BUSY.
 */
FED_MUST_USE int arrival_of_job(
    struct bridge *b, const struct job *job, struct arrival **ret, struct answer *answer);

#endif
