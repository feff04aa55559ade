/*
 * The store: files that must be refused, rows that must be refused, the watermark, and what is
 * kept of an enrolment.
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
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>
#include <sqlite3.h>

#include "tests/folder.h"
#include "tests/mfa/people.h"

static const char alice[] = "S-1-5-21-1-2-3-1104";
static const char bob[] = "S-1-5-21-1-2-3-1105";

static char folder[FOLDER_SIZE], path[128], where[160], why[STORE_WHY_MAX];
static struct store *store;

static void
put(const char *sid, const char *name)
{
    assert_int_equal(people_put(store, sid, name, 0, false), 0);
}

static int
set_up(void **state)
{
    (void)state;
    assert_int_equal(folder_make(folder), 0);
    (void)snprintf(path, sizeof(path), "%s/mfa.db", folder);
    (void)snprintf(where, sizeof(where), "sqlite:%s", path);
    store = NULL;
    return 0;
}

static int
set_up_open(void **state)
{
    (void)set_up(state);
    assert_int_equal(store_open(where, &store, why), 0);
    return 0;
}

static int
tear_down(void **state)
{
    (void)state;
    store_close(store);
    return folder_remove(folder);
}

/* Change the file behind the store's back, as damage or an editor would. */
static void
edit(const char *sql)
{
    sqlite3 *db = NULL;

    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

static void
write_file(const char *to, const void *data, size_t len)
{
    int fd = open(to, O_WRONLY | O_CREAT | O_TRUNC, 0600);

    assert_true(fd >= 0);
    assert_int_equal(write(fd, data, len), len);
    assert_int_equal(close(fd), 0);
}

static void
assert_open_refused(int error, const char *says)
{
    struct store *refused = NULL;

    why[0] = '\0';
    assert_int_equal(store_open(where, &refused, why), error);
    assert_null(refused);
    if (strstr(why, says) == NULL)
        fail_msg("\"%s\" does not say \"%s\"", why, says);
}

/* ---- The file ---- */

static void
test_kinds_and_paths_refused(void **state)
{
    static const char *const bad[] = {"", "mysql:/x", "sqlite", "sqlite:", "sqlite:mfa.db",
        "sqlite:/tmp/", "sqlite:./mfa.db", "sqlite:/no/such/folder/mfa.db"};
    struct store *refused = NULL;

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_int_equal(store_open(bad[i], &refused, why), FED_E_CONFIG);
        assert_null(refused);
    }
}

/* I-32: links, owners and modes, of file and folder. */
static void
test_link_refused_i32(void **state)
{
    char real[160];

    (void)state;
    assert_int_equal(store_open(where, &store, why), 0);
    store_close(store);
    store = NULL;
    (void)snprintf(real, sizeof(real), "%s/real.db", folder);
    assert_int_equal(rename(path, real), 0);
    assert_int_equal(symlink(real, path), 0);
    assert_open_refused(FED_E_CONFIG, "not a regular file");
    assert_int_equal(unlink(path), 0);
    assert_int_equal(symlink("/nowhere/at/all", path), 0);
    assert_open_refused(FED_E_CONFIG, "not a regular file");
    assert_int_equal(unlink(path), 0);
    assert_int_equal(mkfifo(path, 0600), 0);
    assert_open_refused(FED_E_CONFIG, "not a regular file");
}

static void
test_modes_and_owners_refused_i32(void **state)
{
    (void)state;
    assert_int_equal(store_open(where, &store, why), 0);
    store_close(store);
    store = NULL;
    assert_int_equal(chmod(path, 0640), 0);
    assert_open_refused(FED_E_CONFIG, "chmod 0600");
    assert_int_equal(chmod(path, 0602), 0);
    assert_open_refused(FED_E_CONFIG, "chmod 0600");
    assert_int_equal(chmod(path, 0600), 0);
    assert_int_equal(chmod(folder, 0770), 0);
    assert_open_refused(FED_E_CONFIG, "others may write");
    assert_int_equal(chmod(folder, 01777), 0);
    assert_open_refused(FED_E_CONFIG, "others may write");
    assert_int_equal(chmod(folder, 0700), 0);
    if (geteuid() == 0) {
        assert_int_equal(chown(path, 65534, 65534), 0);
        assert_open_refused(FED_E_CONFIG, "of another owner");
        assert_int_equal(chown(path, 0, 0), 0);
        assert_int_equal(chown(folder, 65534, 65534), 0);
        assert_open_refused(FED_E_CONFIG, "others may write");
    }
}

