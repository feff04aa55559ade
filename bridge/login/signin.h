/*
 * Signing in: the password and a one-time code, asked for on the terminal and given to the bridge.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef BRIDGE_LOGIN_SIGNIN_H
#define BRIDGE_LOGIN_SIGNIN_H

#include <stdbool.h>

#include "bridge/login/ask.h"
#include "bridge/login/options.h"

/* Is there a person to ask? */
bool signin_possible(void);

/* Would signing in help against this error? */
bool signin_helps(int error);

/*
 * Up to three tries; only what another answer could change (a wrong or used code, a wrong password) is
 * tried again. Failures have been told on standard error; without a terminal that is the
 * line which command to run. Blocks as long as the person takes. A signal during a prompt
 * ends the process, with the terminal restored and the answers wiped.
 *   ret_a   on OUTCOME_DONE the reply, with the fields of STATUS_OF
 */
enum outcome signin(const struct options *o, struct answer *ret_a);

#endif
