/*
 * Who signs what in a running bridge: the keeper, or for a key in a token its signer. A signer that is lost, or whose
 * token is, costs sign-ins to AWS and nothing else: people go on logging in.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef BRIDGE_SIGNERS_H
#define BRIDGE_SIGNERS_H

#include "bridge/jwk.h"
#include "bridge/keeper.h"
#include "bridge/loop.h"
#include "conf/conf.h"

struct signers;

/*
 * Start what the configuration needs; as root, before any thread, after the keeper, which stays the caller's. A token that
 * cannot be used now is logged, and no failure. Other errors are in why. 0, FED_E_CONFIG, FED_E_SYSTEM, FED_E_NOMEM.
 */
FED_MUST_USE int signers_start(const struct conf *conf, struct keeper *keeper, struct signers **ret,
    char *why, size_t why_size);
void signers_stop(struct signers *signers); /* NULL is accepted */

/*
 * Which signers have ended, and what to do, as one line; "" while all are there. Nothing starts one again: it takes the PIN, which only
 * root may read, and root is gone. (The library of a token, which is what fails, does not run in it: bridge/signer_process.h.)
 * Never blocks; any thread. Returns whether there is something to say.
 */
bool signers_complaint(const struct signers *signers, char *ret, size_t size);

/* Log the end of a signer when it comes. Main thread; the watches end before the loop. */
FED_MUST_USE int signers_watch(struct signers *signers, struct loop *loop);
void signers_unwatch(struct signers *signers, struct loop *loop);

/* As keeper_sign and keeper_token, by whoever has the key. Any thread. */
FED_MUST_USE int signers_sign(
    struct signers *signers, const void *data, size_t len, struct fed_secret *ret);
FED_MUST_USE int signers_token(
    struct signers *signers, const void *data, size_t len, struct fed_secret *ret);

/*
 * The public half of [oidc] key, read when it is first wanted and to be had. ret lives as long as signers. Any thread. 0,
 * FED_E_CONFIG (no such key), FED_E_KEEPER, FED_E_CRYPTO, FED_E_NOMEM.
 */
FED_MUST_USE int signers_token_key(struct signers *signers, const struct jwk **ret);

#endif
