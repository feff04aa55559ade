/*
 * Networks of literal addresses: 10.20.0.0/16, 2001:db8:20::/48, or one address. No name is ever resolved (I-22).
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef CONF_NETWORK_H
#define CONF_NETWORK_H

#include <stdbool.h>

/* Is this text a network? A prefix that leaves bits of the address over, as 10.20.0.1/16 does, is none: one of both is a slip. */
bool network_valid(const char *text);

/*
 * Is an address in a network? Both are text; an address mapped into IPv6 (::ffff:10.20.0.1) is the IPv4 one. False for
 * NULL, for "", for a name, and for an address with a zone: its network is our interface's matter.
 */
bool network_has(const char *network, const char *address);

/* Is every address of one network in another? */
bool network_covers(const char *outer, const char *inner);

#endif
