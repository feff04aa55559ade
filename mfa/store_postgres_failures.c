/*
 * Failures and attempts under way in PostgreSQL: counted by the server, in one statement each, so that
 * none is lost between hosts.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <limits.h>
#include <stdio.h>

#include "base/log.h"
#include "mfa/store_postgres.h"

/* STORE_ATTEMPT_S, by the server's own clock: the hosts' need not agree. */
#define STILL_UNDER_WAY "begun > clock_timestamp() - interval '60 s'"
_Static_assert(STORE_ATTEMPT_S == 60, "as said above");

static unsigned
count(int64_t n)
{
    return n > UINT_MAX ? UINT_MAX : (unsigned)n;
}

int
store_postgres_failures_get(struct store *store, const char *person, const char *source,
    int64_t now_s, int64_t forget_s, struct store_failures *ret)
{
    static const Oid types[] = {
        STORE_POSTGRES_NUMBER, STORE_POSTGRES_NUMBER, STORE_POSTGRES_NUMBER};
    struct store_postgres_args args = {.n = 0};
    PGresult *answer = NULL;
    int64_t here, codes, passwords;

    store_postgres_arg_text(&args, person);
    store_postgres_arg_text(&args, source);
    store_postgres_arg_number(&args, now_s);
    store_postgres_arg_number(&args, forget_s);
    int r = store_postgres_query(store,
        "SELECT coalesce(sum(tries) FILTER (WHERE source = $2), 0)::bigint,"
        " coalesce(sum(codes), 0)::bigint, coalesce(sum(passwords), 0)::bigint"
        " FROM awsfed.failure WHERE person = $1 AND abs($3 - last) < $4",
        &args, &answer);
    if (r != 0)
        return r;
    if (store_postgres_is_shape(answer, types, 3) && store_postgres_number(answer, 0, &here) &&
        store_postgres_number(answer, 1, &codes) && store_postgres_number(answer, 2, &passwords))
        *ret = (struct store_failures){
            .here = count(here), .codes = count(codes), .passwords = count(passwords)};
    else
        r = FED_E_STORE;
    PQclear(answer);
    return r;
}

/*
 * Rows that say nothing any more, a few at a time and none that somebody else has in hand: two hosts that
 * sweep at once must not wait for each other in a circle. That it fails costs room, no more.
 */
static void
prune(struct store *store, int64_t now_s, int64_t forget_s)
{
    struct store_postgres_args args = {.n = 0};
    bool any;

    store_postgres_arg_number(&args, now_s - forget_s);
    store_postgres_arg_number(&args, now_s + forget_s);
    if (store_postgres_run(store,
            "DELETE FROM awsfed.failure WHERE ctid = ANY (ARRAY (SELECT ctid FROM awsfed.failure"
            " WHERE last <= $1 OR last >= $2 LIMIT 100 FOR UPDATE SKIP LOCKED))",
            &args, &any) != 0 ||
        store_postgres_run(store,
            "DELETE FROM awsfed.attempt WHERE ctid = ANY (ARRAY (SELECT ctid FROM awsfed.attempt"
            " WHERE NOT (" STILL_UNDER_WAY ") LIMIT 100 FOR UPDATE SKIP LOCKED))",
            NULL, &any) != 0)
        fed_log_debug("old failures stay in the second-factor store for now");
}

int
store_postgres_failures_add(struct store *store, const char *person, const char *source,
    enum store_failure what, int64_t now_s, int64_t forget_s)
{
    /* A row that says nothing any more is begun anew. */
    static const char sql[] =
        "INSERT INTO awsfed.failure AS f (person, source, tries, codes, passwords, last)"
        " VALUES ($1, $2, 1, $3, 1 - $3, $4) ON CONFLICT (person, source) DO UPDATE SET"
        " tries = excluded.tries + CASE WHEN abs($4 - f.last) < $5 THEN f.tries ELSE 0 END,"
        " codes = excluded.codes + CASE WHEN abs($4 - f.last) < $5 THEN f.codes ELSE 0 END,"
        " passwords = excluded.passwords +"
        " CASE WHEN abs($4 - f.last) < $5 THEN f.passwords ELSE 0 END,"
        " last = excluded.last";
    struct store_postgres_args args = {.n = 0};
    bool added = false;

