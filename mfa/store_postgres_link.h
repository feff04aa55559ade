/*
 * One connection to PostgreSQL, and one question on it, each with an end in time. One thread at a time.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef MFA_STORE_POSTGRES_LINK_H
#define MFA_STORE_POSTGRES_LINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <libpq-fe.h>

#include "base/err.h"
#include "mfa/store_postgres_uri.h"

/* The server gives a statement up after the first; we the server after the second. */
enum { STORE_POSTGRES_STATEMENT_MS = 3000, STORE_POSTGRES_ANSWER_MS = 4000 };

struct store_postgres_link {
    PGconn *pg;
    bool broken;              /* nothing more can be asked on it */
    int64_t resting_since_ms; /* for who keeps it */
    int patience_ms;          /* how long to wait for an answer; 0 = STORE_POSTGRES_ANSWER_MS */
};

/* Arguments of a statement, $1 onwards; what is pointed to is borrowed until it was asked. */
enum { STORE_POSTGRES_ARGS_MAX = 8 };

struct store_postgres_args {
    int n;
    Oid types[STORE_POSTGRES_ARGS_MAX];
    const char *values[STORE_POSTGRES_ARGS_MAX];
    int lengths[STORE_POSTGRES_ARGS_MAX], formats[STORE_POSTGRES_ARGS_MAX];
    uint64_t numbers[STORE_POSTGRES_ARGS_MAX];
};

void store_postgres_arg_text(struct store_postgres_args *args, const char *text);
void store_postgres_arg_number(struct store_postgres_args *args, int64_t number);
void store_postgres_arg_bytes(struct store_postgres_args *args, const void *data, size_t len);

/*
 * Connect, and set what durability and time limits rest on for the session. Blocks up to two seconds a
 * host of the URI and an answer's time. why (STORE_WHY_MAX bytes) on failure. 0 or FED_E_STORE.
 */
FED_MUST_USE int store_postgres_link_open(
    const struct store_postgres_uri *uri, struct store_postgres_link *ret, char *why);
void store_postgres_link_close(struct store_postgres_link *link);

/* May a question still be sent? False when the server closed it or said anything. Never blocks. */
bool store_postgres_link_is_live(struct store_postgres_link *link);

/*
 * Ask one statement and take its answer; results are binary. A refusal of the server leaves the link
 * good, anything else breaks it, and a change may then have been made or not.
 *   args   NULL = none
 * 0 with a result that PQclear frees, or FED_E_STORE; why (STORE_WHY_MAX bytes) on failure.
 */
FED_MUST_USE int store_postgres_ask(struct store_postgres_link *link, const char *sql,
    const struct store_postgres_args *args, PGresult **ret, char *why);

/* The same for a statement whose answer is of no interest. */
FED_MUST_USE int store_postgres_do(struct store_postgres_link *link, const char *sql, char *why);

/*
 * Columns of a row, with type, NULL and length checked, since a table may be somebody else's. False
 * for anything out of order. Numbers are 0 to INT64_MAX; a text has no NUL inside and fits with its own.
 */
bool store_postgres_is_shape(const PGresult *result, const Oid *types, int n);
bool store_postgres_text(const PGresult *result, int column, char *ret, size_t size);
bool store_postgres_number(const PGresult *result, int column, int64_t *ret);
bool store_postgres_bytes(
    const PGresult *result, int column, void *ret, size_t size, size_t *ret_len);

/* Types of columns (catalog pg_type; they never change). */
enum { STORE_POSTGRES_BYTES = 17, STORE_POSTGRES_NUMBER = 20, STORE_POSTGRES_TEXT = 25 };

#endif
