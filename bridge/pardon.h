/*
 * The code of a sign-in, and whether the want of one is pardoned (bridge/demand.h). A right code needs no pardon; a wrong
 * one has it only from a network, as ever. Where it hangs on groups, the service identity's look at the entry, before the
 * bind, spares those who are in none of them a bind (I-36); what counts is the entry that is read after it.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef BRIDGE_PARDON_H
#define BRIDGE_PARDON_H

#include "bridge/demand.h"
#include "bridge/factor.h"
#include "bridge/identity.h"
#include "bridge/signin.h"

struct pardon {
    struct factor factor; /* to be used up; not enrolled where there is nothing to use up */
    enum demand_code code;
    bool open;   /* hangs on groups: pardon_settle says */
    bool untold; /* no code, no pardon yet, and nothing but the bind can tell of which groups */
    bool
        newcomer; /* by pardon_settle: a->newcomers, and a second factor is wanted of them who have none; */
    bool may_skip; /* of those who have one alone */
    bool no_role;  /* by pardon_settle: no role comes of this sign-in, whatever was proved */
};

/* May the code be left out, as far as is known without the person? Asked before anything is counted. */
bool pardon_may_be(struct bridge *b, const struct signin *a);

/* Will something be looked at that is a one-time code by its form, so that the clock has to be right? */
bool pardon_needs_clock(struct bridge *b, const struct signin *a);

/*
 * Check the code, before the bind. 0: go on, with a right code or for a pardon. Else the errors of factor_check and
 * addir_read, FED_E_DENIED. Who may be a newcomer goes on without one. Blocks on store, keeper and, where it hangs on groups, directory.
 */
FED_MUST_USE int pardon_code(struct bridge *b, const struct signin *a, const struct identity *id,
    int64_t now_s, struct pardon *ret, char *why);

/*
 * The password was refused with this error, or not sent: what is told of it? Nothing of the account's state, where there was no code
 * and no pardon yet: else a stranger without the token would learn that the password is right (I-12, I-35). And of locks only to who
 * gave a right code: passwords reach the directory without one for people without a second factor alone, who would run into a lock of
 * passwords when everybody else still has tries left.
 */
int pardon_refusal(const struct pardon *pardon, int error);

/*
 * By the entry that was read whole. Where the configuration's groups are not known a right code opens a session without a role, and
 * nobody without one learns more than FED_E_DENIED. Who is let in for having no second factor is looked at once more (store_absent).
 * 0, FED_E_DENIED, FED_E_DIRECTORY, FED_E_STORE. Blocks on the store.
 */
FED_MUST_USE int pardon_settle(struct bridge *b, const struct signin *a, const struct identity *id,
    const struct addir_entry *entry, struct pardon *pardon, char *why);

/* What keeps roles from somebody whose sign-in gives none: the want of a code alone, or rules that hold for awsfed-login too? */
enum proof_bar pardon_bar(struct bridge *b, size_t domain, const struct addir_entry *entry);

/*
 * At a re-check: whose sign-in would give no role by the rules and groups of now, as of somebody who came into exempt-groups,
 * has none from here on. 0 or FED_E_DIRECTORY.
 */
FED_MUST_USE int pardon_drop_roles(
    struct bridge *b, const struct addir_entry *entry, struct proof *proof);

/* How a success counts. */
enum limits_outcome pardon_outcome(const struct pardon *pardon, const struct signin *a);

#endif
