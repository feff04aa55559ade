/*
 * I-23: whom the file local-users names, and when it is not believed.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <fcntl.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "base/clock.h"
#include "tests/base/skip.h"
#include "tests/pam_awsfed/fake_bridge.h"
#include "tests/pam_awsfed/guest.h"

static struct fake_exchange hang = {.manner = FAKE_HANG};
static struct fake_bridge bridge;

/* How the module opened the list, seen by standing in for open(2) (see guest_poll for the name). */
static int open_flags;
GUEST_EXPORT int watch_open(const char *path, int flags, ...) __asm__("open");

int
watch_open(const char *path, int flags, ...)
{
    mode_t mode = 0;

    if ((flags & O_CREAT) != 0) {
        va_list ap;
        va_start(ap, flags);
        mode = va_arg(ap, mode_t);
        va_end(ap);
    }
    if (strstr(path, "/local-users") != NULL)
        open_flags = flags;
    return openat(AT_FDCWD, path, flags, mode);
}

static int
set_up(void **state)
{
    (void)state;
    fake_init(&bridge);
    guest_write_service(bridge.folder, bridge.path, "");
    return 0;
}

static int
tear_down(void **state)
{
    (void)state;
    fake_done(&bridge);
    return 0;
}

/* Nobody answers; but pam_debug, behind us in the stack (guest.h), says what it returns. */
static int
converse(int n, const struct pam_message **messages, struct pam_response **ret, void *data)
{
    (void)messages;
    (void)data;
    *ret = calloc((size_t)n, sizeof(**ret));
    return *ret != NULL ? PAM_SUCCESS : PAM_CONV_ERR;
}

static pam_handle_t *
start(const char *user)
{
    static const struct pam_conv conv = {.conv = converse};
    pam_handle_t *pamh = NULL;

    guest.log[0] = '\0';
    assert_int_equal(pam_start_confdir("awsfed", user, &conv, bridge.folder, &pamh), PAM_SUCCESS);
    return pamh;
}

static void
write_local(const char *text, mode_t mode, uid_t owner)
{
    char path[128];

    (void)snprintf(path, sizeof(path), "%s/local-users", bridge.folder);
    (void)unlink(path);
    FILE *f = fopen(path, "we");
    assert_non_null(f);
    fputs(text, f);
    assert_int_equal(fclose(f), 0);
    assert_int_equal(chmod(path, mode), 0);
    if (owner != 0)
        assert_int_equal(chown(path, owner, (gid_t)-1), 0);
}

static void
expect_local(const char *user, bool local, const char *logged)
{
    pam_handle_t *pamh = start(user);

    assert_int_equal(pam_setcred(pamh, PAM_ESTABLISH_CRED), local ? GUEST_IGNORED : PAM_SUCCESS);
    if (logged != NULL && strstr(guest.log, logged) == NULL)
        fail_msg("not in the log: %s\nlog: %s", logged, guest.log);
    if (logged == NULL)
        assert_string_equal(guest.log, "");
    assert_int_equal(pam_end(pamh, PAM_SUCCESS), PAM_SUCCESS);
}

/* I-23, I-32: a file that others than root could have written names nobody, and the log says why. */
static void
local_users_must_be_roots(void **state)
{
    char path[128], other[128];

    (void)state;
    if (geteuid() != 0)
        SKIP("only root can make a file that is believed");
    (void)snprintf(path, sizeof(path), "%s/local-users", bridge.folder);
    (void)snprintf(other, sizeof(other), "%s/other", bridge.folder);
    expect_local("backup", false, NULL);
    write_local("backup\n", 0644, 0);
    expect_local("backup", true, NULL);
    write_local("backup\n", 0664, 0);
    expect_local("backup", false, "writable by others");
    write_local("backup\n", 0646, 0);
    expect_local("backup", false, "writable by others");
    write_local("backup\n", 0644, 65534);
    expect_local("backup", false, "not owned by root");
    expect_local("root", true, NULL);
    write_local("backup\n", 0644, 0);
    assert_int_equal(rename(path, other), 0);
    assert_int_equal(symlink("other", path), 0);
    expect_local("backup", false, "symbolic link");
    assert_int_equal(unlink(path), 0);
    assert_int_equal(unlink(other), 0);
    assert_int_equal(mkfifo(path, 0644), 0);
    expect_local("backup", false, "not a regular file");
    assert_int_equal(unlink(path), 0);
    assert_int_equal(mkdir(path, 0755), 0);
    expect_local("backup", false, "not a regular file");
    assert_int_equal(rmdir(path), 0);
}

/* I-32, I-51: a link is not followed, a FIFO not waited for, and no child of the application gets it. */
static void
local_users_are_opened_with_care(void **state)
{
    (void)state;
    open_flags = 0;
    expect_local("backup", false, NULL);
    assert_int_equal(open_flags & O_ACCMODE, O_RDONLY);
    assert_true((open_flags & O_CLOEXEC) != 0);
    assert_true((open_flags & O_NOFOLLOW) != 0);
    assert_true((open_flags & O_NONBLOCK) != 0);
}

/* I-23: lines as they may come: the last without its end, empty ones, a file above the limit. */
static void
local_users_are_whole_lines(void **state)
{
    static char large[70000];

    (void)state;
    if (geteuid() != 0)
        SKIP("only root can make a file that is believed");
    write_local("", 0644, 0);
    expect_local("backup", false, NULL);
    write_local("\n\nadmin\nbackup", 0644, 0);
    expect_local("backup", true, NULL);
    expect_local("admin", true, NULL);
    expect_local("admi", false, NULL);
    expect_local("dmin", false, NULL);
    expect_local("admin backup", false, NULL);
    memset(large, 'x', sizeof(large) - 1);
    memcpy(large, "backup\n", 7);
    write_local(large, 0644, 0);
    expect_local("backup", false, "too large");
}

/* I-23: within 50 ms, with a bridge that hangs; the module does not even ask it. */
static void
local_users_need_no_bridge(void **state)
{
    (void)state;
    fake_start(&bridge, &hang, 1);
    pam_handle_t *pamh = start("root");
    int64_t began_ms = clock_mono_ms();
    assert_int_equal(pam_authenticate(pamh, 0), GUEST_IGNORED);
    assert_int_equal(pam_acct_mgmt(pamh, 0), GUEST_IGNORED);
    assert_int_equal(pam_open_session(pamh, 0), GUEST_IGNORED);
    assert_true(clock_mono_ms() - began_ms < 50);
    assert_int_equal(pam_end(pamh, PAM_SUCCESS), PAM_SUCCESS);
    fake_stop(&bridge);
    assert_int_equal(bridge.served, 0);
}

#define WITH_BRIDGE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_BRIDGE(local_users_must_be_roots),
        WITH_BRIDGE(local_users_are_opened_with_care),
        WITH_BRIDGE(local_users_are_whole_lines),
        WITH_BRIDGE(local_users_need_no_bridge),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
