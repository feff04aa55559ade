/*
 * The process that has a token's library loaded: a child of the signer, which ends it when it hangs, and starts another.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef BRIDGE_SIGNER_MODULE_H
#define BRIDGE_SIGNER_MODULE_H

#include "base/secret.h"
#include "bridge/hsm_key.h"

/*
 * In the child, for good: every descriptor but fd closed, the last wall raised (bridge/signer_box.h), then the library loaded,
 * the PIN presented and wiped, READY said on fd with hsm_key_open's status and words; then SIGN, TOKEN and PUBLIC
 * answered until the signer closes its end, all three with this one key. A failure has words.
 *   o     its pin is wiped; libp11 and the library keep what they make of it
 *   pin   that of o
 */
_Noreturn void signer_module(int fd, const struct hsm_key_options *o, struct fed_secret *pin);

#endif
