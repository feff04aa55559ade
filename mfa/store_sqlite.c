/*
 * The store of one host, in SQLite. Two connections: a write and its fsync never hold up a read,
 * for with a write-ahead log readers and the writer do not meet. Each has one mutex, because
 * waiting on a mutex is fair and wakes at once, where SQLite's own waiting polls.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "mfa/store_backend.h"
#include "mfa/store_sqlite_file.h"
#include "mfa/store_sqlite_row.h"

enum lane_id { READ, WRITE, N_LANES };

enum statement {
    LOAD,
    LOAD_TO_WRITE, /* the same in a transaction: it sees what that wrote */
    FIND,
    NEXT,
    INSERT,
    SWAP,
    REMOVE,
    FAILURES,
    ADD_FAILURE,
    PRUNE,
    FORGIVE_SOURCE,
    FORGIVE_PASSWORDS,
    FORGET,
    BEGIN,
    COMMIT,
    N_STATEMENTS
};

#define COLUMNS "sid, name, enrolled, version, record"

static const struct {
    enum lane_id lane;
    const char *sql;
} statements[N_STATEMENTS] = {
    [LOAD] = {READ, "SELECT " COLUMNS " FROM person WHERE sid = ?1"},
    [LOAD_TO_WRITE] = {WRITE, "SELECT " COLUMNS " FROM person WHERE sid = ?1"},
    [FIND] = {READ, "SELECT sid FROM person WHERE name_key = ?1 ORDER BY enrolled DESC LIMIT 1"},
    [NEXT] = {READ, "SELECT " COLUMNS " FROM person WHERE (name_key, sid) > (?1, ?2) "
                    "ORDER BY name_key, sid LIMIT 1"},
    /* The same places in both, so that one function binds them; ?7 is what must be there. */
    [INSERT] = {WRITE, "INSERT INTO person (" COLUMNS ", name_key) SELECT ?1, ?2, ?3, ?4, ?5, ?6 "
                       "WHERE ?7 = 0 ON CONFLICT (sid) DO NOTHING"},
    [SWAP] = {WRITE, "UPDATE person SET name = ?2, enrolled = ?3, version = ?4, record = ?5,"
                     " name_key = ?6 WHERE sid = ?1 AND version = ?7"},
    [REMOVE] = {WRITE, "DELETE FROM person WHERE sid = ?1"},
    [FAILURES] = {READ,
        "SELECT total(tries) FILTER (WHERE source = ?2), total(codes), total(passwords)"
        " FROM failure WHERE person = ?1 AND abs(?3 - last) < ?4"},
    [ADD_FAILURE] = {WRITE,
        "INSERT INTO failure (person, source, tries, codes, passwords, last)"
        " VALUES (?1, ?2, 1, ?3, 1 - ?3, ?4) ON CONFLICT (person, source) DO UPDATE SET"
        " tries = tries + 1, codes = codes + excluded.codes,"
        " passwords = passwords + excluded.passwords, last = excluded.last"},
    /* Run before a failure is added, so that a row that is found is one that still counts. */
    [PRUNE] = {WRITE, "DELETE FROM failure WHERE last <= ?1 OR last >= ?2"},
    [FORGIVE_SOURCE] = {WRITE, "DELETE FROM failure WHERE person = ?1 AND source = ?2"},
    [FORGIVE_PASSWORDS] = {WRITE, "UPDATE failure SET passwords = 0 WHERE person = ?1"},
    [FORGET] = {WRITE, "DELETE FROM failure WHERE person = ?1"},
    [BEGIN] = {WRITE, "BEGIN IMMEDIATE"},
    [COMMIT] = {WRITE, "COMMIT"},
};

struct lane {
    pthread_mutex_t lock; /* of everything in the lane */
    sqlite3 *db;
};

struct store_sqlite {
    struct store store; /* first: store.c knows us by it */
    struct lane lanes[N_LANES];
    sqlite3_stmt *stmts[N_STATEMENTS];
};

/* ---- Statements ---- */

static struct store_sqlite *
ours(struct store *store)
{
    return (struct store_sqlite *)store;
}

