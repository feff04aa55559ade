/*
 * The domain controllers of a domain, in the configured order, and which of them failed lately. Nobody
 * outside this list is ever connected to (I-5). Any thread may call; nothing blocks.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef LDAP_SERVERS_H
#define LDAP_SERVERS_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "conf/conf.h"
#include "ldap/resolve.h"

enum { SERVERS_MAX = 16 };

struct server {
    char *uri;  /* ldap://HOST:PORT, in either transport: TLS is started by us */
    char *name; /* HOST:PORT, for messages */
    struct resolve *resolve;
};

struct servers;

/* HOST, HOST:PORT, [IPv6] or [IPv6]:PORT each. 0, FED_E_CONFIG with why, FED_E_NOMEM. */
FED_MUST_USE int servers_new(const struct conf_domain *conf, struct servers **ret, char *why);
void servers_free(struct servers *servers);

const struct server *servers_get(const struct servers *servers, size_t index);

/*
 * The order in which to try them now: those that work as configured, then those that failed, the one
 * whose time comes first before the others. So a domain with all servers in back-off is still tried.
 * Returns how many; ret has the indexes.
 */
size_t servers_order(struct servers *servers, size_t ret[SERVERS_MAX]);

/* A server failed: it goes to the end for 5 seconds, twice as long each time up to a minute, and a random half more. */
void servers_failed(struct servers *servers, size_t index);
void servers_worked(struct servers *servers, size_t index);

#endif
