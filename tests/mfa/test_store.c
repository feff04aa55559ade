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

#include "mfa/store.h"

static const char alice[] = "S-1-5-21-1-2-3-1104";
static const char bob[] = "S-1-5-21-1-2-3-1105";

static char folder[64], path[128], where[160], why[STORE_WHY_MAX];
static struct store *store;

static struct store_enrolment
enrolment(const char *sid, const char *name)
{
    struct store_enrolment e = {
        .label = "phone",
        .params = {.digits = 6, .period_s = 30, .algorithm = CONF_SHA256},
        .blob_len = SEAL_OVERHEAD + 20,
        .enrolled_s = 1700000000,
    };

    (void)snprintf(e.sid, sizeof(e.sid), "%s", sid);
    (void)snprintf(e.name, sizeof(e.name), "%s", name);
    memset(e.blob, 0x5a, e.blob_len);
    return e;
}

static void
put(const char *sid, const char *name)
{
    struct store_enrolment e = enrolment(sid, name);

    assert_int_equal(store_put(store, &e, false), 0);
}

static int
set_up(void **state)
{
    (void)state;
    (void)snprintf(folder, sizeof(folder), "/tmp/test_store.XXXXXX");
    assert_non_null(mkdtemp(folder));
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
    char command[128];

    (void)state;
    store_close(store);
    (void)snprintf(command, sizeof(command), "rm -rf %s", folder);
    return system(command);
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
    edit("CREATE TABLE enrolment (sid TEXT)");
    assert_open_refused(FED_E_STORE, "not a second-factor store");
    assert_int_equal(unlink(path), 0);
    assert_int_equal(store_open(where, &store, why), 0);
    store_close(store);
    store = NULL;
    edit("PRAGMA user_version = 2");
    assert_open_refused(FED_E_STORE, "update awsfed");
    edit("PRAGMA user_version = 1; DROP TABLE failure");
    assert_open_refused(FED_E_STORE, "damaged");
}

/* ---- Rows ---- */

static void
test_read_errors_are_not_unenrolled_i29(void **state)
{
    static const char *const damage[] = {"digits = 5", "digits = 9", "digits = -6", "period = 31",
        "period = 4294967326", "algorithm = 3", "algorithm = -1", "seed = x''",
        "seed = zeroblob(33)", "seed = zeroblob(48)", "seed = zeroblob(162)", "enrolled = -1",
        "name = ''", "name = x'61ff' || ''", "label = printf('%.200c', 'x')",
        "name = 'alice' || char(0) || 'x'"};
    struct store_enrolment e;

    (void)state;
    put(alice, "alice@corp.example.com");
    for (size_t i = 0; i < sizeof(damage) / sizeof(damage[0]); i++) {
        char sql[160];
        edit("CREATE TABLE backup AS SELECT * FROM enrolment");
        (void)snprintf(sql, sizeof(sql), "UPDATE enrolment SET %s", damage[i]);
        edit(sql);
        memset(&e, 7, sizeof(e));
        int r = store_get(store, alice, &e);
        if (r != FED_E_STORE)
            fail_msg("%s: %s", damage[i], fed_error_name(r));
        assert_int_equal(e.sid[0], 7); /* untouched */
        edit("DELETE FROM enrolment; INSERT INTO enrolment SELECT * FROM backup; "
             "DROP TABLE backup");
    }
    assert_int_equal(store_get(store, alice, &e), 0);
    edit("DROP TABLE enrolment");
    assert_int_equal(store_get(store, alice, &e), FED_E_STORE);
    assert_int_equal(store_consume(store, alice, 5), FED_E_STORE);
    char sid[STORE_SID_MAX];
    assert_int_equal(store_find(store, "alice@corp.example.com", sid), FED_E_STORE);
    assert_int_equal(store_delete(store, alice), FED_E_STORE);
}

static void
test_put_refuses_what_get_would(void **state)
{
    struct store_enrolment good = enrolment(alice, "alice@corp.example.com"), e;

    (void)state;
    e = good, e.sid[0] = '\0';
    assert_int_equal(store_put(store, &e, false), FED_E_INVALID);
    e = good, e.name[0] = '\0';
    assert_int_equal(store_put(store, &e, false), FED_E_INVALID);
    e = good, memset(e.name, 'x', sizeof(e.name));
    assert_int_equal(store_put(store, &e, false), FED_E_INVALID);
    e = good, e.blob_len = SEAL_OVERHEAD;
    assert_int_equal(store_put(store, &e, false), FED_E_INVALID);
    e = good, e.blob_len = SEAL_BLOB_MAX + 1;
    assert_int_equal(store_put(store, &e, false), FED_E_INVALID);
    e = good, e.params.digits = 5;
    assert_int_equal(store_put(store, &e, false), FED_E_INVALID);
    e = good, e.watermark = UINT64_MAX;
    assert_int_equal(store_put(store, &e, false), FED_E_INVALID);
    assert_int_equal(store_get(store, alice, &e), FED_E_NOT_ENROLLED);
}

