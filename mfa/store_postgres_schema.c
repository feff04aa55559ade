/*
 * The tables of the PostgreSQL store. Text is ordered by its bytes (COLLATE "C"), as store.c orders it,
 * whatever the database's locale and its next version's idea of it.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "mfa/store_postgres_schema.h"

#include <stdio.h>

#include "mfa/store.h"

enum { SCHEMA_VERSION = 1 };

static const char *const make[] = {
    "CREATE TABLE awsfed.schema (version bigint NOT NULL)",
    "CREATE TABLE awsfed.person ("
    " sid text COLLATE \"C\" PRIMARY KEY, name text NOT NULL, name_key text COLLATE \"C\" NOT NULL,"
    " enrolled bigint NOT NULL, version bigint NOT NULL CHECK (version > 0), record bytea NOT NULL)"
    /* A row is rewritten at each login: room for the new one beside the old, and none of it compressed. */
    " WITH (fillfactor = 50)",
    "ALTER TABLE awsfed.person ALTER record SET STORAGE EXTERNAL",
    "CREATE INDEX person_name ON awsfed.person (name_key, sid)",
    "CREATE TABLE awsfed.failure ("
    " person text COLLATE \"C\" NOT NULL, source text COLLATE \"C\" NOT NULL,"
    " tries bigint NOT NULL, codes bigint NOT NULL, passwords bigint NOT NULL,"
    " last bigint NOT NULL, PRIMARY KEY (person, source))",
    "CREATE INDEX failure_last ON awsfed.failure (last)",
    /* Written at every login, worth nothing after a crash: not logged, so its commits wait for no disk. */
    "CREATE UNLOGGED TABLE awsfed.attempt ("
    " id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, person text COLLATE \"C\" NOT NULL,"
    " source text COLLATE \"C\" NOT NULL, begun timestamptz NOT NULL DEFAULT clock_timestamp())",
    "CREATE INDEX attempt_person ON awsfed.attempt (person)",
    "INSERT INTO awsfed.schema VALUES (1)",
};

/* The number of a one-row question. FED_E_STORE for any other answer. */
static int
ask_number(struct store_postgres_link *link, const char *sql, int64_t *ret, char *why)
{
    static const Oid types[] = {STORE_POSTGRES_NUMBER};
    PGresult *answer = NULL;
    int r = store_postgres_ask(link, sql, NULL, &answer, why);

    if (r != 0)
        return r;
    if (!store_postgres_is_shape(answer, types, 1) || PQntuples(answer) != 1 ||
        !store_postgres_number(answer, 0, ret)) {
        (void)snprintf(why, STORE_WHY_MAX,
            "PostgreSQL: the schema \"awsfed\" is not of awsfed's making: use a database of its "
            "own");
        r = FED_E_STORE;
    }
    PQclear(answer);
    return r;
}

static int
exists(struct store_postgres_link *link, bool *ret, char *why)
{
    int64_t n = 0;
    /* The catalogue's rows, not to_regclass(): that remembers an absence from before the lock was ours. */
    int r = ask_number(link,
        "SELECT count(*) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
        " WHERE n.nspname = 'awsfed' AND c.relname = 'schema'",
        &n, why);

    if (r == 0)
        *ret = n != 0;
    return r;
}

/* In a transaction, under the lock: somebody else may have been first. */
static int
make_tables(struct store_postgres_link *link, char *why)
{
    int64_t there = 0;
    bool made = false;
    int r = store_postgres_do(link, "SELECT pg_advisory_xact_lock(6220153871114829412)", why);

    if (r == 0)
        r = exists(link, &made, why);
    if (r != 0 || made)
        return r;
    /* Not CREATE … IF NOT EXISTS alone, which asks for the right to create even where nothing is to be. */
    r = ask_number(link, "SELECT count(*) FROM pg_namespace WHERE nspname = 'awsfed'", &there, why);
    if (r == 0 && there == 0)
        r = store_postgres_do(link, "CREATE SCHEMA awsfed", why);
    for (size_t i = 0; i < sizeof(make) / sizeof(make[0]) && r == 0; i++)
        r = store_postgres_do(link, make[i], why);
    return r;
}

static int
make_schema(struct store_postgres_link *link, char *why)
{
    char ignored[STORE_WHY_MAX];
    int r = store_postgres_do(link, "BEGIN", why);

    if (r == 0)
        r = make_tables(link, why);
    if (r == 0)
        return store_postgres_do(link, "COMMIT", why);
    if (!link->broken && store_postgres_do(link, "ROLLBACK", ignored) != 0)
        link->broken = true;
    return r;
}

int
store_postgres_schema_check(struct store_postgres_link *link, char *why)
{
    int64_t version = 0;
    bool made = false;
    int r = exists(link, &made, why);

    if (r == 0 && !made)
        r = make_schema(link, why);
    if (r == 0)
        r = ask_number(link, "SELECT version FROM awsfed.schema", &version, why);
    if (r == 0 && version != SCHEMA_VERSION) {
        (void)snprintf(why, STORE_WHY_MAX,
            "PostgreSQL: the tables are of version %lld, made by a newer awsfed: update this host",
            (long long)version);
        r = FED_E_STORE;
    }
    return r;
}
