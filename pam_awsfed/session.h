/*
 * The session phase: a receipt becomes a ticket in the bridge, and the user's shell learns where the
 * session endpoint is.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PAM_AWSFED_SESSION_H
#define PAM_AWSFED_SESSION_H

#include "base/secret.h"
#include "pam_awsfed/call.h"

/*
 * Take the receipt out of the PAM environment, wherever this call may lead: it works once, and no
 * shell ever sees it (I-44). ret_receipt is empty when there was none, or none well-formed; the caller frees it.
 */
void session_take_receipt(pam_handle_t *pamh, struct fed_secret *ret_receipt);

/*
 * Open. Without a receipt the bridge opens a session that has no AWS ticket (I-46). With the bridge away
 * this fails: a session that nobody knows of is one that nobody can end.
 */
int session_open(const struct call *call, const struct fed_secret *receipt);

/*
 * Close. PAM_SUCCESS also when nothing was opened and when the bridge is away, for then nothing is left
 * to close and the person is leaving anyway; PAM_SESSION_ERR when the session's name is mangled.
 */
int session_close(const struct call *call);

#endif
