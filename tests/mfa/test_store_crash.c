/*
 * The store when things go wrong under it: killed in the middle of writing, a log cut at any byte, a
 * sync that fails, a full or read-only disk. Old or new, never torn; no success that is not durable.
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
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/base/skip.h"
#include "tests/folder.h"
#include "tests/mfa/people.h"

static const char alice[] = "S-1-5-21-1-2-3-1104";

static char folder[FOLDER_SIZE], path[128], where[160], why[STORE_WHY_MAX];

/* ---- SQLite's syncs pass through here: the program's own symbols come before libc's. ---- */

static int syncs;
static bool syncs_fail;

__attribute__((visibility("default"))) int fsync(int fd);
__attribute__((visibility("default"))) int fdatasync(int fd);

static int
sync_by(long call, int fd)
{
    syncs++;
    if (syncs_fail) {
        errno = EIO;
        return -1;
    }
    return (int)syscall(call, fd);
}

int
fsync(int fd)
{
    return sync_by(SYS_fsync, fd);
}

int
fdatasync(int fd)
{
    return sync_by(SYS_fdatasync, fd);
}

/* ---- Fixture ---- */

static int
put_alice(struct store *store)
{
    return people_put(store, alice, "alice@corp.example.com", 0, false);
}

static int
put(struct store *store, unsigned number)
{
    char sid[64];

    (void)snprintf(sid, sizeof(sid), "S-1-5-21-7-7-7-%u", number); /* never Alice's */
    return people_put(store, sid, "somebody@corp.example.com", 0, false);
}

static void
place(const char *in)
{
    (void)snprintf(path, sizeof(path), "%s/mfa.db", in);
    (void)snprintf(where, sizeof(where), "sqlite:%s", path);
}

static int
set_up(void **state)
{
    (void)state;
    assert_int_equal(folder_make(folder), 0);
    place(folder);
    syncs_fail = false;
    return 0;
}

static int
tear_down(void **state)
{
    (void)state;
    syncs_fail = false;
    return folder_remove(folder);
}

static struct store *
open_store(void)
{
    struct store *store = NULL;

    if (store_open(where, &store, why) != 0)
        fail_msg("%s", why);
    return store;
}

static uint64_t
watermark(struct store *store)
{
    uint64_t at = 0;

    assert_int_equal(people_watermark(store, alice, &at), 0);
    return at;
}

/* ---- Killed ---- */

struct progress {
    uint32_t step;     /* used up and reported as such */
    uint32_t enrolled; /* the same of enrolments */
};

/* Write and say so after each, until killed. */
static void
write_until_killed(struct progress from, int report)
{
    struct store *store = NULL;

    if (store_open(where, &store, why) != 0)
        _exit(1);
    for (;;) {
        if (people_use(store, alice, ++from.step) != 0)
            _exit(2);
        if (from.step % 3 == 0 && put(store, ++from.enrolled) != 0)
            _exit(3);
        if (write(report, &from, sizeof(from)) != sizeof(from))
            _exit(4);
    }
}

/* I-24, I-25, I-33: kill -9 at a moment that differs each time; what was reported is there, and more than one
 * step beyond it is not. */
static void
test_killed_in_mid_write_i33(void **state)
{
    struct progress done = {0}, got;
    int report[2], status;

    (void)state;
    struct store *store = open_store();
    assert_int_equal(put_alice(store), 0);
    store_close(store);

    for (unsigned round = 0; round < 80; round++) {
        assert_int_equal(pipe(report), 0);
        pid_t pid = fork();
        assert_true(pid >= 0);
        if (pid == 0)
            write_until_killed(done, report[1]);
        (void)close(report[1]);
        /* Somewhere in the writes that follow the n-th report. */
        for (unsigned n = 0; n < 1 + round % 7; n++) {
            assert_int_equal(read(report[0], &got, sizeof(got)), sizeof(got));
            done = got;
        }
        for (volatile unsigned spin = 0; spin < round * 1500; spin++)
            ;
        assert_int_equal(kill(pid, SIGKILL), 0);
        while (read(report[0], &got, sizeof(got)) == (ssize_t)sizeof(got))
            done = got;
        (void)close(report[0]);
        assert_int_equal(waitpid(pid, &status, 0), pid);
        assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);

        store = open_store();
        uint64_t now = watermark(store);
        assert_in_range(now, done.step, done.step + 1);
        for (unsigned i = 1; i <= done.enrolled; i++)
            assert_int_equal(put(store, i), FED_E_EXISTS);
        done.step = (uint32_t)now;
        int r = put(store, done.enrolled + 1); /* written, perhaps, but not reported */
        assert_true(r == 0 || r == FED_E_EXISTS);
        done.enrolled++;
        store_close(store);
    }
}

/* ---- Power lost: the log cut at any byte ---- */

static unsigned char *
read_file(const char *from, size_t *ret_len)
{
    struct stat st;
    int fd = open(from, O_RDONLY);

    assert_true(fd >= 0);
    assert_int_equal(fstat(fd, &st), 0);
    unsigned char *data = malloc((size_t)st.st_size + 1);
    assert_non_null(data);
    assert_int_equal(read(fd, data, (size_t)st.st_size), st.st_size);
    (void)close(fd);
    *ret_len = (size_t)st.st_size;
    return data;
}

static void
write_file(const char *to, const unsigned char *data, size_t len)
{
    int fd = open(to, O_WRONLY | O_CREAT | O_TRUNC, 0600);

    assert_true(fd >= 0);
    assert_int_equal(write(fd, data, len), len);
    (void)close(fd);
}

