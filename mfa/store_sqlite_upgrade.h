/*
 * The SQLite store's form, and how a file of the form before it is brought to it.
 *
 *   1  a table of enrolments, one seed a person, a column for each of its properties
 *   2  a table of people, each a record (mfa/record.h)
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef MFA_STORE_SQLITE_UPGRADE_H
#define MFA_STORE_SQLITE_UPGRADE_H

#include <sqlite3.h>

#include "base/err.h"

#define STORE_SQLITE_VERSION "2"

#define STORE_SQLITE_PEOPLE                                                                        \
    "CREATE TABLE person ("                                                                        \
    "  sid TEXT NOT NULL UNIQUE, name TEXT NOT NULL, name_key TEXT NOT NULL,"                      \
    "  enrolled INTEGER NOT NULL, version INTEGER NOT NULL CHECK (version > 0),"                   \
    "  record BLOB NOT NULL) STRICT;"                                                              \
    "CREATE INDEX person_name ON person (name_key, sid);"

/*
 * Bring a store of version 1 to this one, in one transaction (I-33): everybody stays enrolled, and no watermark
 * falls. Anything else is left as it is. Safe against another process that does the same. 0 or FED_E_STORE.
 */
FED_MUST_USE int store_sqlite_upgrade(sqlite3 *db);

#endif
