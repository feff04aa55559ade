/*
 * A first login sets up a second factor, where the configuration wants that: show what the bridge has to show, and ask for
 * two codes of the new token. The bridge decides all of it; nothing is kept here.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PAM_AWSFED_ENROL_H
#define PAM_AWSFED_ENROL_H

#include "base/client.h"
#include "base/secret.h"
#include "pam_awsfed/call.h"

/* Can this call show and ask anything after the login's own prompts? Not with use_first_pass, and not in silence (I-49). */
bool enrol_possible(const struct call *call);

/*
 * Go through it.
 *   password   what the person gave as that: an application that answers every prompt with it cannot be asked anything
 *   reply      the bridge's answer to authenticate, FED_E_NOT_ENROLLED; replaced by its last one, which has the receipt
 * Blocks as long as the person thinks. 0, the bridge's error, or one of the conversation: then nothing was enrolled,
 * or, when the recovery codes could not be shown, the login is over. FED_E_NOT_ENROLLED: the bridge offered nothing.
 */
FED_MUST_USE int enrol_newcomer(
    const struct call *call, const struct fed_secret *password, struct client_reply *reply);

#endif
