/*
 * Columns of a row into our types. Nothing is taken on trust: the file may have been damaged or
 * edited, and STRICT binds only who writes through SQLite.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "mfa/store_sqlite_row.h"

#include <limits.h>
#include <string.h>

bool
store_sqlite_row_text(sqlite3_stmt *stmt, int at, char *to, size_t size)
{
    const unsigned char *text = NULL;

    if (sqlite3_column_type(stmt, at) != SQLITE_TEXT ||
        (text = sqlite3_column_text(stmt, at)) == NULL)
        return false;
    size_t len = (size_t)sqlite3_column_bytes(stmt, at);
    if (len >= size || memchr(text, '\0', len) != NULL)
        return false;
    memcpy(to, text, len);
    to[len] = '\0';
    return true;
}

bool
store_sqlite_row_int(sqlite3_stmt *stmt, int at, int64_t most, int64_t *ret)
{
    if (sqlite3_column_type(stmt, at) != SQLITE_INTEGER)
        return false;
    int64_t value = sqlite3_column_int64(stmt, at);
    if (value < 0 || value > most)
        return false;
    *ret = value;
    return true;
}

bool
store_sqlite_row_blob(sqlite3_stmt *stmt, int at, unsigned char *to, size_t size, size_t *ret_len)
{
    if (sqlite3_column_type(stmt, at) != SQLITE_BLOB)
        return false;
    const void *blob = sqlite3_column_blob(stmt, at);
    size_t len = (size_t)sqlite3_column_bytes(stmt, at);
    if (blob == NULL || len > size)
        return false;
    memcpy(to, blob, len);
    *ret_len = len;
    return true;
}

int
store_sqlite_row_read(sqlite3_stmt *stmt, struct store_row *ret)
{
    int64_t version;

    if (!store_sqlite_row_text(stmt, 0, ret->sid, sizeof(ret->sid)) ||
        !store_sqlite_row_text(stmt, 1, ret->name, sizeof(ret->name)) ||
        !store_sqlite_row_int(stmt, 2, INT64_MAX, &ret->enrolled_s) ||
        !store_sqlite_row_int(stmt, 3, INT64_MAX, &version) ||
        !store_sqlite_row_blob(stmt, 4, ret->record, sizeof(ret->record), &ret->record_len))
        return FED_E_STORE;
    ret->version = (uint64_t)version;
    return 0;
}

unsigned
store_sqlite_row_count(sqlite3_stmt *stmt, int at)
{
    double total = sqlite3_column_double(stmt, at); /* total() is never NULL and never overflows */

    return total >= UINT_MAX ? UINT_MAX : total <= 0 ? 0 : (unsigned)total;
}
