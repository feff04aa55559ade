/*
 * The store of a fleet, in PostgreSQL. Every change is one statement and so one transaction, which the
 * server answers when it is on disk; who writes first among hosts is decided by the row's lock.
 * A server that does not answer, or not as expected, is FED_E_STORE and nothing else (I-29).
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "mfa/store_backend.h"
#include "mfa/store_postgres.h"

#define COLUMNS "sid, name, enrolled, version, record"

static struct store_postgres *
ours(struct store *store)
{
    return (struct store_postgres *)store;
}

static int
ask(struct store *store, const char *sql, bool is_read, const struct store_postgres_args *args,
    PGresult **ret)
{
    struct store_postgres *s = ours(store);
    char why[STORE_WHY_MAX] = "";
    int r = s->link != NULL ? store_postgres_ask(s->link, sql, args, ret, why)
                            : store_postgres_pool_ask(s->pool, sql, is_read, args, ret, why);

    if (r != 0)
        fed_log_debug("second-factor store: %s", why);
    return r;
}

int
store_postgres_query(
    struct store *store, const char *sql, const struct store_postgres_args *args, PGresult **ret)
{
    return ask(store, sql, true, args, ret);
}

int
store_postgres_change(
    struct store *store, const char *sql, const struct store_postgres_args *args, PGresult **ret)
{
    return ask(store, sql, false, args, ret);
}

int
store_postgres_run(
    struct store *store, const char *sql, const struct store_postgres_args *args, bool *ret_any)
{
    PGresult *answer = NULL;
    int r = store_postgres_change(store, sql, args, &answer);

    if (r != 0)
        return r;
    *ret_any = strcmp(PQcmdTuples(answer), "0") != 0;
    PQclear(answer);
    return 0;
}

/* ---- People ---- */

static bool
read_row(const PGresult *answer, struct store_row *ret)
{
    static const Oid types[] = {STORE_POSTGRES_TEXT, STORE_POSTGRES_TEXT, STORE_POSTGRES_NUMBER,
        STORE_POSTGRES_NUMBER, STORE_POSTGRES_BYTES};
    int64_t version;

    if (!store_postgres_is_shape(answer, types, 5) ||
        !store_postgres_text(answer, 0, ret->sid, sizeof(ret->sid)) ||
        !store_postgres_text(answer, 1, ret->name, sizeof(ret->name)) ||
        !store_postgres_number(answer, 2, &ret->enrolled_s) ||
        !store_postgres_number(answer, 3, &version) ||
        !store_postgres_bytes(answer, 4, ret->record, sizeof(ret->record), &ret->record_len))
        return false;
    ret->version = (uint64_t)version;
    return true;
}

/* One row, or what none means. */
static int
query_row(struct store *store, const char *sql, const struct store_postgres_args *args, int absent,
    struct store_row *ret)
{
    PGresult *answer = NULL;
    int r = store_postgres_query(store, sql, args, &answer);

    if (r != 0)
        return r;
    if (PQresultStatus(answer) == PGRES_TUPLES_OK && PQntuples(answer) == 0)
        r = absent;
    else if (!read_row(answer, ret))
        r = FED_E_STORE;
    PQclear(answer);
    return r;
}

static int
postgres_load(struct store *store, const char *sid, struct store_row *ret)
{
    struct store_postgres_args args = {.n = 0};

    store_postgres_arg_text(&args, sid);
    return query_row(store, "SELECT " COLUMNS " FROM awsfed.person WHERE sid = $1", &args,
        FED_E_NOT_ENROLLED, ret);
}

static int
postgres_next(struct store *store, const char *name_key, const char *sid, struct store_row *ret)
{
    struct store_postgres_args args = {.n = 0};

    store_postgres_arg_text(&args, name_key);
    store_postgres_arg_text(&args, sid);
    return query_row(store,
        "SELECT " COLUMNS " FROM awsfed.person WHERE (name_key, sid) > ($1, $2)"
        " ORDER BY name_key, sid LIMIT 1",
        &args, FED_E_NOT_FOUND, ret);
}