static void
test_files_are_private_i32(void **state)
{
    static const char *const names[] = {"", "-wal", "-shm"};
    char name[160];
    struct stat st;

    (void)state;
    mode_t old = umask(0);
    assert_int_equal(store_open(where, &store, why), 0);
    put(alice, "alice@corp.example.com");
    (void)umask(old);
    for (size_t i = 0; i < 3; i++) {
        (void)snprintf(name, sizeof(name), "%s%s", path, names[i]);
        assert_int_equal(lstat(name, &st), 0);
        assert_true(S_ISREG(st.st_mode));
        assert_int_equal(st.st_mode & 0777, 0600);
    }
    assert_int_equal(st.st_nlink, 1);
}

/* I-29, I-33: a torn file is an error, never a store where nobody is enrolled. */
static void
test_torn_file_is_an_error_i29(void **state)
{
    static unsigned char whole[256 * 1024], torn[256 * 1024];

    (void)state;
    assert_int_equal(store_open(where, &store, why), 0);
    for (int i = 0; i < 200; i++) {
        char sid[64];
        (void)snprintf(sid, sizeof(sid), "S-1-5-21-1-2-3-%d", 2000 + i);
        put(sid, "somebody@corp.example.com");
    }
    store_close(store);
    store = NULL;
    int fd = open(path, O_RDONLY);
    ssize_t len = read(fd, whole, sizeof(whole));
    assert_true(len > 8192 && (size_t)len < sizeof(whole));
    assert_int_equal(close(fd), 0);

    write_file(path, whole, 0);
    assert_open_refused(FED_E_STORE, "restore it");
    write_file(path, "not a database at all, but a letter", 35);
    assert_open_refused(FED_E_STORE, path);
    for (ssize_t cut = 100; cut < len; cut += 4096 - 100) {
        write_file(path, whole, (size_t)cut);
        assert_open_refused(FED_E_STORE, path);
    }
    /* A page of zeros in the middle: what a lost write leaves. */
    for (ssize_t page = 1; page < len / 4096; page++) {
        memcpy(torn, whole, (size_t)len);
        memset(torn + page * 4096, 0, 4096);
        write_file(path, torn, (size_t)len);
        assert_open_refused(FED_E_STORE, path);
    }
    write_file(path, whole, (size_t)len);
    assert_int_equal(store_open(where, &store, why), 0);
}

static void
test_foreign_or_newer_database_refused(void **state)
{
    (void)state;
    write_file(path, "", 0);
    edit("CREATE TABLE person (sid TEXT)");
    assert_open_refused(FED_E_STORE, "not a second-factor store");
    assert_int_equal(unlink(path), 0);
    assert_int_equal(store_open(where, &store, why), 0);
    store_close(store);
    store = NULL;
    edit("PRAGMA user_version = 3");
    assert_open_refused(FED_E_STORE, "update awsfed");
    edit("PRAGMA user_version = 2; DROP TABLE failure");
    assert_open_refused(FED_E_STORE, "damaged");
}

/* ---- Rows ---- */

static void
test_read_errors_are_not_unenrolled_i29(void **state)
{
    static const char *const damage[] = {"record = x''", "record = x'01'",
        "record = zeroblob(4000)", "record = x'02' || substr(record, 2)",
        "record = CAST(record || x'00' AS BLOB)",
        "record = CAST(substr(record, 1, length(record) - 1) AS BLOB)", "enrolled = -1",
        "name = ''", "name = x'61ff' || ''", "name = 'alice' || char(0) || 'x'"};
    struct person p;

    (void)state;
    put(alice, "alice@corp.example.com");
    for (size_t i = 0; i < sizeof(damage) / sizeof(damage[0]); i++) {
        char sql[160];
        edit("CREATE TABLE backup AS SELECT * FROM person");
        (void)snprintf(sql, sizeof(sql), "UPDATE person SET %s", damage[i]);
        if (strncmp(damage[i], "record = x'02' ||", 17) == 0)
            (void)snprintf(sql, sizeof(sql),
                "UPDATE person SET record = CAST(x'02' || substr(record, 2) AS BLOB)");
        edit(sql);
        memset(&p, 7, sizeof(p));
        int r = person_load(store, alice, &p);
        if (r != FED_E_STORE)
            fail_msg("%s: %s", damage[i], fed_error_name(r));
        assert_int_equal(p.row.sid[0], 7); /* untouched */
        edit("DELETE FROM person; INSERT INTO person SELECT * FROM backup; DROP TABLE backup");
    }
    assert_int_equal(person_load(store, alice, &p), 0);
    edit("DROP TABLE person");
    assert_int_equal(person_load(store, alice, &p), FED_E_STORE);
    assert_int_equal(people_use(store, alice, 5), FED_E_STORE);
    char sid[STORE_SID_MAX];
    assert_int_equal(store_find(store, "alice@corp.example.com", sid), FED_E_STORE);
    assert_int_equal(store_remove(store, alice), FED_E_STORE);
}

