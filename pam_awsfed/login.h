/*
 * The auth and account phases of one login.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PAM_AWSFED_LOGIN_H
#define PAM_AWSFED_LOGIN_H

#include "pam_awsfed/call.h"

/*
 * Prompt, ask, and leave the receipt of a success in the PAM environment. A receipt that was there
 * before is gone whatever happens. Returns a PAM code.
 */
int login_authenticate(const struct call *call);

/*
 * May this person log in here and now? The bridge decides from the receipt, or from the directory when
 * there is none (publickey, sudo, cron); nothing is prompted for (I-45) and the receipt stays for the
 * session. Returns a PAM code.
 */
int login_account(const struct call *call);

#endif
