/*
 * A bounded pool of warm connections for one purpose. Last in, first out, so that a quiet time lets the
 * others grow old and go. Any thread may call.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef LDAP_POOL_H
#define LDAP_POOL_H

#include <stdint.h>

#include "base/err.h"
#include "ldap/conn.h"

struct pool;

/* Open a connection, ready for the pool's purpose, until a deadline; called without the pool's lock. */
typedef int (*pool_open_fn)(void *arg, int64_t deadline_ms, struct conn **ret, char *why);

enum { POOL_MAX = 64 };

/* limit (1 to POOL_MAX) counts connections lent, resting and being opened. 0 or FED_E_NOMEM. */
FED_MUST_USE int pool_new(unsigned limit, pool_open_fn open, void *arg, struct pool **ret);
/* When nothing is lent any more. Accepts NULL. */
void pool_free(struct pool *pool);

/*
 * Borrow a connection that was alive a moment ago, or a new one. Waits for one to come back, and for a
 * new one to open, until the deadline. The borrower gives it back with pool_put.
 * 0, FED_E_BUSY (all were lent until the deadline), or what open says; why on failure.
 */
FED_MUST_USE int pool_take(struct pool *pool, int64_t deadline_ms, struct conn **ret, char *why);

/* Give back; a broken connection is closed and its place freed. */
void pool_put(struct pool *pool, struct conn *conn);

/* Close what rests of connections to a server (its index): the server failed, and they would fail one by one. */
void pool_purge(struct pool *pool, size_t server);

#endif
