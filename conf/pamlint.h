/*
 * What is wrong or dangerous in a PAM stack with pam_awsfed in it: each phase is run for the people that there are (one of the
 * directory, root and local-users, others of this host) and for all that may go wrong, and what comes of it is judged.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef CONF_PAMLINT_H
#define CONF_PAMLINT_H

#include "conf/findings.h"
#include "conf/pamstack.h"

/*
 * Add what is found. service is the stack's name: sudo opens no session of a login and changes no password, cron asks
 * nobody for anything, passwd does nothing but change passwords.
 * Never blocks; any thread.
 */
void pamlint(const struct pamstack *stack, const char *service, struct findings *findings);

#endif
