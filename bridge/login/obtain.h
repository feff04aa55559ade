/*
 * From what a person typed to what the bridge gives: by choosing a role where several fit, and by signing in where
 * that helps, if somebody is there to be asked. For every word but credential-process, which never asks (I-67).
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef BRIDGE_LOGIN_OBTAIN_H
#define BRIDGE_LOGIN_OBTAIN_H

#include "bridge/login/ask.h"
#include "bridge/login/credentials.h"
#include "bridge/login/options.h"

/* One request for o->role, or for the role that the bridge chooses. */
typedef void obtain_fn(const struct options *o, struct answer *a);

/*
 * Ask, if need be again with a chosen role or after a sign-in. A failure has been told. On OUTCOME_DONE *a is a good answer,
 * and the role that it names counts as the one used last.
 */
FED_MUST_USE enum outcome obtain(const struct options *o, obtain_fn *request, struct answer *a);

/* The same for credentials, which are borrowed from the answer. */
FED_MUST_USE enum outcome obtain_credentials(
    const struct options *o, struct answer *a, struct credentials *ret_credentials);

/* A reply to ASK_ROLES, by signing in if there is no ticket, or one without roles for want of a code: that is not a list of none. */
FED_MUST_USE enum outcome obtain_roles(const struct options *o, struct answer *a);

#endif
