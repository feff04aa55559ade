/*
 * The audit trail in a file: one line a decision, whatever the disk does.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <jansson.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bridge/audit.h"

static char path[64];

static int
set_up(void **state)
{
    (void)state;
    (void)snprintf(path, sizeof(path), "/tmp/test_audit.XXXXXX");
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    (void)close(fd);
    return 0;
}

static int
tear_down(void **state)
{
    (void)state;
    return unlink(path);
}

static struct audit *
open_trail(void)
{
    struct audit *audit = NULL;
    char where[128], why[256] = "";

    (void)snprintf(where, sizeof(where), "file:%s", path);
    if (audit_open(where, getuid(), getgid(), &audit, why, sizeof(why)) != 0)
        fail_msg("%s", why);
    return audit;
}

/* Whoever named the file has to make the folder: which one is said. */
static void
test_a_folder_that_is_not_there(void **state)
{
    struct audit *audit = NULL;
    char why[256] = "";

    (void)state;
    assert_int_equal(
        audit_open("file:/nonexistent/audit.jsonl", getuid(), getgid(), &audit, why, sizeof(why)),
        FED_E_CONFIG);
    assert_string_equal(why, "cannot open the audit file \"/nonexistent/audit.jsonl\": No such "
                             "file or directory: make its folder");
}

static int
write_event(struct audit *audit, const char *user)
{
    const struct audit_event e = {.event = "login", .user = user};

    return audit_write(audit, &e);
}

/* The lines: how many are JSON, and how many are not. */
static void
count_lines(size_t *ret_good, size_t *ret_bad)
{
    char line[4096];
    FILE *f = fopen(path, "r");

    assert_non_null(f);
    *ret_good = *ret_bad = 0;
    while (fgets(line, sizeof(line), f) != NULL) {
        json_t *json = json_loads(line, 0, NULL);
        (*(json != NULL ? ret_good : ret_bad))++;
        json_decref(json);
    }
    (void)fclose(f);
}

static void
assert_lines(size_t wanted_good, size_t wanted_bad)
{
    size_t good, bad;

    count_lines(&good, &bad);
    assert_int_equal(good, wanted_good);
    assert_int_equal(bad, wanted_bad);
}

/* The disk is full after so many more bytes; 0 = it has room. */
static void
fill_disk(long more)
{
    struct stat st;
    struct rlimit limit;

    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
    limit.rlim_cur = more > 0 ? (rlim_t)(st.st_size + more) : limit.rlim_max;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

static void
test_a_full_disk_glues_no_lines(void **state)
{
    struct audit *audit = open_trail();

    (void)state;
    assert_int_equal(write_event(audit, "alice"), 0);
    fill_disk(10);
    assert_int_equal(write_event(audit, "bob"), FED_E_SYSTEM);   /* ten bytes of it */
    assert_int_equal(write_event(audit, "carol"), FED_E_SYSTEM); /* nothing */
    fill_disk(1);
    assert_int_equal(write_event(audit, "dave"), FED_E_SYSTEM); /* the line end alone */
    fill_disk(0);
    assert_int_equal(write_event(audit, "erin"), 0);
    assert_int_equal(write_event(audit, "frank"), 0);
    assert_lines(3, 1);
    audit_close(audit);
}

/* What the last bridge left unfinished is seen by the next. */
static void
test_a_torn_line_of_before(void **state)
{
    struct audit *audit = open_trail();

    (void)state;
    assert_int_equal(write_event(audit, "alice"), 0);
    fill_disk(10);
    assert_int_equal(write_event(audit, "bob"), FED_E_SYSTEM);
    fill_disk(0);
    audit_close(audit);
    audit = open_trail();
    assert_int_equal(write_event(audit, "carol"), 0);
    audit_close(audit);
    audit = open_trail();
    assert_int_equal(write_event(audit, "dave"), 0);
    audit_close(audit);
    assert_lines(3, 1);
}

static void *
write_many(void *audit)
{
    for (size_t i = 0; i < 200; i++)
        if (write_event(audit, "alice") != 0)
            return audit;
    return NULL;
}

static void
test_threads_share_it(void **state)
{
    struct audit *audit = open_trail();
    pthread_t threads[4];
    void *failed;

    (void)state;
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, write_many, audit), 0);
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(pthread_join(threads[i], &failed), 0);
        assert_null(failed);
    }
    assert_lines(800, 0);
    audit_close(audit);
}

/* Log rotation moves the file away under writers: each line is in the one or in the other, whole. */
static void
test_rotated_under_writers(void **state)
{
    struct audit *audit = open_trail();
    char old[80], why[256] = "";
    pthread_t threads[4];
    void *failed;

    (void)state;
    (void)snprintf(old, sizeof(old), "%s.1", path);
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, write_many, audit), 0);
    assert_int_equal(write_event(audit, "bob"), 0);
    assert_int_equal(rename(path, old), 0);
    assert_int_equal(audit_reopen(audit, why, sizeof(why)), 0);
    assert_int_equal(write_event(audit, "carol"), 0);
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(pthread_join(threads[i], &failed), 0);
        assert_null(failed);
    }
    assert_int_equal(audit_reopen(audit, why, sizeof(why)), 0); /* the same file again */
    assert_int_equal(write_event(audit, "dave"), 0);
    audit_close(audit);
    size_t good, bad, sum;
    count_lines(&sum, &bad);
    assert_int_equal(bad, 0);
    assert_true(sum >= 2);
    assert_int_equal(rename(old, path), 0);
    count_lines(&good, &bad);
    assert_int_equal(bad, 0);
    assert_int_equal(sum + good, 4 * 200 + 3);
}

/* A file that others prepared is not written to: what was moved away gets the lines. */
static void
test_a_fresh_file_that_is_not_ours(void **state)
{
    struct audit *audit = open_trail();
    char old[80], why[256] = "";

    (void)state;
    (void)snprintf(old, sizeof(old), "%s.1", path);
    assert_int_equal(rename(path, old), 0);
    assert_int_equal(symlink(old, path), 0);
    assert_int_equal(audit_reopen(audit, why, sizeof(why)), FED_E_CONFIG);
    assert_non_null(strstr(why, path));
    assert_int_equal(unlink(path), 0);
    assert_int_equal(mkfifo(path, 0600), 0);
    assert_int_equal(audit_reopen(audit, why, sizeof(why)), FED_E_CONFIG);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(close(open(path, O_WRONLY | O_CREAT | O_EXCL, 0600)), 0);
    assert_int_equal(chmod(path, 0646), 0);
    assert_int_equal(audit_reopen(audit, why, sizeof(why)), FED_E_CONFIG);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(link(old, path), 0); /* as anybody else's file could be made ours */
    assert_int_equal(audit_reopen(audit, why, sizeof(why)), FED_E_CONFIG);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(close(open(path, O_WRONLY | O_CREAT | O_EXCL, 0600)), 0);
    assert_int_equal(chmod(path, 0646), 0);
    assert_int_equal(write_event(audit, "alice"), 0);
    audit_close(audit);
    assert_lines(0, 0);
    assert_int_equal(rename(old, path), 0);
    assert_lines(1, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_folder_that_is_not_there),
        TEST(test_a_full_disk_glues_no_lines),
        TEST(test_a_torn_line_of_before),
        TEST(test_threads_share_it),
        TEST(test_rotated_under_writers),
        TEST(test_a_fresh_file_that_is_not_ours),
    };

    /* The limit that fills the disk is every file's, the log of this test's too. */
    if (signal(SIGXFSZ, SIG_IGN) == SIG_ERR || freopen("/dev/null", "w", stderr) == NULL)
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
