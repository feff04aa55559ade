/*
 * The wrong passwords that AD itself allows before it locks an account: the last of them is never spent (I-39), whoever spent the others.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef BRIDGE_BUDGET_H
#define BRIDGE_BUDGET_H

#include "bridge/bridge.h"
#include "bridge/identity.h"

/* Sends AD one password of the person, and returns what AD says. */
typedef int budget_send_fn(void *arg);

/*
 * Call send, unless a wrong password now would be the one that locks the account. With wrong passwords on record, those of that person go
 * one by one, each after a look at the record; with none, the bridge's own limits are enough. Without a service identity
 * the record cannot be read, and send is called.
 * Returns send's answer, FED_E_LOCKED (nothing was sent, why says why), or errors of addir_tries. Blocks on the directory.
 */
FED_MUST_USE int budget_spend(
    struct bridge *b, const struct identity *id, budget_send_fn *send, void *arg, char *why);

#endif
