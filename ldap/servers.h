/*
 * The domain controllers of a domain, in the order of the configuration or of discovery, and which of them
 * failed lately. Nobody outside this list is ever connected to (I-5). Any thread may call; nothing blocks.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef LDAP_SERVERS_H
#define LDAP_SERVERS_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "conf/conf.h"
#include "ldap/resolve.h"

enum {
    SERVERS_MAX = 16, /* in the list at one time */
    SERVERS_KNOWN =
        256, /* ever, by discovery; each keeps its index, since connections outlive a list */
};

struct server {
    char *uri;  /* ldap://HOST:PORT, in either transport: TLS is started by us */
    char *name; /* HOST:PORT, for messages */
    char *host;
    struct resolve *resolve;
};

struct servers;

/*
 * The configured servers, HOST, HOST:PORT, [IPv6] or [IPv6]:PORT each; none when the configuration has none.
 * 0, FED_E_CONFIG with why, FED_E_NOMEM.
 */
FED_MUST_USE int servers_new(const struct conf_domain *conf, struct servers **ret, char *why);
void servers_free(struct servers *servers);

/*
 * Put another list in the place of the present one; a server that was known keeps its index and its failures.
 * FED_E_TOO_BIG: it names more new ones than there is room for; the list is then as far as it fits.
 */
FED_MUST_USE int servers_set(
    struct servers *servers, const char *const *texts, size_t n, char *why);

const struct server *servers_get(const struct servers *servers, size_t index);

/*
 * The order in which to try them now: those that work, in the list's order, then those that failed, the one
 * whose time comes first before the others. So a domain with all servers in back-off is still tried. A server that
 * failed is among the latter until servers_worked, however long ago it was: that is for the scout to find
 * out, at no login's cost. Has the names of all of them looked up behind the caller's back, so that those which are
 * not needed today are known when they are. Returns how many; ret has the indexes.
 */
size_t servers_order(struct servers *servers, size_t ret[SERVERS_MAX]);

/*
 * The servers of the list that failed and whose time to be tried again has come; ret_next_ms is when the next
 * one's comes, 0 when there is none. Returns how many.
 */
size_t servers_due(struct servers *servers, size_t ret[SERVERS_MAX], int64_t *ret_next_ms);

/*
 * A server failed: it goes to the end, to be tried again in 5 seconds, twice as long each time up to a minute,
 * and a random half more. Failures before that time are the same failure.
 */
void servers_failed(struct servers *servers, size_t index);
void servers_worked(struct servers *servers, size_t index);

#endif
