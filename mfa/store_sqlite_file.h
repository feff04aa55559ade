/*
 * The SQLite store's file: made whole or not at all, checked before it is opened, and opened with
 * the settings that durability needs. What is in it is store_sqlite.c's matter, the schema excepted.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef MFA_STORE_SQLITE_FILE_H
#define MFA_STORE_SQLITE_FILE_H

#include <stdbool.h>
#include <limits.h>

#include <sqlite3.h>

#include "base/err.h"

/*
 * Check the folder and the file at an absolute path; make the file when there is none.
 *   ret_path   the path without symbolic links, for store_sqlite_file_connect
 *   why        STORE_WHY_MAX bytes; a line on failure
 * 0, FED_E_CONFIG (not absolute, no such folder, owner or mode), FED_E_STORE.
 */
FED_MUST_USE int store_sqlite_file_prepare(const char *path, char ret_path[PATH_MAX], char *why);

/*
 * One connection; to be used by one thread at a time.
 *   writer   may write; and, being the first, reads the whole file through once for damage
 * 0 or FED_E_STORE. Close with sqlite3_close.
 */
FED_MUST_USE int store_sqlite_file_connect(const char *path, bool writer, sqlite3 **ret, char *why);

#endif
