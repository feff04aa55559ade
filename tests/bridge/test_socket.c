/*
 * The listening socket: what systemd passes is taken only where people ask, and never blocks; what is made is the one of its path.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <fcntl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

#include <setjmp.h>
#include <cmocka.h>

#include "bridge/socket.h"
#include "tests/folder.h"

enum { WHY_MAX = 512 };

static char path[128];

static int
make_socket(int type, const char *where)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, type, 0);

    (void)snprintf(address.sun_path, sizeof(address.sun_path), "%s", where);
    assert_true(fd >= 0);
    (void)unlink(where);
    assert_int_equal(bind(fd, (const struct sockaddr *)&address, sizeof(address)), 0);
    return fd;
}

/* In a process of its own, as systemd starts one: what socket_open() makes of fd, and whether the socket blocks then. */
static int
opened_with(int fd, bool *ret_blocks, char why[WHY_MAX])
{
    struct {
        int r, flags;
        char why[WHY_MAX];
    } told = {0};
    int ends[2], status;
    char pid[16];

    assert_int_equal(pipe(ends), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        int taken = -1;

        /* The pipe first: descriptor 3 may be one of its ends. */
        int out = fcntl(ends[1], F_DUPFD_CLOEXEC, 10);
        (void)snprintf(pid, sizeof(pid), "%d", (int)getpid());
        if (out < 0 || dup2(fd, SD_LISTEN_FDS_START) < 0 || setenv("LISTEN_PID", pid, 1) != 0 ||
            setenv("LISTEN_FDS", "1", 1) != 0)
            _exit(1);
        told.r = socket_open(path, &taken, told.why, sizeof(told.why));
        told.flags = told.r == 0 && taken == SD_LISTEN_FDS_START ? fcntl(taken, F_GETFL) : -1;
        _exit(write(out, &told, sizeof(told)) == (ssize_t)sizeof(told) ? 0 : 1);
    }
    (void)close(ends[1]);
    assert_int_equal(read(ends[0], &told, sizeof(told)), sizeof(told));
    (void)close(ends[0]);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    (void)close(fd);
    memcpy(why, told.why, WHY_MAX);
    *ret_blocks = told.flags < 0 || (told.flags & O_NONBLOCK) == 0;
    return told.r;
}

static void
test_what_is_passed_does_not_block(void **state)
{
    int fd = make_socket(SOCK_SEQPACKET, path);
    bool blocks = true;
    char why[WHY_MAX];

    (void)state;
    assert_int_equal(listen(fd, 1), 0);
    assert_int_equal(fcntl(fd, F_GETFL) & O_NONBLOCK, 0);
    assert_int_equal(opened_with(fd, &blocks, why), 0);
    assert_false(blocks);
}

static void
test_what_is_passed_is_where_people_ask(void **state)
{
    char other[sizeof(path) + 8], why[WHY_MAX];
    bool blocks;
    int fd;

    (void)state;
    (void)snprintf(other, sizeof(other), "%s.other", path);
    fd = make_socket(SOCK_SEQPACKET, other);
    assert_int_equal(listen(fd, 1), 0);
    assert_int_equal(opened_with(fd, &blocks, why), FED_E_CONFIG);
    assert_non_null(strstr(why, path));
    assert_non_null(strstr(why, "[bridge] socket"));
    (void)unlink(other);

    fd = make_socket(SOCK_STREAM, path);
    assert_int_equal(listen(fd, 1), 0);
    assert_int_equal(opened_with(fd, &blocks, why), FED_E_CONFIG);
    assert_int_equal(opened_with(make_socket(SOCK_SEQPACKET, path), &blocks, why), FED_E_CONFIG);
}

static void
test_one_that_is_made(void **state)
{
    char why[WHY_MAX];
    int fd = -1, second = -1;

    (void)state;
    (void)unlink(path);
    assert_int_equal(socket_open(path, &fd, why, sizeof(why)), 0);
    assert_int_not_equal(fcntl(fd, F_GETFL) & O_NONBLOCK, 0);
    assert_int_equal(socket_listen(fd), 0);
    assert_int_equal(socket_open(path, &second, why, sizeof(why)), FED_E_EXISTS);
    assert_non_null(strstr(why, "another bridge answers"));
    (void)close(fd);
    assert_int_equal(socket_open(path, &second, why, sizeof(why)), 0);
    (void)close(second);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_is_passed_does_not_block),
        cmocka_unit_test(test_what_is_passed_is_where_people_ask),
        cmocka_unit_test(test_one_that_is_made),
    };
    char folder[FOLDER_SIZE];

    if (folder_make(folder) != 0)
        return 1;
    (void)snprintf(path, sizeof(path), "%s/bridge.sock", folder);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    return folder_remove(folder) == 0 ? failed : 1;
}
