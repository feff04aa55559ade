/*
 * Packets of bridge/keeper_wire.h on a SOCK_SEQPACKET socket: between bridge and keeper, bridge and signer, and between a
 * signer and the process that has loaded a token's library.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef BRIDGE_KEEPER_CHANNEL_H
#define BRIDGE_KEEPER_CHANNEL_H

#include <stddef.h>

#include "base/err.h"
#include "base/secret.h"
#include "bridge/keeper_wire.h"

/* Send a packet whole. 0 or FED_E_KEEPER. Blocks as the socket does. */
FED_MUST_USE int channel_send(int fd, const struct fed_secret *packet);

/* Send a reply that has words alone: KEEPER_READY, or why a question has no answer. 0, FED_E_KEEPER, FED_E_NOMEM. */
FED_MUST_USE int channel_say(int fd, enum keeper_question question, int status, const char *why);

/*
 * Receive one packet.
 *   ret       initialised, with a limit of most at least; replaced
 *   ret_len   the packet's true length, even if it was cut: the parsers refuse one that is too long. 0: the other end
 *             is closed
 * 0, FED_E_KEEPER (no packet in the time that the socket has), FED_E_NOMEM.
 */
FED_MUST_USE int channel_receive(int fd, size_t most, struct fed_secret *ret, size_t *ret_len);

#endif
