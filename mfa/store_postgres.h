/*
 * What the files of the PostgreSQL back-end share: asking for rows, making changes.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef MFA_STORE_POSTGRES_H
#define MFA_STORE_POSTGRES_H

#include "mfa/store_backend.h"
#include "mfa/store_postgres_pool.h"

struct store_postgres {
    struct store store; /* first: store.c knows us by it */
    struct store_postgres_uri uri;
    struct store_postgres_pool *pool;
    struct store_postgres_link *link; /* in a transaction: what is asked goes here; else NULL */
};

/* A question that may be asked twice; a change that may not. 0 with a result for PQclear, or FED_E_STORE. */
FED_MUST_USE int store_postgres_query(
    struct store *store, const char *sql, const struct store_postgres_args *args, PGresult **ret);
FED_MUST_USE int store_postgres_change(
    struct store *store, const char *sql, const struct store_postgres_args *args, PGresult **ret);

/* A change of which only this is of interest: did it touch any row? 0 or FED_E_STORE. */
FED_MUST_USE int store_postgres_run(
    struct store *store, const char *sql, const struct store_postgres_args *args, bool *ret_any);

/* store_postgres_together.c: as its namesake in mfa/store.h. */
int store_postgres_together(struct store *store, int (*fn)(struct store *tx, void *arg), void *arg);

/* store_postgres_failures.c: as their namesakes in mfa/store.h. */
int store_postgres_failures_get(struct store *store, const char *person, const char *source,
    int64_t now_s, int64_t forget_s, struct store_failures *ret);
int store_postgres_failures_add(struct store *store, const char *person, const char *source,
    enum store_failure what, int64_t now_s, int64_t forget_s);
int store_postgres_failures_forgive(struct store *store, const char *person, const char *source);
int store_postgres_failures_forget(struct store *store, const char *person);
int store_postgres_attempt_begin(struct store *store, const char *person, const char *source,
    uint64_t *ret_id, unsigned *ret_here, unsigned *ret_anywhere);
void store_postgres_attempt_end(struct store *store, uint64_t id);

#endif
