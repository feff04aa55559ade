/*
 * The password phase: an expired password at login, or passwd(1).
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PAM_AWSFED_PASSWORD_H
#define PAM_AWSFED_PASSWORD_H

#include "pam_awsfed/call.h"

/*
 * Prompt for the current password, for a code unless a receipt of this login is there, and for the new
 * password twice; have the bridge change it (I-14); show what the directory has against it.
 * try_first_pass and use_first_pass take PAM_OLDAUTHTOK and PAM_AUTHTOK. Returns a PAM code.
 */
int password_change(const struct call *call);

#endif