static void
test_enrolment_round_trip(void **state)
{
    struct store_enrolment e = enrolment(alice, "Alice@Corp.Example.COM"), got;
    char sid[STORE_SID_MAX] = "";

    (void)state;
    assert_int_equal(store_get(store, alice, &got), FED_E_NOT_ENROLLED);
    assert_int_equal(store_delete(store, alice), FED_E_NOT_ENROLLED);
    assert_int_equal(store_find(store, "alice@corp.example.com", sid), FED_E_NOT_ENROLLED);
    assert_int_equal(store_put(store, &e, false), 0);
    assert_int_equal(store_put(store, &e, false), FED_E_EXISTS);
    assert_int_equal(store_get(store, alice, &got), 0);
    assert_string_equal(got.name, e.name);
    assert_string_equal(got.label, "phone");
    assert_memory_equal(&got.params, &e.params, sizeof(e.params));
    assert_int_equal(got.blob_len, e.blob_len);
    assert_memory_equal(got.blob, e.blob, e.blob_len);
    assert_int_equal(got.enrolled_s, e.enrolled_s);
    assert_int_equal(store_find(store, "ALICE@corp.example.com", sid), 0);
    assert_string_equal(sid, alice);
    assert_int_equal(store_find(store, "alice@corp.example.co", sid), FED_E_NOT_ENROLLED);
    assert_int_equal(store_delete(store, alice), 0);
    assert_int_equal(store_get(store, alice, &got), FED_E_NOT_ENROLLED);
}

/* An account made anew under its old name: the later enrolment is the one that is found. */
static void
test_find_latest_of_a_name(void **state)
{
    struct store_enrolment old = enrolment(alice, "alice@x"), new = enrolment(bob, "ALICE@x");
    char sid[STORE_SID_MAX] = "";

    (void)state;
    new.enrolled_s = old.enrolled_s + 1;
    assert_int_equal(store_put(store, &new, false), 0);
    assert_int_equal(store_put(store, &old, false), 0);
    assert_int_equal(store_find(store, "alice@X", sid), 0);
    assert_string_equal(sid, bob);
}

/* I-24: at or below the watermark is a replay; replacing keeps the higher watermark. */
static void
test_watermark_never_falls_i24(void **state)
{
    struct store_enrolment e;

    (void)state;
    assert_int_equal(store_consume(store, alice, 100), FED_E_NOT_ENROLLED);
    put(alice, "alice@corp.example.com");
    put(bob, "bob@corp.example.com");
    assert_int_equal(store_consume(store, alice, 0), FED_E_REPLAY);
    assert_int_equal(store_consume(store, alice, 100), 0);
    assert_int_equal(store_consume(store, alice, 100), FED_E_REPLAY);
    assert_int_equal(store_consume(store, alice, 99), FED_E_REPLAY);
    assert_int_equal(store_consume(store, alice, 1), FED_E_REPLAY);
    assert_int_equal(store_consume(store, alice, UINT64_MAX), FED_E_INVALID);
    assert_int_equal(store_consume(store, bob, 99), 0);

    e = enrolment(alice, "alice@corp.example.com");
    e.watermark = 50;
    assert_int_equal(store_put(store, &e, true), 0);
    assert_int_equal(store_consume(store, alice, 100), FED_E_REPLAY);
    assert_int_equal(store_get(store, alice, &e), 0);
    assert_int_equal(e.watermark, 100);
    e.watermark = 200;
    assert_int_equal(store_put(store, &e, true), 0);
    assert_int_equal(store_consume(store, alice, 200), FED_E_REPLAY);
    assert_int_equal(store_consume(store, alice, 201), 0);

    store_close(store);
    store = NULL;
    assert_int_equal(store_open(where, &store, why), 0);
    assert_int_equal(store_consume(store, alice, 201), FED_E_REPLAY);
}

/* ---- Listing ---- */

static int
collect(const struct store_enrolment *e, void *arg)
{
    char *text = arg;

    (void)strcat(text, e->sid + strlen("S-1-5-21-1-2-3-"));
    (void)strcat(text, " ");
    /* Using the store from here must not wait for itself. */
    return store_delete(store, e->sid);
}

static int
stop_at_once(const struct store_enrolment *e, void *arg)
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
        ROW_TEST(test_put_refuses_what_get_would),
        ROW_TEST(test_watermark_never_falls_i24),
        ROW_TEST(test_enrolment_round_trip),
        ROW_TEST(test_find_latest_of_a_name),
        ROW_TEST(test_each_in_order_of_name),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
