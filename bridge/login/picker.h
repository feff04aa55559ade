/*
 * The person chooses a role on their terminal: by typing a part of its name, with the arrows, or from a plain
 * numbered list where the terminal can do no more.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef BRIDGE_LOGIN_PICKER_H
#define BRIDGE_LOGIN_PICKER_H

#include "base/wire.h"
#include "bridge/login/outcome.h"

enum { PICKER_ROLE_SIZE = 129 };

/*
 * Choose one of the roles of a reply to ASK_ROLES; those used last come first. Draws on /dev/tty only: standard output is
 * for what was asked for. Blocks as long as the person takes.
 *   ret_role   PICKER_ROLE_SIZE bytes, on OUTCOME_DONE
 * OUTCOME_DONE; OUTCOME_OTHER, told, when the person chose nothing.
 */
FED_MUST_USE enum outcome picker_run(const struct wire_msg *roles, char *ret_role);

#endif