static void
test_log_cut_anywhere_i33(void **state)
{
    char log[160];
    size_t db_len, log_len, length_of[6] = {0};
    unsigned char *db, *wal;

    (void)state;
    (void)snprintf(log, sizeof(log), "%s-wal", path);
    struct store *store = open_store();
    assert_int_equal(put_alice(store), 0);
    store_close(store); /* all of it in the file now, and no log */
    store = open_store();
    for (uint64_t step = 1; step <= 5; step++) {
        struct stat st;
        assert_int_equal(people_use(store, alice, step), 0);
        assert_int_equal(stat(log, &st), 0);
        length_of[step] = (size_t)st.st_size;
    }
    db = read_file(path, &db_len);
    wal = read_file(log, &log_len);
    store_close(store);

    for (size_t cut = 0; cut <= log_len; cut += 53) {
        write_file(path, db, db_len);
        write_file(log, wal, cut);
        store = open_store();
        uint64_t expected = 0;
        while (expected < 5 && length_of[expected + 1] <= cut)
            expected++;
        assert_int_equal(watermark(store), expected);
        store_close(store);
    }
    free(db);
    free(wal);
}

/* ---- Syncs ---- */

/* I-25: at least one sync before success, and no success without it. */
static void
test_success_is_synced_i25(void **state)
{
    (void)state;
    struct store *store = open_store();
    assert_int_equal(put_alice(store), 0);
    for (uint64_t step = 1; step <= 3; step++) {
        syncs = 0;
        assert_int_equal(people_use(store, alice, step), 0);
        assert_true(syncs >= 1);
    }
    syncs = 0;
    assert_int_equal(people_use(store, alice, 3), FED_E_REPLAY);
    assert_int_equal(store_failures_add(store, alice, "local", STORE_FAILED_CODE, 1, 9), 0);
    assert_true(syncs >= 1);

    syncs_fail = true;
    assert_int_equal(people_use(store, alice, 4), FED_E_STORE);
    assert_int_equal(store_remove(store, alice), FED_E_STORE);
    assert_int_equal(
        store_failures_add(store, alice, "local", STORE_FAILED_CODE, 2, 9), FED_E_STORE);
    syncs_fail = false;
    assert_int_equal(people_use(store, alice, 5), 0);
    assert_int_equal(watermark(store), 5);
    store_close(store);
}

static void
test_failed_sync_at_creation_leaves_nothing_i33(void **state)
{
    struct store *store = NULL;
    struct stat st;

    (void)state;
    syncs_fail = true;
    assert_int_equal(store_open(where, &store, why), FED_E_STORE);
    syncs_fail = false;
    assert_int_equal(stat(path, &st), -1);
    assert_int_equal(rmdir(folder), 0); /* no temporary file is left either */
    assert_int_equal(mkdir(folder, 0700), 0);
}

/* ---- Disks ---- */

/* Run a test that mounts, in a child with a mount namespace of its own; skipped where that is refused. What a
 * full disk does is told by test_store_writes as well, which makes each write fail instead. */
static void
with_small_disk(void (*body)(void))
{
    enum { SKIPPED = 77 };
    int status;

    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        if (unshare(CLONE_NEWNS) != 0 || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0 ||
            mount("none", folder, "tmpfs", 0, "size=320k,mode=0700") != 0)
            _exit(SKIPPED);
        body();
        _exit(0);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    if (WIFEXITED(status) && WEXITSTATUS(status) == SKIPPED)
        SKIP("nothing may be mounted here");
    assert_int_equal(status, 0);
}

#define CHECK(condition)                                                                           \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            (void)fprintf(stderr, "line %d: %s\n", __LINE__, #condition);                          \
            _exit(1);                                                                              \
        }                                                                                          \
    } while (0)

static void
on_full_disk(void)
{
    static const unsigned char zeros[4096];
    char filler[128];
    struct store *store = NULL;
    uint64_t step = 0, at = 0;
    int r;

    CHECK(store_open(where, &store, why) == 0 && put_alice(store) == 0);
    (void)snprintf(filler, sizeof(filler), "%s/filler", folder);
    int fd = open(filler, O_WRONLY | O_CREAT, 0600);
    CHECK(fd >= 0);
    while (write(fd, zeros, sizeof(zeros)) > 0)
        ;
    do
        r = people_use(store, alice, ++step);
    while (r == 0 && step < 100);
    CHECK(r == FED_E_STORE);
    CHECK(people_use(store, alice, step) == FED_E_STORE);
    CHECK(people_watermark(store, alice, &at) == 0 && at == step - 1);
    CHECK(ftruncate(fd, 0) == 0);
    CHECK(people_use(store, alice, step) == 0);
    CHECK(people_use(store, alice, step) == FED_E_REPLAY);
    store_close(store);
}

static void
test_full_disk_denies_i25(void **state)
{
    (void)state;
    with_small_disk(on_full_disk);
}

static void
on_read_only_disk(void)
{
    struct store *store = NULL;

    CHECK(store_open(where, &store, why) == 0 && put_alice(store) == 0);
    store_close(store);
    store = NULL;
    CHECK(mount("none", folder, NULL, MS_REMOUNT | MS_RDONLY, NULL) == 0);
    CHECK(store_open(where, &store, why) == FED_E_STORE);
    CHECK(strstr(why, path) != NULL);
    CHECK(unlink(path) != 0);
}

static void
test_read_only_disk_refused_i25(void **state)
{
    (void)state;
    with_small_disk(on_read_only_disk);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_killed_in_mid_write_i33),
        TEST(test_log_cut_anywhere_i33),
        TEST(test_success_is_synced_i25),
        TEST(test_failed_sync_at_creation_leaves_nothing_i33),
        TEST(test_full_disk_denies_i25),
        TEST(test_read_only_disk_refused_i25),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