static void
lock(struct store_sqlite *s, enum lane_id lane)
{
    (void)pthread_mutex_lock(&s->lanes[lane].lock);
}

static void
unlock(struct store_sqlite *s, enum lane_id lane)
{
    (void)pthread_mutex_unlock(&s->lanes[lane].lock);
}

static bool
bind_text(struct store_sqlite *s, enum statement which, int at, const char *text)
{
    return sqlite3_bind_text(s->stmts[which], at, text, -1, SQLITE_STATIC) == SQLITE_OK;
}

static bool
bind_int(struct store_sqlite *s, enum statement which, int at, int64_t value)
{
    return sqlite3_bind_int64(s->stmts[which], at, value) == SQLITE_OK;
}

/* One step: SQLITE_ROW, SQLITE_DONE, or an error that the log has seen. */
static int
step(struct store_sqlite *s, enum statement which)
{
    int code = sqlite3_step(s->stmts[which]);

    if (code != SQLITE_ROW && code != SQLITE_DONE)
        fed_log_debug("second-factor store: %s (%d): %s", sqlite3_errstr(code), code,
            sqlite3_errmsg(sqlite3_db_handle(s->stmts[which])));
    return code;
}

/* Ends a statement's transaction and lets go of what was bound. */
static void
finish(struct store_sqlite *s, enum statement which)
{
    (void)sqlite3_reset(s->stmts[which]);
    (void)sqlite3_clear_bindings(s->stmts[which]);
}

/* Run a statement that returns no row. True when it was carried out. */
static bool
run(struct store_sqlite *s, enum statement which)
{
    bool done = step(s, which) == SQLITE_DONE;

    finish(s, which);
    return done;
}

/* Run one that changes rows, alone: its own transaction, durable afterwards. 0 or FED_E_STORE. */
static int
change(struct store_sqlite *s, enum statement which, int *ret_changed)
{
    if (!run(s, which))
        return FED_E_STORE;
    *ret_changed = sqlite3_changes(s->lanes[WRITE].db);
    return 0;
}

/* End a transaction: commit it if all went well so far, else undo it. */
static int
end(struct store_sqlite *s, bool good)
{
    if (good && run(s, COMMIT))
        return 0;
    if (!sqlite3_get_autocommit(s->lanes[WRITE].db))
        (void)sqlite3_exec(s->lanes[WRITE].db, "ROLLBACK", NULL, NULL, NULL);
    return FED_E_STORE;
}

/* ---- People ---- */

/* Run a bound query for one row; absent is what none means. */
static int
query_row(
    struct store_sqlite *s, enum statement which, bool bound, int absent, struct store_row *ret)
{
    int code = bound ? step(s, which) : SQLITE_NOMEM;
    int r = code == SQLITE_ROW    ? store_sqlite_row_read(s->stmts[which], ret)
            : code == SQLITE_DONE ? absent
                                  : FED_E_STORE;
    finish(s, which);
    return r;
}

static int
sqlite_load(struct store *store, const char *sid, struct store_row *ret)
{
    struct store_sqlite *s = ours(store);

    lock(s, READ);
    int r = query_row(s, LOAD, bind_text(s, LOAD, 1, sid), FED_E_NOT_ENROLLED, ret);
    unlock(s, READ);
    return r;
}

static int
sqlite_next(struct store *store, const char *name_key, const char *sid, struct store_row *ret)
{
    struct store_sqlite *s = ours(store);

    lock(s, READ);
    bool bound = bind_text(s, NEXT, 1, name_key) && bind_text(s, NEXT, 2, sid);
    int r = query_row(s, NEXT, bound, FED_E_NOT_FOUND, ret);
    unlock(s, READ);
    return r;
}

/* Under the lock. */
static int
swap(struct store_sqlite *s, const struct store_row *row, const char *name_key, uint64_t next)
{
    enum statement which = row->version == 0 ? INSERT : SWAP;
    int changed = 0, r = FED_E_STORE;

    if (bind_text(s, which, 1, row->sid) && bind_text(s, which, 2, row->name) &&
        bind_int(s, which, 3, row->enrolled_s) && bind_int(s, which, 4, (int64_t)next) &&
        sqlite3_bind_blob(s->stmts[which], 5, row->record, (int)row->record_len, SQLITE_STATIC) ==
            SQLITE_OK &&
        bind_text(s, which, 6, name_key) && bind_int(s, which, 7, (int64_t)row->version))
        r = change(s, which, &changed);
    return r == 0 && changed != 1 ? FED_E_REPLAY : r;
}

