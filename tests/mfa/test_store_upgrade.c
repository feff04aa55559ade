/*
 * A store of version 1, as the first release wrote it, is brought to version 2: whole or not at all.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>
#include <sqlite3.h>

#include "tests/folder.h"
#include "tests/mfa/people.h"

static const char alice[] = "S-1-5-21-1-2-3-1104";

static char folder[FOLDER_SIZE], path[128], where[160], why[STORE_WHY_MAX];

/* The schema of version 1 and a row of it, word for word. */
static const char version_1[] =
    "PRAGMA journal_mode = WAL; PRAGMA application_id = 1096237638; PRAGMA user_version = 1;"
    "CREATE TABLE enrolment ("
    "  sid TEXT PRIMARY KEY, name TEXT NOT NULL, name_key TEXT NOT NULL, label TEXT NOT NULL,"
    "  digits INTEGER NOT NULL, period INTEGER NOT NULL, algorithm INTEGER NOT NULL,"
    "  seed BLOB NOT NULL, watermark INTEGER NOT NULL CHECK (watermark >= 0),"
    "  enrolled INTEGER NOT NULL) STRICT, WITHOUT ROWID;"
    "CREATE INDEX enrolment_name ON enrolment (name_key, sid);"
    "CREATE TABLE failure ("
    "  person TEXT NOT NULL, source TEXT NOT NULL, tries INTEGER NOT NULL,"
    "  codes INTEGER NOT NULL, passwords INTEGER NOT NULL, last INTEGER NOT NULL,"
    "  PRIMARY KEY (person, source)) STRICT, WITHOUT ROWID;"
    "CREATE INDEX failure_last ON failure (last);"
    "INSERT INTO enrolment VALUES ('S-1-5-21-1-2-3-1104', 'Alice@corp.example.com',"
    "  'alice@corp.example.com', 'phone', 8, 60, 1, zeroblob(53), 57000000, 1700000000);"
    "INSERT INTO failure VALUES ('S-1-5-21-1-2-3-1104', 'local', 3, 3, 0, 1700000000);";

static void
edit(const char *sql)
{
    sqlite3 *db = NULL;

    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

static int
set_up(void **state)
{
    (void)state;
    assert_int_equal(folder_make(folder), 0);
    (void)snprintf(path, sizeof(path), "%s/mfa.db", folder);
    (void)snprintf(where, sizeof(where), "sqlite:%s", path);
    (void)umask(077);
    edit(version_1);
    return 0;
}

static int
tear_down(void **state)
{
    (void)state;
    return folder_remove(folder);
}

/* Everybody stays enrolled with all they had, and a used step stays used (I-24). */
static void
test_everything_is_kept_i24(void **state)
{
    struct store_failures failures;
    struct store *store = NULL;
    struct person p;

    (void)state;
    assert_int_equal(store_open(where, &store, why), 0);
    assert_int_equal(person_load(store, alice, &p), 0);
    assert_string_equal(p.row.name, "Alice@corp.example.com");
    assert_int_equal(p.row.enrolled_s, 1700000000);
    assert_int_equal(p.record.n_tokens, 1);
    struct record_token *t = &p.record.tokens[0];
    assert_true(t->confirmed);
    assert_string_equal(t->label, "phone");
    assert_int_equal(t->params.digits, 8);
    assert_int_equal(t->params.period_s, 60);
    assert_int_equal(t->params.algorithm, CONF_SHA256);
    assert_int_equal(t->blob_len, 53);
    assert_int_equal(t->enrolled_s, 1700000000);
    assert_int_equal(people_use(store, alice, 57000000), FED_E_REPLAY);
    assert_int_equal(people_use(store, alice, 57000001), 0);
    assert_int_equal(store_failures_get(store, alice, "local", 1700000001, 900, &failures), 0);
    assert_int_equal(failures.codes, 3);
    store_close(store);
    store = NULL;
    assert_int_equal(store_open(where, &store, why), 0);
    assert_int_equal(people_use(store, alice, 57000001), FED_E_REPLAY);
    store_close(store);
}

/* A row that cannot be read stops the upgrade, and nothing is lost (I-29, I-33). */
static void
test_damage_stops_it_i33(void **state)
{
    struct store *store = NULL;

    (void)state;
    edit("INSERT INTO enrolment VALUES ('S-1-5-21-1-2-3-1105', 'b@x', 'b@x', '', 5, 60, 1,"
         " zeroblob(53), 0, 0)");
    assert_int_equal(store_open(where, &store, why), FED_E_STORE);
    assert_null(store);
    edit("DELETE FROM enrolment WHERE digits = 5");
    assert_int_equal(store_open(where, &store, why), 0);
    assert_int_equal(people_use(store, alice, 57000000), FED_E_REPLAY);
    store_close(store);
}

/* Hosts' processes that start at once on one old file: each opens it, upgraded once. */
static void
test_many_at_once(void **state)
{
    enum { PROCESSES = 8 };
    int status;

    (void)state;
    for (int i = 0; i < PROCESSES; i++) {
        pid_t pid = fork();
        assert_true(pid >= 0);
        if (pid == 0) {
            struct store *store = NULL;
            struct person p;
            bool good = store_open(where, &store, why) == 0 && person_load(store, alice, &p) == 0;
            store_close(store);
            _exit(good ? 0 : 1);
        }
    }
    for (int i = 0; i < PROCESSES; i++) {
        assert_true(wait(&status) > 0);
        assert_int_equal(status, 0);
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_everything_is_kept_i24),
        TEST(test_damage_stops_it_i33),
        TEST(test_many_at_once),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
