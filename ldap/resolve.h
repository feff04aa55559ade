/*
 * Host names to addresses within a deadline: getaddrinfo(3) has none of its own and may take half a
 * minute, so it runs on a thread that nobody has to wait for. Any thread may call.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef LDAP_RESOLVE_H
#define LDAP_RESOLVE_H

#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include "base/err.h"

enum { RESOLVE_MAX = 8 };

struct resolve_address {
    struct sockaddr_storage address;
    socklen_t len;
};

struct resolve; /* one host and port, and its last good answer */

FED_MUST_USE int resolve_new(const char *host, const char *port, struct resolve **ret);
void resolve_free(struct resolve *resolve);

/*
 * The host's addresses, at most RESOLVE_MAX; an address literal costs no query. An answer is good for a minute;
 * an older one is given all the same, at once, while a new one is asked for: whoever lost a domain controller has often
 * lost a name server with it, and no login shall wait for that. Blocks, up to the deadline, only for the first.
 * Returns 0 (ret_n > 0), FED_E_DIRECTORY, FED_E_NOMEM.
 */
FED_MUST_USE int resolve_ask(struct resolve *resolve, int64_t deadline_ms,
    struct resolve_address ret[RESOLVE_MAX], size_t *ret_n);

/* Somebody may want the addresses soon: ask for them now, unless they are fresh. Never blocks. */
void resolve_hint(struct resolve *resolve);

#endif
