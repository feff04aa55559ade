/*
 * What the kernel says from outside of a process that has given up its rights.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef TESTS_BRIDGE_PROCESS_WALLS_H
#define TESTS_BRIDGE_PROCESS_WALLS_H

#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <signal.h>
#include <sys/ptrace.h>

#include "bridge/keeper_box.h"
#include "tests/base/skip.h"
#include "tests/bridge/keeper_fixture.h"

/* A line of /proc/PID/status, without its name and outer blanks. */
static inline void
assert_status(pid_t pid, const char *name, const char *wanted)
{
    char path[64], line[256], got[256] = "";

    (void)snprintf(path, sizeof(path), "/proc/%d/status", pid);
    FILE *f = fopen(path, "r");
    assert_non_null(f);
    while (fgets(line, sizeof(line), f) != NULL)
        if (strncmp(line, name, strlen(name)) == 0 && line[strlen(name)] == ':')
            (void)snprintf(got, sizeof(got), "%s",
                line + strlen(name) + 1 + strspn(line + strlen(name) + 1, "\t "));
    (void)fclose(f);
    for (size_t len = strlen(got); len > 0 && strchr(" \n", got[len - 1]) != NULL; len--)
        got[len - 1] = '\0';
    assert_string_equal(got, wanted);
}

/* Another uid than root's, in all four places, and nothing left of root's power. */
static inline void
assert_powerless(pid_t pid)
{
    char wanted[128];

    (void)snprintf(wanted, sizeof(wanted), "%u\t%u\t%u\t%u", fixture_uid(), fixture_uid(),
        fixture_uid(), fixture_uid());
    assert_status(pid, "Uid", wanted);
    assert_status(pid, "CapPrm", "0000000000000000");
    assert_status(pid, "CapEff", "0000000000000000");
    assert_status(pid, "NoNewPrivs", "1");
    if (!KEEPER_BOX_SANITIZED)
        assert_status(pid, "Seccomp", "2");
}

/* Where the machine refuses namespaces, the filter alone stands: nothing to see then, and the test is skipped. */
static inline void
assert_own_network(pid_t process)
{
    char path[64], ours[64] = "", theirs[64] = "";
    int status;

    if (geteuid() != 0)
        SKIP("only root may make namespaces");
    pid_t pid = fork();
    if (pid == 0)
        _exit(unshare(CLONE_NEWNET) == 0 ? 0 : 77);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    if (status != 0)
        SKIP("this machine refuses namespaces: what keeps it from the network is its filter alone");
    if (!may_look_into_processes())
        SKIP("it is not dumpable, and this machine lets nobody look all the same");
    assert_true(readlink("/proc/self/ns/net", ours, sizeof(ours) - 1) > 0);
    (void)snprintf(path, sizeof(path), "/proc/%d/ns/net", process);
    assert_true(readlink(path, theirs, sizeof(theirs) - 1) > 0);
    assert_string_not_equal(ours, theirs);
}

/* Somebody of its own uid can neither trace it nor read its memory (I-57). */
static inline void
assert_not_traceable(pid_t target)
{
    char path[64];
    int status;

    (void)snprintf(path, sizeof(path), "/proc/%d/mem", target);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        if (geteuid() == 0 && (setgroups(0, NULL) != 0 ||
                                  setresgid(fixture_gid(), fixture_gid(), fixture_gid()) != 0 ||
                                  setresuid(fixture_uid(), fixture_uid(), fixture_uid()) != 0))
            _exit(1);
        if (open(path, O_RDONLY | O_CLOEXEC) >= 0)
            _exit(2);
        if (ptrace(PTRACE_ATTACH, target, NULL, NULL) == 0)
            _exit(3);
        _exit(kill(target, 0) == 0 ? 0 : 4); /* the uid was the right one */
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
}

#endif
