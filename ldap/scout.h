/*
 * What goes before the logins of a domain, on a thread of its own: it finds the domain controllers where the
 * configuration names none, again and again, and tries those that failed, so that no login has to. Any thread may call.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef LDAP_SCOUT_H
#define LDAP_SCOUT_H

#include <stdint.h>

#include "base/err.h"
#include "conf/conf.h"
#include "ldap/discover.h"
#include "ldap/servers.h"

struct scout;

/*
 * conf and servers must outlive it. ways NULL = the real ones. No thread yet: the first need starts it, so that a
 * process that still has to fork may make one. 0 or FED_E_NOMEM.
 */
FED_MUST_USE int scout_new(const struct conf_domain *conf, struct servers *servers,
    const struct discover_ways *ways, struct scout **ret);
/* Waits for what the thread has under way: some seconds at most. Accepts NULL. */
void scout_free(struct scout *scout);

/*
 * Make sure that there is a list of servers: at once where the configuration has one, or one was found
 * before; else waits for the first. 0, FED_E_DIRECTORY (none until the deadline), FED_E_NOMEM; why on failure.
 */
FED_MUST_USE int scout_wait(struct scout *scout, int64_t deadline_ms, char *why);

/* A server failed; the thread looks after it when its time comes. */
void scout_tell(struct scout *scout);

#endif
