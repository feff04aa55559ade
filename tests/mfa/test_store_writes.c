/*
 * The store at every single write: a process that does what a day brings is killed before its first write, its second, and so on,
 * then in the middle of each; then the disk is full at each. What it had said to be done is done, and nothing by half (I-33).
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
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "mfa/arrival.h"
#include "tests/folder.h"
#include "tests/mfa/people.h"

static const char alice[] = "S-1-5-21-1-2-3-1104";
enum { GROUP = 3, WRITES_MAX = 2000 };

static char folder[FOLDER_SIZE], where[160], why[STORE_WHY_MAX];

/* ---- Everything that changes a file passes through here: the program's own symbols come before libc's. ---- */

enum fault { NONE, KILLED_BEFORE, KILLED_IN_THE_MIDDLE, DISK_FULL };

static enum fault fault;
static int writes, fault_at;

#define OURS __attribute__((visibility("default")))
OURS ssize_t write(int fd, const void *data, size_t len);
OURS ssize_t pwrite(int fd, const void *data, size_t len, off_t at);
OURS ssize_t pwrite64(int fd, const void *data, size_t len, off_t at);
OURS int ftruncate(int fd, off_t len);
OURS int ftruncate64(int fd, off_t len);
OURS int fsync(int fd);
OURS int fdatasync(int fd);
OURS int unlink(const char *path);
OURS int link(const char *from, const char *to);

/* May this one be done? How much of len, for the one in whose middle we die. */
static bool
met(size_t *len)
{
    bool now = ++writes >= fault_at && fault != NONE;

    if (now && fault == DISK_FULL) {
        errno = ENOSPC;
        return true;
    }
    if (now && (fault == KILLED_BEFORE || len == NULL))
        (void)syscall(SYS_kill, getpid(), SIGKILL);
    if (now)
        *len /= 2;
    return false;
}

static ssize_t
write_at(long call, int fd, const void *data, size_t len, off_t at)
{
    size_t part = len;

    if (met(&part))
        return -1;
    ssize_t n = syscall(call, fd, data, part, at);
    if (part < len)
        (void)syscall(SYS_kill, getpid(), SIGKILL);
    return n;
}

ssize_t
write(int fd, const void *data, size_t len)
{
    return write_at(SYS_write, fd, data, len, 0);
}

ssize_t
pwrite(int fd, const void *data, size_t len, off_t at)
{
    return write_at(SYS_pwrite64, fd, data, len, at);
}

ssize_t
pwrite64(int fd, const void *data, size_t len, off_t at)
{
    return write_at(SYS_pwrite64, fd, data, len, at);
}

int
ftruncate(int fd, off_t len)
{
    return met(NULL) ? -1 : (int)syscall(SYS_ftruncate, fd, len);
}

int
ftruncate64(int fd, off_t len)
{
    return ftruncate(fd, len);
}

/* A full disk is met by writes; what is written can be synced. */
int
fsync(int fd)
{
    return fault != DISK_FULL && met(NULL) ? -1 : (int)syscall(SYS_fsync, fd);
}

int
fdatasync(int fd)
{
    return fault != DISK_FULL && met(NULL) ? -1 : (int)syscall(SYS_fdatasync, fd);
}

int
unlink(const char *path)
{
    return fault != DISK_FULL && met(NULL) ? -1 : (int)syscall(SYS_unlink, path);
}

int
link(const char *from, const char *to)
{
    return met(NULL) ? -1 : (int)syscall(SYS_link, from, to);
}

/* ---- What a day brings ---- */

/* What was reported as done, one bit each, in this order. */
enum deed {
    OPENED,
    ENROLLED,
    USED_1,
    USED_2,
    USED_3,
    CODE_USED,
    COUNTED,
    IMPORTED,
    REMOVED,
    DEEDS
};

static int
make_codes(struct record *record, void *arg)
{
    (void)arg;
    record->n_codes = RECORD_CODES_MAX;
    return 0;
}

static int
use_code(struct record *record, void *arg)
{
    (void)arg;
    return record_use_code(record, 4);
}

static void
somebody(unsigned n, char ret[STORE_SID_MAX])
{
    (void)snprintf(ret, STORE_SID_MAX, "S-1-5-21-7-7-7-%u", n);
}

/* A few people together, as an import brings them. */
static int
import_group(struct store *store)
{
    struct arrival_options options = {.store = store, .folder = folder};
    struct arrival *a = NULL;
    bool more;

    int r = arrival_new(&options, &a);
    for (unsigned n = 0; n < GROUP && r == 0; n++) {
        struct person p = {.row = {.enrolled_s = 1}};
        struct record_token t = people_token(7);
        uint32_t id;
        somebody(n, p.row.sid);
        (void)snprintf(p.row.name, sizeof(p.row.name), "u%u@x", n);
        record_init(&p.record);
        if ((r = record_add(&p.record, &t, &id)) == 0 &&
            (r = record_encode(&p.record, p.row.record, &p.row.record_len)) == 0)
            r = arrival_add(a, &p.row, n + 1);
    }
    if (r == 0)
        r = arrival_finish(a, 9, &more);
    arrival_free(a);
    return r;
}

