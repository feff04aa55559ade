/*
 * A PKCS#11 library for tests: SoftHSM's, with the configuration beside this file (a signer has no environment that could name
 * one), and with the fault that the file "fault" there names:
 *
 *   hang, crash     in C_Sign                  lost     C_Sign fails once: the session is gone
 *   hang-start      in C_Initialize            final    the token says that one try is left, locked: none
 *   probe           C_Sign tries what a signer may not, writes what it could to the file "probe", and fails
 *
 * Each C_Login adds a byte to the file "logins".
 * SPDX-License-Identifier: Apache-2.0
 */
#include <arpa/inet.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <p11-kit/pkcs11.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#define REAL "/usr/lib/softhsm/libsofthsm2.so"

CK_RV C_GetFunctionList(CK_FUNCTION_LIST **list);

static CK_FUNCTION_LIST *real;
static CK_FUNCTION_LIST mine;
static char folder[4096];

static int
open_beside(const char *name, int flags)
{
    char path[8192];

    (void)snprintf(path, sizeof(path), "%s/%s", folder, name);
    return open(path, flags | O_CLOEXEC);
}

static bool
is_fault(const char *name)
{
    char text[32] = "";
    int fd = open_beside("fault", O_RDONLY);
    ssize_t n = fd >= 0 ? read(fd, text, sizeof(text) - 1) : -1;

    if (fd >= 0)
        (void)close(fd);
    return n > 0 && strcmp(text, name) == 0;
}

static void
add_line(const char *name, const char *line)
{
    int fd = open_beside(name, O_WRONLY | O_APPEND);
    ssize_t n = write(fd, line, strlen(line));

    (void)n;
    (void)close(fd);
}

static void
hang(void)
{
    for (;;)
        (void)pause();
}

/* ---- What a signer may not ---- */

static void *
thread(void *arg)
{
    *(bool *)arg = true;
    return NULL;
}

static void
report(const char *what, bool could)
{
    char line[64];

    (void)snprintf(line, sizeof(line), "%s=%d\n", what, could);
    add_line("probe", line);
}

static bool
can_open_socket(int family, int type)
{
    int fd = socket(family, type | SOCK_CLOEXEC, 0);

    if (fd >= 0)
        (void)close(fd);
    return fd >= 0;
}

static bool
can_fork(void)
{
    pid_t pid = fork();

    if (pid == 0)
        _exit(0);
    return pid > 0;
}

static bool
can_execute(void)
{
    char *none[] = {NULL};

    /* The file is none that could run: EACCES would say that the attempt was allowed. */
    return execve("/etc/passwd", none, none) == 0 || errno == EACCES;
}

static bool
can_read(const char *path)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);

    if (fd >= 0)
        (void)close(fd);
    return fd >= 0;
}

static void
probe(void)
{
    pthread_t one;
    bool ran = false;
    char pin[8192];

    report("inet", can_open_socket(AF_INET, SOCK_STREAM));
    report("inet6", can_open_socket(AF_INET6, SOCK_DGRAM));
    report("netlink", can_open_socket(AF_NETLINK, SOCK_RAW));
    report("packet", can_open_socket(AF_PACKET, SOCK_RAW));
    report("unix", can_open_socket(AF_UNIX, SOCK_STREAM));
    report("fork", can_fork());
    report("execute", can_execute());
    report("trace", ptrace(PTRACE_ATTACH, getppid(), NULL, NULL) == 0);
    report("kill", kill(getppid(), 0) == 0);
    report("unshare", unshare(CLONE_NEWUSER) == 0);
    report("ring", syscall(SYS_io_uring_setup, 0, NULL) < 0 && errno != EPERM && errno != ENOSYS);
    report("dumpable", prctl(PR_SET_DUMPABLE, 1, 0, 0, 0) == 0);
    report("wide", syscall(SYS_prctl, (1UL << 32) | PR_SET_DUMPABLE, 1L, 0L, 0L, 0L) == 0);
    (void)snprintf(pin, sizeof(pin), "%s/unit.pin", folder);
    report("pin", can_read(pin));
    report("environment", getenv("SIGNER_CANARY") != NULL);
    if (pthread_create(&one, NULL, thread, &ran) == 0)
        (void)pthread_join(one, NULL);
    report("thread", ran);
    report("file", can_read("/etc/passwd"));
}

/* ---- In the place of SoftHSM's ---- */

static CK_RV
my_initialize(void *args)
{
    if (is_fault("hang-start"))
        hang();
    return real->C_Initialize(args);
}

static CK_RV
my_get_token_info(CK_SLOT_ID slot, CK_TOKEN_INFO *info)
{
    CK_RV rv = real->C_GetTokenInfo(slot, info);

    if (is_fault("final"))
        info->flags |= CKF_USER_PIN_FINAL_TRY | CKF_USER_PIN_COUNT_LOW;
    if (is_fault("locked"))
        info->flags |= CKF_USER_PIN_LOCKED;
    return rv;
}

static CK_RV
my_login(CK_SESSION_HANDLE session, CK_USER_TYPE user, unsigned char *pin, CK_ULONG len)
{
    add_line("logins", "x");
    return real->C_Login(session, user, pin, len);
}

static CK_RV
my_sign(CK_SESSION_HANDLE session, unsigned char *data, CK_ULONG len, unsigned char *signature,
    CK_ULONG *signature_len)
{
    if (is_fault("hang"))
        hang();
    if (is_fault("crash"))
        abort();
    if (is_fault("probe")) {
        probe();
        return CKR_FUNCTION_FAILED;
    }
    if (is_fault("lost")) {
        int fd = open_beside("fault", O_WRONLY | O_TRUNC);
        (void)close(fd);
        return CKR_SESSION_HANDLE_INVALID;
    }
    return real->C_Sign(session, data, len, signature, signature_len);
}

CK_RV
C_GetFunctionList(CK_FUNCTION_LIST **list)
{
    char path[8192];
    Dl_info self;
    CK_C_GetFunctionList get;

    if (real == NULL) {
        if (dladdr((void *)&real, &self) == 0 || self.dli_fname[0] != '/')
            return CKR_GENERAL_ERROR;
        (void)snprintf(folder, sizeof(folder), "%.*s",
            (int)(strrchr(self.dli_fname, '/') - self.dli_fname), self.dli_fname);
        (void)snprintf(path, sizeof(path), "%s/softhsm2.conf", folder);
        void *library = dlopen(REAL, RTLD_NOW | RTLD_LOCAL);
        if (library == NULL || setenv("SOFTHSM2_CONF", path, 1) != 0)
            return CKR_GENERAL_ERROR;
        *(void **)&get = dlsym(library, "C_GetFunctionList");
        CK_RV rv = get(&real);
        if (rv != CKR_OK)
            return rv;
        mine = *real;
        mine.C_Initialize = my_initialize;
        mine.C_GetTokenInfo = my_get_token_info;
        mine.C_Login = my_login;
        mine.C_Sign = my_sign;
    }
    *list = &mine;
    return CKR_OK;
}
