/*
 * The word exec: a command with credentials that renew for as long as it runs and the ticket lasts.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef BRIDGE_LOGIN_EXEC_H
#define BRIDGE_LOGIN_EXEC_H

#include "bridge/login/options.h"

/* How the shell calls these two; a command's own status is passed on, 128 and a signal's number for its death by one. */
enum { EXEC_CANNOT_RUN = 126, EXEC_NOT_FOUND = 127 };

/* First thing in main: what the command is to inherit, before anything of ours changes it. */
void exec_remember_signals(void);

/*
 * Run o->command. Returns its exit status, or an outcome when it was not started. Terminal signals reach the command by
 * themselves, since it stays in our process group; all others that are sent to us are passed on, and when it stops,
 * we stop.
 */
enum outcome exec_run(const struct options *o);

#endif
