/*
 * The walls around a signer: what the kernel says of its two processes, and what a library that tries gets.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <grp.h>
#include <sched.h>
#include <sys/ptrace.h>

#include <cmocka.h>

#include "tests/base/skip.h"
#include "tests/bridge/process_walls.h"
#include "tests/bridge/signer_fixture.h"

static struct keeper *signer;

static int
set_up(void **state)
{
    const gid_t groups[] = {0, 4343}; /* so that there is something to give up */

    (void)state;
    if (geteuid() == 0)
        assert_int_equal(setgroups(2, groups), 0);
    assert_int_equal(setenv("SIGNER_CANARY", "1", 1), 0);
    (void)fixture_make(signer_token);
    signer = signer_good();
    return 0;
}

static int
tear_down(void **state)
{
    (void)state;
    keeper_stop(signer);
    return fixture_remove();
}

static void
assert_rights(pid_t pid, const char *name)
{
    assert_powerless(pid);
    assert_status(pid, "Name", name);
    if (geteuid() == 0)
        assert_status(pid, "Groups", "4242"); /* the token's, no other */
}

static void
test_processes_have_no_rights_i62(void **state)
{
    (void)state;
    assert_rights(keeper_pid(signer), "awsfed-signer");
    assert_rights(signer_child(signer), "awsfed-token");
}

static void
test_processes_have_a_network_of_their_own_i62(void **state)
{
    (void)state;
    assert_own_network(signer_child(signer));
}

/* Of the bridge's socket the library's process has nothing: its one socket is the signer's. */
static void
test_library_has_one_socket_of_ours(void **state)
{
    char path[64], target[64], bridge[64] = "";
    ssize_t n;

    (void)state;
    if (!may_look_into_processes())
        SKIP("it is not dumpable, and this machine lets nobody look all the same");
    (void)snprintf(path, sizeof(path), "/proc/%d/fd/3", keeper_pid(signer));
    assert_true(readlink(path, bridge, sizeof(bridge) - 1) > 0);
    (void)snprintf(path, sizeof(path), "/proc/%d/fd", signer_child(signer));
    DIR *d = opendir(path);
    assert_non_null(d);
    for (const struct dirent *e = readdir(d); e != NULL; e = readdir(d)) {
        if (e->d_name[0] == '.')
            continue;
        (void)snprintf(path, sizeof(path), "/proc/%d/fd/%.16s", signer_child(signer), e->d_name);
        assert_true((n = readlink(path, target, sizeof(target) - 1)) > 0);
        target[n] = '\0';
        assert_string_not_equal(target, bridge);
        if (strcmp(e->d_name, "3") == 0)
            assert_memory_equal(target, "socket:", 7);
        else if (e->d_name[0] < '3' && e->d_name[1] == '\0')
            assert_string_equal(target, "/dev/null");
    }
    (void)closedir(d);
}

static void
test_processes_are_not_traceable_i57(void **state)
{
    (void)state;
    assert_not_traceable(keeper_pid(signer));
    assert_not_traceable(signer_child(signer));
}

/* I-56, I-62: no network, no program, no child, nobody's memory, no PIN's file; files, threads and local sockets it has. */
static void
test_library_that_tries_i56_i62(void **state)
{
    static const char *const refused[] = {"inet=1", "inet6=1", "netlink=1", "packet=1", "fork=1",
        "execute=1", "trace=1", "kill=1", "unshare=1", "ring=1", "dumpable=1", "wide=1",
        "environment=1"};
    static const char *const allowed[] = {"unix=1", "thread=1", "file=1"};

    (void)state;
    if (KEEPER_BOX_SANITIZED)
        SKIP("a sanitizer needs what is refused");
    signer_fault("probe");
    assert_int_equal(signer_sign(signer), FED_E_KEEPER);
    signer_fault("");
    const char *done = signer_written("probe");
    for (size_t i = 0; i < sizeof(allowed) / sizeof(allowed[0]); i++)
        if (strstr(done, allowed[i]) == NULL)
            fail_msg("not %s: %s", allowed[i], done);
    for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++)
        if (strstr(done, refused[i]) != NULL)
            fail_msg("%s: %s", refused[i], done);
    if (geteuid() == 0)
        assert_non_null(strstr(done, "pin=0"));
}

#define TEST(name) cmocka_unit_test(name)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_processes_have_no_rights_i62),
        TEST(test_processes_have_a_network_of_their_own_i62),
        TEST(test_library_has_one_socket_of_ours),
        TEST(test_processes_are_not_traceable_i57),
        TEST(test_library_that_tries_i56_i62),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
