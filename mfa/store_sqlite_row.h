/*
 * A row of the SQLite store, read with every type, length and range checked.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef MFA_STORE_SQLITE_ROW_H
#define MFA_STORE_SQLITE_ROW_H

#include <stdbool.h>
#include <stddef.h>

#include <sqlite3.h>

#include "mfa/store.h"

/* A text column that fits and has no NUL inside; false for anything else. */
bool store_sqlite_row_text(sqlite3_stmt *stmt, int at, char *ret, size_t size);

/* An integer column from 0 to most. */
bool store_sqlite_row_int(sqlite3_stmt *stmt, int at, int64_t most, int64_t *ret);

/* A blob column that fits. */
bool store_sqlite_row_blob(
    sqlite3_stmt *stmt, int at, unsigned char *ret, size_t size, size_t *ret_len);

/* Columns 0 to 4, as store_sqlite.c selects them; 0 or FED_E_STORE, with ret half filled. */
FED_MUST_USE int store_sqlite_row_read(sqlite3_stmt *stmt, struct store_row *ret);

/* What SQL's total() gave, as a count. */
unsigned store_sqlite_row_count(sqlite3_stmt *stmt, int at);

#endif
