/*
 * DNS SRV records (RFC 2782): asked for, parsed, put into the order in which to try them.
 * The names come from the network; who a domain controller is, TLS says, not DNS.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef LDAP_SRV_H
#define LDAP_SRV_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

enum { SRV_MAX = 64, SRV_HOST_SIZE = 254, SRV_ANSWER_MAX = 65536 };

struct srv {
    uint16_t priority, weight, port;
    uint32_t ttl_s;
    char host[SRV_HOST_SIZE]; /* lower case, letters, digits, ".-_", no dot at the end */
};

struct srv_list {
    struct srv items[SRV_MAX];
    size_t n;
};

/*
 * The SRV records of an answer. Those whose host is the root ("no such service") or no host name are left
 * out; so is whatever comes after SRV_MAX. Any bytes are safe.
 * 0 (ret->n may be 0: there is no such record), FED_E_DIRECTORY (malformed, or the server failed).
 */
FED_MUST_USE int srv_parse(const void *data, size_t len, struct srv_list *ret);

/*
 * Into the order of RFC 2782: by priority, and within one drawn at random by weight.
 *   random  number i of the draws, by which a test decides them; NULL = the kernel's
 */
void srv_order(struct srv_list *list, uint32_t (*random)(size_t i));

/*
 * Ask the servers of resolv.conf for a full name; no search list, no variable of the environment and no
 * alias file adds to it (I-56). Blocks at most some seconds: each server is asked twice for a second.
 * As srv_parse; FED_E_DIRECTORY when nobody answers.
 */
FED_MUST_USE int srv_ask(const char *name, struct srv_list *ret);

#endif
