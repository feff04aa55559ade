/*
 * The bridge's side of a signer: a keeper (bridge/keeper.h) of one key in a token, started from the configuration, by the bridge and
 * by the commands that check or publish that key. What it is and may do: bridge/signer_process.h.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef BRIDGE_SIGNER_H
#define BRIDGE_SIGNER_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "bridge/keeper.h"
#include "conf/conf.h"

enum signer_key { SIGNER_SAML, SIGNER_OIDC };

/* Does this key of the configuration lie in a token? */
bool signer_wanted(const struct conf *conf, enum signer_key which);

/*
 * Fork the signer, as root (or as its user for good, in tests) and before any thread. It becomes [bridge] signer-user, whose
 * groups it keeps: through them it reaches the token.
 *   certificate   what the key must be that of; NULL = any
 *   ret           answers keeper_sign, keeper_token and keeper_public, all three with this key; ended with keeper_stop
 *   why           a line: on failure; and on success why the token cannot be used now, or nothing
 * Returns 0; FED_E_CONFIG: the user, a file; FED_E_SYSTEM, FED_E_NOMEM. Blocks as long as the token does, a few seconds at most.
 */
FED_MUST_USE int signer_start(const struct conf *conf, enum signer_key which,
    const char *certificate, struct keeper **ret, char *why, size_t why_size);

#endif
