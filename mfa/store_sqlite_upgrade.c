/*
 * From a row an enrolment to a record a person.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "mfa/store_sqlite_upgrade.h"

#include <stdlib.h>

#include "mfa/store.h"
#include "mfa/store_sqlite_row.h"

static int
version_of(sqlite3 *db)
{
    sqlite3_stmt *stmt = NULL;
    int version = -1;

    if (sqlite3_prepare_v2(db, "PRAGMA user_version", -1, &stmt, NULL) == SQLITE_OK &&
        sqlite3_step(stmt) == SQLITE_ROW)
        version = sqlite3_column_int(stmt, 0);
    (void)sqlite3_finalize(stmt);
    return version;
}

/* A row of version 1, columns as select_old has them, as a record of one token. */
static int
read_old(sqlite3_stmt *stmt, struct record *ret, int64_t *ret_enrolled_s)
{
    struct record_token t = {.confirmed = true};
    int64_t digits, period, algorithm, watermark;
    uint32_t id;

    if (!store_sqlite_row_text(stmt, 3, t.label, sizeof(t.label)) ||
        !store_sqlite_row_int(stmt, 4, TOTP_CODE_MAX, &digits) ||
        !store_sqlite_row_int(stmt, 5, 60, &period) ||
        !store_sqlite_row_int(stmt, 6, CONF_SHA512, &algorithm) ||
        !store_sqlite_row_blob(stmt, 7, t.blob, sizeof(t.blob), &t.blob_len) ||
        !store_sqlite_row_int(stmt, 8, INT64_MAX, &watermark) ||
        !store_sqlite_row_int(stmt, 9, INT64_MAX, &t.enrolled_s))
        return FED_E_STORE;
    t.params = (struct totp_params){.digits = (unsigned)digits,
        .period_s = (unsigned)period,
        .algorithm = (enum conf_algorithm)algorithm};
    t.watermark = (uint64_t)watermark;
    *ret_enrolled_s = t.enrolled_s;
    record_init(ret);
    return record_add(ret, &t, &id);
}

static int
copy_row(sqlite3_stmt *from, sqlite3_stmt *to)
{
    unsigned char bytes[RECORD_MAX];
    struct record record;
    int64_t enrolled_s = 0;
    size_t len = 0;

    if (read_old(from, &record, &enrolled_s) != 0 || record_encode(&record, bytes, &len) != 0)
        return FED_E_STORE;
    int r = FED_E_STORE;
    if (sqlite3_bind_value(to, 1, sqlite3_column_value(from, 0)) == SQLITE_OK &&
        sqlite3_bind_value(to, 2, sqlite3_column_value(from, 1)) == SQLITE_OK &&
        sqlite3_bind_value(to, 3, sqlite3_column_value(from, 2)) == SQLITE_OK &&
        sqlite3_bind_int64(to, 4, enrolled_s) == SQLITE_OK &&
        sqlite3_bind_blob(to, 5, bytes, (int)len, SQLITE_STATIC) == SQLITE_OK &&
        sqlite3_step(to) == SQLITE_DONE)
        r = 0;
    (void)sqlite3_reset(to);
    (void)sqlite3_clear_bindings(to);
    return r;
}

static int
copy_all(sqlite3 *db)
{
    static const char select_old[] =
        "SELECT sid, name, name_key, label, digits, period, algorithm, seed, watermark, enrolled"
        " FROM enrolment";
    static const char insert[] =
        "INSERT INTO person (sid, name, name_key, enrolled, version, record)"
        " VALUES (?1, ?2, ?3, ?4, 1, ?5)";
    sqlite3_stmt *from = NULL, *to = NULL;
    int r = FED_E_STORE, code;

    if (sqlite3_prepare_v2(db, select_old, -1, &from, NULL) != SQLITE_OK ||
        sqlite3_prepare_v2(db, insert, -1, &to, NULL) != SQLITE_OK)
        goto out;
    while ((code = sqlite3_step(from)) == SQLITE_ROW) {
        if (copy_row(from, to) != 0)
            goto out;
    }
    if (code == SQLITE_DONE)
        r = 0;

out:
    (void)sqlite3_finalize(from);
    (void)sqlite3_finalize(to);
    return r;
}

int
store_sqlite_upgrade(sqlite3 *db)
{
    if (version_of(db) != 1)
        return 0;
    if (sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL) != SQLITE_OK)
        return FED_E_STORE;
    /* Asked again under the lock: another process may have been faster. */
    int r = version_of(db) != 1 ? 0 : FED_E_STORE;
    if (r != 0 && sqlite3_exec(db, STORE_SQLITE_PEOPLE, NULL, NULL, NULL) == SQLITE_OK &&
        copy_all(db) == 0 &&
        sqlite3_exec(db, "DROP TABLE enrolment; PRAGMA user_version = " STORE_SQLITE_VERSION, NULL,
            NULL, NULL) == SQLITE_OK)
        r = 0;
    if (r == 0 && sqlite3_exec(db, "COMMIT", NULL, NULL, NULL) == SQLITE_OK)
        return 0;
    (void)sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL);
    return FED_E_STORE;
}
