/*
 * The word status: who is signed in, since when, until when; for people, programs and shell prompts.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef BRIDGE_LOGIN_STATUS_H
#define BRIDGE_LOGIN_STATUS_H

#include "bridge/login/ask.h"
#include "bridge/login/options.h"

/*
 * Signed out, text and --json exit with OUTCOME_SIGN_IN (--json having said {"signed_in":false}).
 * --prompt writes nothing then, nor without a bridge, and is always OUTCOME_DONE: a shell prompt is no
 * place for errors.
 */
enum outcome status_run(const struct options *o);

/* "Signed in as USER until 21:40 (11 h 59 min)." from a reply with STATUS_OF's or ROLES' fields. */
FED_MUST_USE int status_add_line(struct fed_secret *to, const struct wire_msg *msg, uint64_t now_s);

#endif