static int
sqlite_swap(struct store *store, const struct store_row *row, const char *name_key, uint64_t next)
{
    struct store_sqlite *s = ours(store);

    lock(s, WRITE);
    int r = swap(s, row, name_key, next);
    unlock(s, WRITE);
    return r;
}

/* ---- Many people at once ---- */

struct together {
    struct store store; /* first: what fn gets */
    struct store_sqlite *s;
};

static int
together_load(struct store *store, const char *sid, struct store_row *ret)
{
    struct store_sqlite *s = ((struct together *)store)->s;

    return query_row(
        s, LOAD_TO_WRITE, bind_text(s, LOAD_TO_WRITE, 1, sid), FED_E_NOT_ENROLLED, ret);
}

static int
together_swap(struct store *store, const struct store_row *row, const char *name_key, uint64_t next)
{
    return swap(((struct together *)store)->s, row, name_key, next);
}

static int
sqlite_together(struct store *store, int (*fn)(struct store *tx, void *arg), void *arg)
{
    static const struct store_ops ops = {.load = together_load, .swap = together_swap};
    struct together tx = {.store = {.ops = &ops}, .s = ours(store)};
    int r = FED_E_STORE;

    lock(tx.s, WRITE);
    if (run(tx.s, BEGIN)) {
        r = fn(&tx.store, arg);
        int ended = end(tx.s, r == 0);
        r = r == 0 ? ended : r;
    }
    unlock(tx.s, WRITE);
    return r;
}

static int
sqlite_find(struct store *store, const char *name_key, char ret_sid[STORE_SID_MAX])
{
    struct store_sqlite *s = ours(store);
    int r = FED_E_STORE;

    lock(s, READ);
    int code = bind_text(s, FIND, 1, name_key) ? step(s, FIND) : SQLITE_NOMEM;
    if (code == SQLITE_ROW && store_sqlite_row_text(s->stmts[FIND], 0, ret_sid, STORE_SID_MAX))
        r = 0;
    else if (code == SQLITE_DONE)
        r = FED_E_NOT_ENROLLED;
    finish(s, FIND);
    unlock(s, READ);
    return r;
}

static int
sqlite_remove(struct store *store, const char *sid)
{
    struct store_sqlite *s = ours(store);
    int changed = 0, r = FED_E_STORE;

    lock(s, WRITE);
    if (bind_text(s, REMOVE, 1, sid))
        r = change(s, REMOVE, &changed);
    unlock(s, WRITE);
    if (r == 0 && changed != 1)
        return FED_E_NOT_ENROLLED;
    return r;
}

/* ---- Failures ---- */

static int
sqlite_failures_get(struct store *store, const char *person, const char *source, int64_t now_s,
    int64_t forget_s, struct store_failures *ret)
{
    struct store_sqlite *s = ours(store);
    sqlite3_stmt *stmt = s->stmts[FAILURES];
    int r = FED_E_STORE;

    lock(s, READ);
    if (bind_text(s, FAILURES, 1, person) && bind_text(s, FAILURES, 2, source) &&
        bind_int(s, FAILURES, 3, now_s) && bind_int(s, FAILURES, 4, forget_s) &&
        step(s, FAILURES) == SQLITE_ROW) {
        *ret = (struct store_failures){
            .here = store_sqlite_row_count(stmt, 0),
            .codes = store_sqlite_row_count(stmt, 1),
            .passwords = store_sqlite_row_count(stmt, 2),
        };
        r = 0;
    }
    finish(s, FAILURES);
    unlock(s, READ);
    return r;
}

static int
sqlite_failures_add(struct store *store, const char *person, const char *source,
    enum store_failure what, int64_t now_s, int64_t forget_s)
{
    struct store_sqlite *s = ours(store);
    int r = FED_E_STORE;

