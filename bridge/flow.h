/*
 * How a role is taken: by an assertion or a token of ours, with the base credential's keys, or with those of another
 * role (via). One role here is one call of STS and one audit line, those before it in a chain too.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef BRIDGE_FLOW_H
#define BRIDGE_FLOW_H

#include "bridge/bridge.h"

/* For whom; borrowed. */
struct flow {
    struct bridge *bridge;
    const struct job *job;
    const struct ticket *ticket;
    int64_t deadline_ms; /* monotonic, for all of a chain together */
    const char *
        way_to; /* the role that this one is taken for, and kept by the bridge; NULL = for the person */
};

/*
 * Take a role for a ticket. The credentials of roles on the way are kept for that ticket and never handed out.
 *   duration_s   900 to 43200
 *   ret          on success, freed with sts_credential_done; it is in the audit trail
 *   why          on failure one line for the person (BRIDGE_WHY_MAX)
 * Returns 0, what texts_expand, keyring_get and sts_assume_role give, or FED_E_SYSTEM (audit). Any thread; blocks.
 */
FED_MUST_USE int flow_fetch(const struct flow *flow, const struct conf_role *role,
    int64_t duration_s, struct sts_credential *ret, char *why);

/* How old a code may be for a role: the least of it and of all that it is taken via; 0 = the ticket's. */
int64_t flow_mfa_age(const struct book *book, const struct conf_role *role);

/* A ticket has ended: what is kept for it goes. */
void flow_purge(struct bridge *b, const char *ticket_id);

#endif