static int
postgres_find(struct store *store, const char *name_key, char ret_sid[STORE_SID_MAX])
{
    static const Oid types[] = {STORE_POSTGRES_TEXT};
    struct store_postgres_args args = {.n = 0};
    PGresult *answer = NULL;

    store_postgres_arg_text(&args, name_key);
    int r = store_postgres_query(store,
        "SELECT sid FROM awsfed.person WHERE name_key = $1 ORDER BY enrolled DESC LIMIT 1", &args,
        &answer);
    if (r != 0)
        return r;
    if (PQresultStatus(answer) == PGRES_TUPLES_OK && PQntuples(answer) == 0)
        r = FED_E_NOT_ENROLLED;
    else if (!store_postgres_is_shape(answer, types, 1) ||
             !store_postgres_text(answer, 0, ret_sid, STORE_SID_MAX))
        r = FED_E_STORE;
    PQclear(answer);
    return r;
}

static int
postgres_swap(struct store *store, const struct store_row *row, const char *name_key, uint64_t next)
{
    static const char insert[] =
        "INSERT INTO awsfed.person (" COLUMNS ", name_key) VALUES ($1, $2, $3, $4, $5, $6)"
        " ON CONFLICT (sid) DO NOTHING";
    static const char update[] =
        "UPDATE awsfed.person SET name = $2, enrolled = $3, version = $4, record = $5,"
        " name_key = $6 WHERE sid = $1 AND version = $7";
    struct store_postgres_args args = {.n = 0};
    bool written = false;

    store_postgres_arg_text(&args, row->sid);
    store_postgres_arg_text(&args, row->name);
    store_postgres_arg_number(&args, row->enrolled_s);
    store_postgres_arg_number(&args, (int64_t)next);
    store_postgres_arg_bytes(&args, row->record, row->record_len);
    store_postgres_arg_text(&args, name_key);
    if (row->version != 0)
        store_postgres_arg_number(&args, (int64_t)row->version);
    int r = store_postgres_run(store, row->version == 0 ? insert : update, &args, &written);
    return r == 0 && !written ? FED_E_REPLAY : r;
}

static int
postgres_remove(struct store *store, const char *sid)
{
    struct store_postgres_args args = {.n = 0};
    bool removed = false;

    store_postgres_arg_text(&args, sid);
    int r = store_postgres_run(store, "DELETE FROM awsfed.person WHERE sid = $1", &args, &removed);
    return r == 0 && !removed ? FED_E_NOT_ENROLLED : r;
}

/* ---- Opening and closing ---- */

static void
postgres_close(struct store *store)
{
    struct store_postgres *s = ours(store);

    store_postgres_pool_free(s->pool);
    store_postgres_uri_done(&s->uri);
    free(s);
}

/*
 * Everything that libpq takes from PG… variables is said in its parameters, but for a service's name, which
 * cannot be said to be none, and a few settings of a session (I-56).
 */
static void
clean_environment(void)
{
    for (size_t i = 0; environ != NULL && environ[i] != NULL;) {
        char name[128];
        size_t len = strcspn(environ[i], "=");
        if (strncmp(environ[i], "PG", 2) != 0 || len >= sizeof(name)) {
            i++;
            continue;
        }
        memcpy(name, environ[i], len);
        name[len] = '\0';
        if (unsetenv(name) != 0)
            i++;
    }
}

int
store_postgres_open(const char *where, struct store **ret, char *why)
{
    static const struct store_ops ops = {
        .close = postgres_close,
        .load = postgres_load,
        .swap = postgres_swap,
        .find = postgres_find,
        .remove = postgres_remove,
        .next = postgres_next,
        .together = store_postgres_together,
        .failures_get = store_postgres_failures_get,
        .failures_add = store_postgres_failures_add,
        .failures_forgive = store_postgres_failures_forgive,
        .failures_forget = store_postgres_failures_forget,
        .attempt_begin = store_postgres_attempt_begin,
        .attempt_end = store_postgres_attempt_end,
    };
    struct store_postgres *s = calloc(1, sizeof(*s));
    char text[STORE_WHY_MAX];
    int r;

    if (s == NULL)
        return FED_E_NOMEM;
    s->store.ops = &ops;
    clean_environment();
    r = store_postgres_uri_read(where, &s->uri, why);
    if (r == 0 && (r = store_postgres_pool_new(&s->uri, &s->pool)) != 0)
        store_postgres_uri_done(&s->uri);
    if (r != 0) {
        free(s);
        return r;
    }
    /* A fleet's database that is away for a while does not keep fifty bridges from starting: the pool
     * says so in the log, people are told "unavailable", and it is asked again. */
    if (store_postgres_pool_probe(s->pool, text) != 0)
        fed_log_debug("second-factor store: %s", text);
    *ret = &s->store;
    return 0;
}