    store_postgres_arg_text(&args, person);
    store_postgres_arg_text(&args, source);
    store_postgres_arg_number(&args, what == STORE_FAILED_CODE);
    store_postgres_arg_number(&args, now_s);
    store_postgres_arg_number(&args, forget_s);
    int r = store_postgres_run(store, sql, &args, &added);
    if (r == 0)
        prune(store, now_s, forget_s);
    return r == 0 && !added ? FED_E_STORE : r;
}

int
store_postgres_failures_forgive(struct store *store, const char *person, const char *source)
{
    struct store_postgres_args args = {.n = 0};
    bool any;

    store_postgres_arg_text(&args, person);
    store_postgres_arg_text(&args, source);
    return store_postgres_run(store,
        "WITH gone AS (DELETE FROM awsfed.failure WHERE person = $1 AND source = $2)"
        " UPDATE awsfed.failure SET passwords = 0"
        " WHERE person = $1 AND source <> $2 AND passwords <> 0",
        &args, &any);
}

int
store_postgres_failures_forget(struct store *store, const char *person)
{
    struct store_postgres_args args = {.n = 0};
    bool any;

    store_postgres_arg_text(&args, person);
    return store_postgres_run(store, "DELETE FROM awsfed.failure WHERE person = $1", &args, &any);
}

/* ---- Attempts under way ---- */

static int
insert_attempt(struct store *store, const char *person, const char *source, int64_t *ret_id)
{
    static const Oid types[] = {STORE_POSTGRES_NUMBER};
    struct store_postgres_args args = {.n = 0};
    PGresult *answer = NULL;

    store_postgres_arg_text(&args, person);
    store_postgres_arg_text(&args, source);
    int r = store_postgres_change(store,
        "INSERT INTO awsfed.attempt (person, source) VALUES ($1, $2) RETURNING id", &args, &answer);
    if (r != 0)
        return r;
    if (!store_postgres_is_shape(answer, types, 1) || !store_postgres_number(answer, 0, ret_id))
        r = FED_E_STORE;
    PQclear(answer);
    return r;
}

/* A statement of its own, after the other was committed: so whoever came before is seen. */
static int
count_others(struct store *store, const char *person, const char *source, int64_t id,
    int64_t *ret_here, int64_t *ret_anywhere)
{
    static const Oid types[] = {STORE_POSTGRES_NUMBER, STORE_POSTGRES_NUMBER};
    struct store_postgres_args args = {.n = 0};
    PGresult *answer = NULL;

    store_postgres_arg_text(&args, person);
    store_postgres_arg_text(&args, source);
    store_postgres_arg_number(&args, id);
    int r = store_postgres_query(store,
        "SELECT count(*) FILTER (WHERE source = $2), count(*) FROM awsfed.attempt"
        " WHERE person = $1 AND id <> $3 AND " STILL_UNDER_WAY,
        &args, &answer);
    if (r != 0)
        return r;
    if (!store_postgres_is_shape(answer, types, 2) || !store_postgres_number(answer, 0, ret_here) ||
        !store_postgres_number(answer, 1, ret_anywhere))
        r = FED_E_STORE;
    PQclear(answer);
    return r;
}

int
store_postgres_attempt_begin(struct store *store, const char *person, const char *source,
    uint64_t *ret_id, unsigned *ret_here, unsigned *ret_anywhere)
{
    int64_t id = 0, here = 0, anywhere = 0;

    int r = insert_attempt(store, person, source, &id);
    if (r != 0)
        return r;
    if ((r = count_others(store, person, source, id, &here, &anywhere)) != 0) {
        store_postgres_attempt_end(store, (uint64_t)id);
        return r;
    }
    *ret_id = (uint64_t)id;
    *ret_here = count(here);
    *ret_anywhere = count(anywhere);
    return 0;
}

void
store_postgres_attempt_end(struct store *store, uint64_t id)
{
    struct store_postgres_args args = {.n = 0};
    bool any;

    store_postgres_arg_number(&args, (int64_t)id);
    if (store_postgres_run(store, "DELETE FROM awsfed.attempt WHERE id = $1", &args, &any) != 0)
        fed_log_debug("an attempt under way is forgotten a little later");
}
