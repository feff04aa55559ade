/*
 * The walls around the keeper, from outside (what the kernel says of the running process) and from
 * inside (what happens to a process behind the same walls when it tries).
 * SPDX-License-Identifier: Apache-2.0
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <dirent.h>
#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>

#include <cmocka.h>

#include "tests/base/skip.h"
#include "tests/bridge/process_walls.h"

static struct keeper *keeper;

static int
set_up(void **state)
{
    const gid_t groups[] = {0, 4242}; /* so that there is something to give up */

    (void)state;
    if (geteuid() == 0)
        assert_int_equal(setgroups(2, groups), 0);
    (void)fixture_make(NULL);
    keeper = fixture_keeper();
    return 0;
}

static int
tear_down(void **state)
{
    (void)state;
    keeper_stop(keeper);
    return fixture_remove();
}

/* ---- From outside ---- */

static void
test_process_has_no_rights_i62(void **state)
{
    char wanted[128];

    (void)state;
    assert_powerless(keeper_pid(keeper));
    (void)snprintf(wanted, sizeof(wanted), "%u\t%u\t%u\t%u", fixture_gid(), fixture_gid(),
        fixture_gid(), fixture_gid());
    assert_status(keeper_pid(keeper), "Gid", wanted);
    assert_status(keeper_pid(keeper), "CapAmb", "0000000000000000");
    if (!KEEPER_BOX_SANITIZED)
        assert_status(keeper_pid(keeper), "Threads", "1");
    if (geteuid() == 0)
        assert_status(keeper_pid(keeper), "Groups", "");
}

static void
test_process_has_a_network_of_its_own_i62(void **state)
{
    (void)state;
    assert_own_network(keeper_pid(keeper));
}

static void
test_process_has_four_descriptors(void **state)
{
    char path[64], target[64];

    (void)state;
    if (!may_look_into_processes())
        SKIP("it is not dumpable, and this machine lets nobody look all the same");
    for (int fd = 0; fd < 4; fd++) {
        ssize_t n;
        (void)snprintf(path, sizeof(path), "/proc/%d/fd/%d", keeper_pid(keeper), fd);
        assert_true((n = readlink(path, target, sizeof(target) - 1)) > 0);
        target[n] = '\0';
        if (fd < 2)
            assert_string_equal(target, "/dev/null");
        if (fd == KEEPER_BOX_FD)
            assert_memory_equal(target, "socket:", 7);
    }
    (void)snprintf(path, sizeof(path), "/proc/%d/fd", keeper_pid(keeper));
    DIR *d = opendir(path);
    int n = 0;
    assert_non_null(d);
    while (readdir(d) != NULL)
        n++;
    (void)closedir(d);
    assert_int_equal(n, 2 + 4);
}

/* Soft and hard limit both, as /proc/PID/limits has them: 26 columns of name, then two of 21. */
static void
assert_limit_is_zero(const char *name)
{
    char path[64], line[256];
    unsigned found = 0;

    (void)snprintf(path, sizeof(path), "/proc/%d/limits", keeper_pid(keeper));
    FILE *f = fopen(path, "r");
    assert_non_null(f);
    while (fgets(line, sizeof(line), f) != NULL) {
        if (strncmp(line, name, strlen(name)) != 0)
            continue;
        assert_memory_equal(line + 26, "0 ", 2);
        assert_memory_equal(line + 26 + 21, "0 ", 2);
        found++;
    }
    (void)fclose(f);
    assert_int_equal(found, 1);
}

static void
test_process_has_tight_limits_i57(void **state)
{
    (void)state;
    assert_limit_is_zero("Max core file size");
    if (!KEEPER_BOX_SANITIZED) {
        assert_limit_is_zero("Max open files");
        assert_limit_is_zero("Max processes");
    }
}

static void
test_process_is_not_traceable_i57(void **state)
{
    (void)state;
    assert_not_traceable(keeper_pid(keeper));
}

