/*
 * What crosses from one call of the module to the next: tokens in the PAM environment. Not
 * pam_set_data, because sshd runs keyboard-interactive in a child and hands only the PAM
 * environment back to the process that opens the session (I-44).
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PAM_AWSFED_ENV_H
#define PAM_AWSFED_ENV_H

#include <security/pam_modules.h>

#include "base/err.h"
#include "base/secret.h"

#define ENV_RECEIPT "AWSFED_RECEIPT" /* authenticate -> open_session; never seen by a shell */
#define ENV_SESSION "AWSFED_SESSION" /* open_session -> close_session; a name, not a secret */

enum { ENV_TOKEN_MAX = 64 };

/*
 * Copy a token out. The environment may come from elsewhere too (pam_env), so the form is checked:
 * 1 to ENV_TOKEN_MAX printable ASCII characters without blanks.
 * Returns 0, FED_E_NOT_FOUND, FED_E_INVALID or FED_E_NOMEM; ret_token is empty on failure.
 */
FED_MUST_USE int env_get(pam_handle_t *pamh, const char *name, struct fed_secret *ret_token);

/* Set a token, checked in the same way. 0, FED_E_INVALID (a NULL token too) or FED_E_NOMEM. */
FED_MUST_USE int env_put(pam_handle_t *pamh, const char *name, const char *token);

/*
 * Set what the bridge gives a session, "NAME=VALUE". NAME is upper case with the prefix AWS_ or AWSFED_ and
 * none of the two above; VALUE is free of control characters. The user's shell gets these, so nothing
 * else may come this way: no LD_PRELOAD, whatever happened to the bridge.
 * Returns 0, FED_E_INVALID or FED_E_NOMEM.
 */
FED_MUST_USE int env_put_assignment(pam_handle_t *pamh, const char *assignment);

/* Remove; absent is fine. */
void env_drop(pam_handle_t *pamh, const char *name);

#endif