static void
test_swap_refuses_what_load_would(void **state)
{
    struct store_row good = {.sid = "S-1-5-21-1-2-3-1104", .name = "a@x", .record_len = 1}, row;

    (void)state;
    row = good, row.sid[0] = '\0';
    assert_int_equal(store_swap(store, &row), FED_E_INVALID);
    row = good, row.name[0] = '\0';
    assert_int_equal(store_swap(store, &row), FED_E_INVALID);
    row = good, memset(row.name, 'x', sizeof(row.name));
    assert_int_equal(store_swap(store, &row), FED_E_INVALID);
    row = good, row.record_len = 0;
    assert_int_equal(store_swap(store, &row), FED_E_INVALID);
    row = good, row.record_len = RECORD_MAX + 1;
    assert_int_equal(store_swap(store, &row), FED_E_INVALID);
    row = good, row.enrolled_s = -1;
    assert_int_equal(store_swap(store, &row), FED_E_INVALID);
    assert_int_equal(store_load(store, alice, &row), FED_E_NOT_ENROLLED);
}

/* I-26: who read an older row writes nothing; neither does one who read none, or one that has gone since. */
static void
test_swap_by_version_i26(void **state)
{
    struct store_row first = {.sid = "S-1-5-21-1-2-3-1104", .name = "a@x", .record_len = 1}, other;

    (void)state;
    other = first;
    assert_int_equal(store_swap(store, &first), 0);
    assert_int_not_equal(first.version, 0);
    assert_int_equal(store_swap(store, &other), FED_E_REPLAY);
    assert_int_equal(store_load(store, alice, &other), 0);
    assert_true(other.version == first.version);
    other.record[0] = 9;
    assert_int_equal(store_swap(store, &other), 0);
    assert_true(other.version != first.version);
    assert_int_equal(store_swap(store, &first), FED_E_REPLAY);
    assert_int_equal(store_load(store, alice, &first), 0);
    assert_int_equal(first.record[0], 9);

    /* Removed and made anew: not the row that was read before. */
    assert_int_equal(store_remove(store, alice), 0);
    assert_int_equal(store_swap(store, &first), FED_E_REPLAY);
    other.version = 0;
    assert_int_equal(store_swap(store, &other), 0);
    assert_int_equal(store_swap(store, &first), FED_E_REPLAY);
}

static void
test_person_round_trip(void **state)
{
    struct record_token t = people_token(0);
    struct person got;
    char sid[STORE_SID_MAX] = "";

    (void)state;
    assert_int_equal(person_load(store, alice, &got), FED_E_NOT_ENROLLED);
    assert_int_equal(store_remove(store, alice), FED_E_NOT_ENROLLED);
    assert_int_equal(store_find(store, "alice@corp.example.com", sid), FED_E_NOT_ENROLLED);
    put(alice, "Alice@Corp.Example.COM");
    assert_int_equal(people_put(store, alice, "x@y", 0, false), FED_E_EXISTS);
    assert_int_equal(person_load(store, alice, &got), 0);
    assert_string_equal(got.row.name, "Alice@Corp.Example.COM");
    assert_int_equal(got.row.enrolled_s, 1700000000);
    assert_int_equal(got.record.n_tokens, 1);
    assert_string_equal(got.record.tokens[0].label, "phone");
    assert_memory_equal(&got.record.tokens[0].params, &t.params, sizeof(t.params));
    assert_int_equal(got.record.tokens[0].blob_len, t.blob_len);
    assert_memory_equal(got.record.tokens[0].blob, t.blob, t.blob_len);
    assert_int_equal(store_find(store, "ALICE@corp.example.com", sid), 0);
    assert_string_equal(sid, alice);
    assert_int_equal(store_find(store, "alice@corp.example.co", sid), FED_E_NOT_ENROLLED);
    assert_int_equal(people_put(store, alice, "alice@new", 0, true), 0);
    assert_int_equal(store_find(store, "alice@new", sid), 0);
    assert_int_equal(store_remove(store, alice), 0);
    assert_int_equal(person_load(store, alice, &got), FED_E_NOT_ENROLLED);
}