static int
do_deed(enum deed deed, struct store **store)
{
    switch (deed) {
    case OPENED:
        return store_open(where, store, why);
    case ENROLLED: {
        int r = people_put(*store, alice, "alice@x", 0, false);
        return r != 0 ? r : person_change(*store, alice, NULL, 0, make_codes, NULL);
    }
    case USED_1:
    case USED_2:
    case USED_3:
        return people_use(*store, alice, (uint64_t)(deed - USED_1 + 1));
    case CODE_USED:
        return person_change(*store, alice, NULL, 0, use_code, NULL);
    case COUNTED:
        return store_failures_add(*store, alice, "local", STORE_FAILED_CODE, 1000, 900);
    case IMPORTED:
        return import_group(*store);
    case REMOVED: {
        char sid[STORE_SID_MAX];
        somebody(0, sid);
        return store_remove(*store, sid);
    }
    case DEEDS:
        break;
    }
    return FED_E_INVALID;
}

/* In a child: all of it, each deed reported when it is done. Ends at the first that is not. */
static void
live(int report)
{
    struct store *store = NULL;

    for (enum deed deed = OPENED; deed < DEEDS; deed++) {
        unsigned char byte = (unsigned char)deed;
        if (do_deed(deed, &store) != 0)
            _exit(fault == DISK_FULL ? 3 : 4);
        if (syscall(SYS_write, report, &byte, 1) != 1)
            _exit(5);
    }
    store_close(store);
    _exit(0);
}

/* ---- What is left of it ---- */

static void
assert_day(int done)
{
    struct store *store = NULL;
    struct store_failures failures;
    char sid[STORE_SID_MAX];
    struct person p;
    unsigned there = 0;

    if (store_open(where, &store, why) != 0)
        fail_msg("write %d: %s", fault_at, why);
    int r = person_load(store, alice, &p);
    if (done >= ENROLLED)
        assert_int_equal(r, 0); /* no enrolment is lost */
    else
        assert_true(r == 0 || r == FED_E_NOT_ENROLLED);
    for (int deed = USED_1; deed <= USED_3 && r == 0; deed++) {
        uint64_t step = (uint64_t)(deed - USED_1 + 1);
        /* I-24: what was used stays used; of what was under way one step at most may have been. */
        if (deed <= done)
            assert_true(p.record.tokens[0].watermark >= step);
        if (deed > done + 1)
            assert_true(p.record.tokens[0].watermark < step);
    }
    if (done >= CODE_USED)
        assert_true(p.record.used[4]);
    assert_int_equal(store_failures_get(store, alice, "local", 1000, 900, &failures), 0);
    assert_true(done >= COUNTED ? failures.here == 1 : failures.here <= 1);
    for (unsigned n = 0; n < GROUP; n++) {
        somebody(n, sid);
        there += person_load(store, sid, &p) == 0;
    }
    assert_true(done >= REMOVED    ? there == GROUP - 1
                : done >= IMPORTED ? there >= GROUP - 1
                                   : there == 0 || there == GROUP);
    /* And it is a store that works. */
    r = people_put(store, alice, "alice@x", 0, false);
    assert_true(r == 0 || r == FED_E_EXISTS);
    assert_int_equal(people_use(store, alice, 50), 0);
    assert_int_equal(people_use(store, alice, 50), FED_E_REPLAY);
    store_close(store);
}

/* A day with the fault at one write; false when that day had fewer. */
static bool
one_day(enum fault which, int at)
{
    int report[2], status, done = -1;
    unsigned char byte;
    char command[128];

    (void)snprintf(command, sizeof(command), "rm -rf %s/*", folder);
    assert_int_equal(system(command), 0);
    assert_int_equal(pipe(report), 0);
    fault_at = at;
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        writes = 0;
        fault = which;
        live(report[1]);
    }
    (void)close(report[1]);
    while (read(report[0], &byte, 1) == 1)
        done = byte;
    (void)close(report[0]);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
        return false;
    assert_true(which == DISK_FULL ? WIFEXITED(status) && WEXITSTATUS(status) == 3
                                   : WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
    assert_day(done);
    return true;
}

static void
every_write(enum fault which, int fewest)
{
    int at = 1;

    while (at < WRITES_MAX && one_day(which, at))
        at++;
    assert_in_range(at, fewest, WRITES_MAX - 1); /* or the writes did not pass through here */
}

static void
test_killed_before_every_write_i33(void **state)
{
    (void)state;
    every_write(KILLED_BEFORE, 30);
}

static void
test_killed_in_the_middle_of_every_write_i33(void **state)
{
    (void)state;
    every_write(KILLED_IN_THE_MIDDLE, 30);
}

/* I-25: no success without room for it. */
static void
test_disk_full_at_every_write_i25(void **state)
{
    (void)state;
    every_write(DISK_FULL, 20);
}

static int
set_up(void **state)
{
    (void)state;
    if (folder_make_in_memory(folder) != 0)
        return -1;
    (void)snprintf(where, sizeof(where), "sqlite:%s/mfa.db", folder);
    return 0;
}

static int
tear_down(void **state)
{
    (void)state;
    return folder_remove(folder);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_killed_before_every_write_i33),
        cmocka_unit_test(test_killed_in_the_middle_of_every_write_i33),
        cmocka_unit_test(test_disk_full_at_every_write_i25),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
