/*
 * A few warm connections to PostgreSQL for all threads. A server that is away is asked again once a second,
 * not by every request: else each would wait its full time behind the others.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef MFA_STORE_POSTGRES_POOL_H
#define MFA_STORE_POSTGRES_POOL_H

#include "base/err.h"
#include "mfa/store_postgres_link.h"

enum { STORE_POSTGRES_LINKS = 8, STORE_POSTGRES_AWAY_MS = 1000 };

struct store_postgres_pool;

/* uri must outlive it. Connects nowhere yet. 0 or FED_E_NOMEM. */
FED_MUST_USE int store_postgres_pool_new(
    const struct store_postgres_uri *uri, struct store_postgres_pool **ret);
void store_postgres_pool_free(struct store_postgres_pool *pool);

/*
 * One statement on a connection of the pool, opened if there is none at rest; the schema is made or checked
 * on each new one. A read whose connection dies is asked once more, on another; a change is
 * sent once, for it may have been made.
 * 0 with a result that PQclear frees, or FED_E_STORE, with a line for the log in why (STORE_WHY_MAX bytes).
 */
FED_MUST_USE int store_postgres_pool_ask(struct store_postgres_pool *pool, const char *sql,
    bool is_read, const struct store_postgres_args *args, PGresult **ret, char *why);

/*
 * A connection of one's own for a while, such as for a transaction; to be given back, even when it broke. 0 or FED_E_STORE.
 * One that is given back within a transaction is closed.
 */
FED_MUST_USE int store_postgres_pool_take(
    struct store_postgres_pool *pool, struct store_postgres_link *ret, char *why);
void store_postgres_pool_give_back(
    struct store_postgres_pool *pool, struct store_postgres_link *link);

/* Is it there, and in order? For the start. As above. */
FED_MUST_USE int store_postgres_pool_probe(struct store_postgres_pool *pool, char *why);

#endif