    lock(s, WRITE);
    if (run(s, BEGIN)) {
        bool good = bind_int(s, PRUNE, 1, now_s - forget_s) &&
                    bind_int(s, PRUNE, 2, now_s + forget_s) && run(s, PRUNE) &&
                    bind_text(s, ADD_FAILURE, 1, person) && bind_text(s, ADD_FAILURE, 2, source) &&
                    bind_int(s, ADD_FAILURE, 3, what == STORE_FAILED_CODE) &&
                    bind_int(s, ADD_FAILURE, 4, now_s) && run(s, ADD_FAILURE);
        r = end(s, good);
    }
    unlock(s, WRITE);
    return r;
}

static int
sqlite_failures_forgive(struct store *store, const char *person, const char *source)
{
    struct store_sqlite *s = ours(store);
    int r = FED_E_STORE;

    lock(s, WRITE);
    if (run(s, BEGIN)) {
        bool good = bind_text(s, FORGIVE_SOURCE, 1, person) &&
                    bind_text(s, FORGIVE_SOURCE, 2, source) && run(s, FORGIVE_SOURCE) &&
                    bind_text(s, FORGIVE_PASSWORDS, 1, person) && run(s, FORGIVE_PASSWORDS);
        r = end(s, good);
    }
    unlock(s, WRITE);
    return r;
}

static int
sqlite_failures_forget(struct store *store, const char *person)
{
    struct store_sqlite *s = ours(store);
    int changed, r = FED_E_STORE;

    lock(s, WRITE);
    if (bind_text(s, FORGET, 1, person))
        r = change(s, FORGET, &changed);
    unlock(s, WRITE);
    return r;
}

/* ---- Opening and closing ---- */

static void
sqlite_close(struct store *store)
{
    struct store_sqlite *s = ours(store);

    for (size_t i = 0; i < N_STATEMENTS; i++)
        (void)sqlite3_finalize(s->stmts[i]);
    /* The reader first: the last connection to go puts the log into the file. */
    for (size_t i = 0; i < N_LANES; i++) {
        (void)sqlite3_close(s->lanes[i].db);
        (void)pthread_mutex_destroy(&s->lanes[i].lock);
    }
    free(s);
}

static int
prepare(struct store_sqlite *s, const char *path, char *why)
{
    for (size_t i = 0; i < N_STATEMENTS; i++) {
        sqlite3 *db = s->lanes[statements[i].lane].db;
        if (sqlite3_prepare_v3(db, statements[i].sql, -1, SQLITE_PREPARE_PERSISTENT, &s->stmts[i],
                NULL) != SQLITE_OK) {
            (void)snprintf(why, STORE_WHY_MAX, "\"%.150s\": damaged (%s): restore it from a backup",
                path, sqlite3_errmsg(db));
            return FED_E_STORE;
        }
    }
    return 0;
}

int
store_sqlite_open(const char *where, struct store **ret, char *why)
{
    static const struct store_ops ops = {
        .close = sqlite_close,
        .load = sqlite_load,
        .swap = sqlite_swap,
        .find = sqlite_find,
        .remove = sqlite_remove,
        .next = sqlite_next,
        .together = sqlite_together,
        .failures_get = sqlite_failures_get,
        .failures_add = sqlite_failures_add,
        .failures_forgive = sqlite_failures_forgive,
        .failures_forget = sqlite_failures_forget,
    };
    char path[PATH_MAX];

    int r = store_sqlite_file_prepare(where, path, why);
    if (r != 0)
        return r;
    struct store_sqlite *s = calloc(1, sizeof(*s));
    if (s == NULL)
        return FED_E_NOMEM;
    s->store.ops = &ops;
    for (size_t i = 0; i < N_LANES; i++)
        (void)pthread_mutex_init(&s->lanes[i].lock, NULL);

    if ((r = store_sqlite_file_connect(path, true, &s->lanes[WRITE].db, why)) != 0 ||
        (r = store_sqlite_file_connect(path, false, &s->lanes[READ].db, why)) != 0 ||
        (r = prepare(s, path, why)) != 0) {
        sqlite_close(&s->store);
        return r;
    }
    *ret = &s->store;
    return 0;
}