static void
test_signals_do_not_end_it(void **state)
{
    static const int signals[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGPIPE, SIGUSR1};
    struct fed_secret blob = FED_SECRET_INIT(SEAL_BLOB_MAX), seed = FED_SECRET_INIT(TOTP_SEED_MAX);

    (void)state;
    for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++) {
        assert_int_equal(kill(keeper_pid(keeper), signals[i]), 0);
        assert_int_equal(keeper_seal(keeper, "S-1-1-1", NULL, 20, &blob, &seed), 0);
    }
    fed_secret_done(&blob);
    fed_secret_done(&seed);
}

/* A bridge that dies, however, takes the keeper with it. */
static void
test_it_ends_with_the_bridge(void **state)
{
    int report[2], status;
    pid_t orphan = 0;

    (void)state;
    assert_int_equal(prctl(PR_SET_CHILD_SUBREAPER, 1), 0);
    assert_int_equal(pipe2(report, O_CLOEXEC), 0);
    pid_t bridge = fork();
    assert_true(bridge >= 0);
    if (bridge == 0) {
        struct keeper *own = fixture_keeper();
        orphan = keeper_pid(own);
        if (write(report[1], &orphan, sizeof(orphan)) != (ssize_t)sizeof(orphan))
            _exit(1);
        (void)raise(SIGKILL);
    }
    assert_int_equal(read(report[0], &orphan, sizeof(orphan)), sizeof(orphan));
    assert_int_equal(waitpid(bridge, &status, 0), bridge);
    assert_int_equal(waitpid(orphan, &status, 0), orphan);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    (void)close(report[0]);
    (void)close(report[1]);
    assert_int_equal(prctl(PR_SET_CHILD_SUBREAPER, 0), 0);
}

/* ---- From inside ---- */

/* The environment's OpenSSL configuration is not read (I-56): this one would stop any start. */
static void
test_environment_changes_nothing_i56(void **state)
{
    char *path = fixture_path("openssl.cnf");

    (void)state;
    fixture_write("openssl.cnf", 0644,
        "openssl_conf = a\n[a]\nproviders = p\nalg_section = b\n[p]\nno_such_provider = q\n"
        "[q]\nmodule = /nowhere.so\nactivate = 1\n[b]\ndefault_properties = fips=yes\n");
    assert_int_equal(setenv("OPENSSL_CONF", path, 1), 0);
    assert_int_equal(setenv("OPENSSL_MODULES", "/nowhere", 1), 0);
    struct keeper *other = fixture_keeper();
    struct fed_secret signature = FED_SECRET_INIT(512);
    assert_int_equal(keeper_sign(other, "abc", 3, &signature), 0);
    keeper_stop(other);
    fed_secret_done(&signature);
    assert_int_equal(unsetenv("OPENSSL_CONF"), 0);
    assert_int_equal(unsetenv("OPENSSL_MODULES"), 0);
    free(path);
}

static void
try_open(void)
{
    (void)open("/etc/passwd", O_RDONLY | O_CLOEXEC);
}

static void
try_socket(void)
{
    (void)socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
}

static void
try_fork(void)
{
    if (fork() == 0)
        _exit(0);
}

static void
try_exec(void)
{
    (void)execl("/bin/true", "true", (char *)NULL);
}

static void
try_kill(void)
{
    (void)kill(getppid(), 0);
}

static void
try_setuid(void)
{
    (void)!setuid(0);
}

static void
try_dup(void)
{
    (void)!dup(KEEPER_BOX_FD);
}

static void
try_write_to_socket(void)
{
    (void)!write(KEEPER_BOX_FD, "x", 1);
}

