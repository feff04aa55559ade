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

static bool
read_int(sqlite3_stmt *stmt, int at, int64_t most, int64_t *ret)
{
    if (sqlite3_column_type(stmt, at) != SQLITE_INTEGER)
        return false;
    int64_t value = sqlite3_column_int64(stmt, at);
    if (value < 0 || value > most)
        return false;
    *ret = value;
    return true;
}

static bool
read_blob(sqlite3_stmt *stmt, int at, unsigned char *to, size_t size, size_t *ret_len)
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
store_sqlite_row_enrolment(sqlite3_stmt *stmt, struct store_enrolment *ret)
{
    int64_t digits, period, algorithm, watermark;

    if (!store_sqlite_row_text(stmt, 0, ret->sid, sizeof(ret->sid)) ||
        !store_sqlite_row_text(stmt, 1, ret->name, sizeof(ret->name)) ||
        !store_sqlite_row_text(stmt, 2, ret->label, sizeof(ret->label)) ||
        !read_int(stmt, 3, TOTP_CODE_MAX, &digits) || !read_int(stmt, 4, 60, &period) ||
        !read_int(stmt, 5, CONF_SHA512, &algorithm) ||
        !read_blob(stmt, 6, ret->blob, sizeof(ret->blob), &ret->blob_len) ||
        !read_int(stmt, 7, INT64_MAX, &watermark) ||
        !read_int(stmt, 8, INT64_MAX, &ret->enrolled_s))
        return FED_E_STORE;
    ret->params = (struct totp_params){
        .digits = (unsigned)digits,
        .period_s = (unsigned)period,
        .algorithm = (enum conf_algorithm)algorithm,
    };
    ret->watermark = (uint64_t)watermark;
    return 0;
}

unsigned
store_sqlite_row_count(sqlite3_stmt *stmt, int at)
{
    double total = sqlite3_column_double(stmt, at); /* total() is never NULL and never overflows */

    return total >= UINT_MAX ? UINT_MAX : total <= 0 ? 0 : (unsigned)total;
}