/* An account made anew under its old name: the later enrolment is the one that is found. */
static void
test_find_latest_of_a_name(void **state)
{
    struct store_row old = {.name = "alice@x", .record_len = 1, .enrolled_s = 5}, new = old;
    char sid[STORE_SID_MAX] = "";

    (void)state;
    (void)snprintf(old.sid, sizeof(old.sid), "%s", alice);
    (void)snprintf(new.sid, sizeof(new.sid), "%s", bob);
    (void)snprintf(new.name, sizeof(new.name), "ALICE@x");
    new.enrolled_s++;
    assert_int_equal(store_swap(store, &new), 0);
    assert_int_equal(store_swap(store, &old), 0);
    assert_int_equal(store_find(store, "alice@X", sid), 0);
    assert_string_equal(sid, bob);
}

/* I-24: at or below the watermark is a replay; replacing keeps the higher watermark. */
static void
test_watermark_never_falls_i24(void **state)
{
    uint64_t at = 0;

    (void)state;
    assert_int_equal(people_use(store, alice, 100), FED_E_NOT_ENROLLED);
    put(alice, "alice@corp.example.com");
    put(bob, "bob@corp.example.com");
    assert_int_equal(people_use(store, alice, 0), FED_E_REPLAY);
    assert_int_equal(people_use(store, alice, 100), 0);
    assert_int_equal(people_use(store, alice, 100), FED_E_REPLAY);
    assert_int_equal(people_use(store, alice, 99), FED_E_REPLAY);
    assert_int_equal(people_use(store, alice, 1), FED_E_REPLAY);
    assert_int_equal(people_use(store, alice, UINT64_MAX), FED_E_INVALID);
    assert_int_equal(people_use(store, bob, 99), 0);

    assert_int_equal(people_put(store, alice, "alice@corp.example.com", 50, true), 0);
    assert_int_equal(people_use(store, alice, 100), FED_E_REPLAY);
    assert_int_equal(people_watermark(store, alice, &at), 0);
    assert_int_equal(at, 100);
    assert_int_equal(people_put(store, alice, "alice@corp.example.com", 200, true), 0);
    assert_int_equal(people_use(store, alice, 200), FED_E_REPLAY);
    assert_int_equal(people_use(store, alice, 201), 0);

    store_close(store);
    store = NULL;
    assert_int_equal(store_open(where, &store, why), 0);
    assert_int_equal(people_use(store, alice, 201), FED_E_REPLAY);
}

/* ---- Listing ---- */

static int
collect(const struct store_row *e, void *arg)
{
    char *text = arg;

    (void)strcat(text, e->sid + strlen("S-1-5-21-1-2-3-"));
    (void)strcat(text, " ");
    /* Using the store from here must not wait for itself. */
    return store_remove(store, e->sid);
}

static int
stop_at_once(const struct store_row *e, void *arg)
{
    (void)e;
    (*(int *)arg)++;
    return FED_E_BUSY;
}

static void
test_each_in_order_of_name(void **state)
{
    char text[128] = "";
    int calls = 0;

    (void)state;
    assert_int_equal(store_each(store, stop_at_once, &calls), 0);
    put("S-1-5-21-1-2-3-1", "carol@x");
    put("S-1-5-21-1-2-3-2", "Alice@x");
    put("S-1-5-21-1-2-3-4", "bob@x");
    put("S-1-5-21-1-2-3-3", "bob@x");
    assert_int_equal(store_each(store, stop_at_once, &calls), FED_E_BUSY);
    assert_int_equal(calls, 1);
    assert_int_equal(store_each(store, collect, text), 0);
    assert_string_equal(text, "2 3 4 1 ");
    assert_int_equal(store_each(store, stop_at_once, &calls), 0);
    assert_int_equal(calls, 1);
}

#define FILE_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
#define ROW_TEST(name)  cmocka_unit_test_setup_teardown(name, set_up_open, tear_down)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        FILE_TEST(test_kinds_and_paths_refused),
        FILE_TEST(test_link_refused_i32),
        FILE_TEST(test_modes_and_owners_refused_i32),
        FILE_TEST(test_files_are_private_i32),
        FILE_TEST(test_torn_file_is_an_error_i29),
        FILE_TEST(test_foreign_or_newer_database_refused),
        ROW_TEST(test_read_errors_are_not_unenrolled_i29),
        ROW_TEST(test_swap_refuses_what_load_would),
        ROW_TEST(test_swap_by_version_i26),
        ROW_TEST(test_watermark_never_falls_i24),
        ROW_TEST(test_person_round_trip),
        ROW_TEST(test_find_latest_of_a_name),
        ROW_TEST(test_each_in_order_of_name),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