static void
try_code_memory(void)
{
    (void)mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

static void
try_make_code(void)
{
    void *p = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    if (p != MAP_FAILED)
        (void)mprotect(p, 4096, PROT_READ | PROT_EXEC);
}

static void
try_dumpable(void)
{
    (void)prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
}

static void
try_nothing(void)
{
}

/* How a process ends that walks behind the walls and then tries. */
static int
behind_the_walls(void (*attempt)(void))
{
    int status, pair[2];

    assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        const struct keeper_box_ids ids = {.uid = fixture_uid(), .gid = fixture_gid()};
        char why[512] = "";
        if (keeper_box_close(pair[0], "test", why, sizeof(why)) != 0 ||
            keeper_box_drop(&ids, why, sizeof(why)) != 0 || keeper_box_shut(why, sizeof(why)) != 0)
            _exit(1);
        attempt();
        _exit(0);
    }
    (void)close(pair[0]);
    (void)close(pair[1]);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return status;
}

/* In a process with many descriptors: 0 if those that are left are the four, and what they should be. */
static int
close_and_count(int fd)
{
    char why[512], path[64], target[64] = "";
    int type;
    socklen_t len = sizeof(type);

    for (int other = 20; other < 300; other += 40)
        if (dup2(fd, other) < 0)
            return 1;
    if (keeper_box_close(fd, "test", why, sizeof(why)) != 0)
        return 2;
    for (int i = 0; i < 1024; i++)
        if ((fcntl(i, F_GETFD) >= 0) != (i < 4))
            return 3;
    for (int i = 0; i < 2; i++) {
        (void)snprintf(path, sizeof(path), "/proc/self/fd/%d", i);
        if (readlink(path, target, sizeof(target) - 1) < 0 || strcmp(target, "/dev/null") != 0)
            return 4;
    }
    return getsockopt(KEEPER_BOX_FD, SOL_SOCKET, SO_TYPE, &type, &len) == 0 ? 0 : 5;
}

/* From inside, which needs no right to look into a process. */
static void
test_closing_leaves_four_descriptors(void **state)
{
    int status, pair[2];

    (void)state;
    assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0)
        _exit(close_and_count(pair[0]));
    (void)close(pair[0]);
    (void)close(pair[1]);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
}

static void
test_forbidden_calls_kill_i62(void **state)
{
    static void (*const attempts[])(void) = {try_open, try_socket, try_fork, try_exec, try_kill,
        try_setuid, try_dup, try_write_to_socket, try_code_memory, try_make_code, try_dumpable};

    (void)state;
    if (KEEPER_BOX_SANITIZED)
        SKIP("a sanitizer needs what is refused");
    assert_int_equal(behind_the_walls(try_nothing), 0);
    for (size_t i = 0; i < sizeof(attempts) / sizeof(attempts[0]); i++) {
        int status = behind_the_walls(attempts[i]);
        if (!WIFSIGNALED(status) || WTERMSIG(status) != SIGSYS)
            fail_msg("attempt %zu: status %x", i, (unsigned)status);
    }
}

static void
test_root_is_not_a_user(void **state)
{
    const struct keeper_box_ids root = {.uid = 0};
    const struct keeper_box_ids stranger = {.uid = geteuid() + 1, .gid = getegid()};
    char why[512] = "";

    (void)state;
    assert_int_equal(keeper_box_drop(&root, why, sizeof(why)), FED_E_CONFIG);
    if (geteuid() != 0)
        assert_int_equal(keeper_box_drop(&stranger, why, sizeof(why)), FED_E_CONFIG);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_root_is_not_a_user),
        cmocka_unit_test(test_closing_leaves_four_descriptors),
        cmocka_unit_test(test_forbidden_calls_kill_i62),
        TEST(test_process_has_no_rights_i62),
        TEST(test_process_has_a_network_of_its_own_i62),
        TEST(test_process_has_four_descriptors),
        TEST(test_process_has_tight_limits_i57),
        TEST(test_process_is_not_traceable_i57),
        TEST(test_signals_do_not_end_it),
        TEST(test_it_ends_with_the_bridge),
        TEST(test_environment_changes_nothing_i56),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
