/*
 * Files in the state folder: believed only when they are the bridge's own, and replaced whole. And the endpoint's port in one of them.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bridge/endpoint_port.h"
#include "bridge/state_file.h"

static char dir[64], path[96], other[96];
static char why[STATE_FILE_WHY_MAX];

static int
make_dir(void **state)
{
    (void)state;
    (void)snprintf(dir, sizeof(dir), "/tmp/awsfed-state-XXXXXX");
    assert_non_null(mkdtemp(dir));
    (void)snprintf(path, sizeof(path), "%s/x", dir);
    (void)snprintf(other, sizeof(other), "%s/y", dir);
    return 0;
}

static int
remove_dir(void **state)
{
    char port[96];

    (void)state;
    (void)snprintf(port, sizeof(port), "%s/endpoint-port", dir);
    (void)unlink(port);
    (void)unlink(path);
    (void)unlink(other);
    return rmdir(dir); /* fails when something else was left there */
}

static int
read_back(size_t limit)
{
    struct fed_secret got = FED_SECRET_INIT(limit);
    int r = state_file_read(dir, "x", getuid(), &got, why);

    if (r == 0)
        assert_string_equal(fed_secret_str(&got), "content");
    fed_secret_done(&got);
    return r;
}

static void
test_what_was_written_is_read(void **state)
{
    struct stat st;

    (void)state;
    assert_int_equal(read_back(100), FED_E_NOT_FOUND);
    assert_int_equal(state_file_write(dir, "x", "older content", 13, why), 0);
    assert_int_equal(state_file_write(dir, "x", "content", 7, why), 0);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0600);
    assert_int_equal(read_back(100), 0);
    assert_int_equal(read_back(7), 0);
    assert_int_equal(read_back(6), FED_E_TOO_BIG);
    assert_int_equal(state_file_remove(dir, "x", why), 0);
    assert_int_equal(state_file_remove(dir, "x", why), 0);
    assert_int_equal(read_back(100), FED_E_NOT_FOUND);
}

/* I-32: a link, a second name, a looser mode, another owner, a device: none of it is believed. */
static void
test_what_others_could_have_written_is_not_believed(void **state)
{
    struct fed_secret got = FED_SECRET_INIT(100);

    (void)state;
    assert_int_equal(state_file_write(dir, "x", "content", 7, why), 0);
    assert_int_equal(chmod(path, 0644), 0);
    assert_int_equal(read_back(100), FED_E_PERMISSION);
    assert_int_equal(chmod(path, 0620), 0);
    assert_int_equal(read_back(100), FED_E_PERMISSION);
    assert_int_equal(chmod(path, 0600), 0);
    assert_int_equal(state_file_read(dir, "x", getuid() + 1, &got, why), FED_E_PERMISSION);
    assert_int_equal(link(path, other), 0);
    assert_int_equal(read_back(100), FED_E_PERMISSION);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(symlink(other, path), 0);
    assert_int_equal(read_back(100), FED_E_PERMISSION);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(mkfifo(path, 0600), 0);
    assert_int_equal(read_back(100), FED_E_PERMISSION);
    fed_secret_done(&got);
}

/* Somebody's link in the way of the new content is not followed. */
static void
test_writing_follows_no_link(void **state)
{
    char temp[112];

    (void)state;
    (void)snprintf(temp, sizeof(temp), "%s.new", path);
    assert_int_equal(symlink(other, temp), 0);
    assert_int_equal(state_file_write(dir, "x", "content", 7, why), 0);
    assert_int_equal(access(other, F_OK), -1);
    assert_int_equal(read_back(100), 0);
    assert_int_equal(state_file_write(path, "x", "content", 7, why), FED_E_SYSTEM);
    assert_non_null(strstr(why, path)); /* a file is no folder */
}

static void
test_a_port_is_kept(void **state)
{
    unsigned first = 0, second = 0;
    int fd = -1, again = -1;

    (void)state;
    assert_int_equal(endpoint_port_open(0, dir, getuid(), &fd, &first, why), 0);
    assert_true(first != 0 && (getuid() != 0 || first < 1024));
    endpoint_port_keep(dir, first);

    /* Taken: another one, rather than none. */
    assert_int_equal(endpoint_port_open(0, dir, getuid(), &again, &second, why), 0);
    assert_int_not_equal(second, first);
    assert_int_equal(close(again), 0);
    /* A configured one is that one or an error. */
    assert_int_equal(endpoint_port_open(first, dir, getuid(), &again, &second, why), FED_E_CONFIG);
    assert_non_null(strstr(why, "endpoint-port"));

    assert_int_equal(close(fd), 0);
    assert_int_equal(endpoint_port_open(0, dir, getuid(), &fd, &second, why), 0);
    assert_int_equal(second, first);
    assert_int_equal(close(fd), 0);
    assert_int_equal(state_file_write(dir, "endpoint-port", "80 80", 5, why), 0);
    assert_int_equal(endpoint_port_open(0, dir, getuid(), &fd, &second, why), 0);
    assert_int_not_equal(second, 80);
    assert_int_equal(close(fd), 0);
}

int
main(void)
{
#define IN_A_FOLDER(f) cmocka_unit_test_setup_teardown(f, make_dir, remove_dir)
    const struct CMUnitTest tests[] = {
        IN_A_FOLDER(test_what_was_written_is_read),
        IN_A_FOLDER(test_what_others_could_have_written_is_not_believed),
        IN_A_FOLDER(test_writing_follows_no_link),
        IN_A_FOLDER(test_a_port_is_kept),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
