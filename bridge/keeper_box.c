/*
 * Descriptors, privileges, limits and the list of system calls.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "bridge/keeper_box.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <seccomp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const char *who = "awsfed-keeper";

static int
fail(char *why, size_t why_size, const char *what)
{
    (void)snprintf(why, why_size, "%s cannot %s: %s", who, what, strerror(errno));
    return FED_E_SYSTEM;
}

static bool
limit(__rlimit_resource_t resource, rlim_t most)
{
    return setrlimit(resource, &(struct rlimit){.rlim_cur = most, .rlim_max = most}) == 0;
}

int
keeper_box_close(int fd, const char *name, char *why, size_t why_size)
{
    static const int ignored[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGPIPE, SIGUSR1, SIGUSR2};

    who = name;
    for (size_t i = 0; i < COUNT(ignored); i++)
        if (signal(ignored[i], SIG_IGN) == SIG_ERR)
            return fail(why, why_size, "ignore a signal");
    (void)prctl(PR_SET_NAME, name);

    /* Out of the way first: the socket may well be one of 0 to 3 itself. */
    int socket_fd = fcntl(fd, F_DUPFD_CLOEXEC, 10);
    int null_fd = open("/dev/null", O_RDWR | O_CLOEXEC);
    if (socket_fd < 0 || null_fd < 0 || dup2(null_fd, STDIN_FILENO) < 0 ||
        dup2(null_fd, STDOUT_FILENO) < 0 ||
        (fcntl(STDERR_FILENO, F_GETFD) < 0 && dup2(null_fd, STDERR_FILENO) < 0) ||
        dup3(socket_fd, KEEPER_BOX_FD, O_CLOEXEC) < 0 ||
        close_range(KEEPER_BOX_FD + 1, ~0U, 0) != 0)
        return fail(why, why_size, "close its descriptors");

    if (!limit(RLIMIT_CORE, 0) || prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0)
        return fail(why, why_size, "forbid core dumps");
    return 0;
}

/* What only root can do, before it is no longer root. */
static int
use_root(char *why, size_t why_size)
{
    /* Refused in some containers; the filter knows no socket(2) either way. */
    if (unshare(CLONE_NEWNET) != 0 && errno != EPERM && errno != EINVAL && errno != ENOSYS)
        return fail(why, why_size, "leave the network");
#if !KEEPER_BOX_SANITIZED
    /* OpenSSL's own copies of the keys too. Best effort: the limit may be out of our hands. */
    if (limit(RLIMIT_MEMLOCK, RLIM_INFINITY))
        (void)mlockall(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT);
#endif
    return 0;
}

/* All three of each, and no way back to where we came from. */
static bool
is_dropped(uid_t uid, gid_t gid)
{
    uid_t ruid, euid, suid;
    gid_t rgid, egid, sgid;

    return getresuid(&ruid, &euid, &suid) == 0 && getresgid(&rgid, &egid, &sgid) == 0 &&
           ruid == uid && euid == uid && suid == uid && rgid == gid && egid == gid && sgid == gid &&
           setresuid((uid_t)-1, 0, (uid_t)-1) != 0 && setuid(0) != 0 && seteuid(0) != 0 &&
           (gid == 0 || setresgid((gid_t)-1, 0, (gid_t)-1) != 0) && setgroups(0, NULL) != 0;
}

int
keeper_box_drop(const struct keeper_box_ids *ids, char *why, size_t why_size)
{
    if (ids->uid == 0 || (geteuid() != 0 && (ids->uid != geteuid() || ids->gid != getegid()))) {
        (void)snprintf(why, why_size,
            "%s cannot become uid %u: start as root and name an unprivileged user in "
            "[bridge] user",
            who, (unsigned)ids->uid);
        return FED_E_CONFIG;
    }
    if (geteuid() == 0) {
        int r = use_root(why, why_size);
        if (r != 0)
            return r;
        if (setgroups(ids->n_groups, ids->groups) != 0 ||
            setresgid(ids->gid, ids->gid, ids->gid) != 0 ||
            setresuid(ids->uid, ids->uid, ids->uid) != 0)
            return fail(why, why_size, "drop root's privileges");
    }
    if (!is_dropped(ids->uid, ids->gid)) {
        errno = EPERM;
        return fail(why, why_size, "prove that its privileges are gone");
    }
    /* Again: a change of uid sets the flag to the system's default (proc(5), suid_dumpable). */
    if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0 || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
        return fail(why, why_size, "give up new privileges");
    return 0;
}

#if KEEPER_BOX_SANITIZED

int
keeper_box_shut(char *why, size_t why_size)
{
    (void)why, (void)why_size;
    return 0;
}

#else

/*
 * Seen with strace: a request is recvfrom, sendto, and at times brk, mmap or munmap by malloc. OpenSSL's
 * generator asks getrandom when it reseeds and getpid for forks. The clocks are system calls only
 * where the vDSO cannot read them.
 */
static const int allowed[] = {
    SCMP_SYS(recvfrom),
    SCMP_SYS(recvmsg),
    SCMP_SYS(recv),
    SCMP_SYS(sendto),
    SCMP_SYS(sendmsg),
    SCMP_SYS(send),
    SCMP_SYS(brk),
    SCMP_SYS(munmap),
    SCMP_SYS(mremap),
    SCMP_SYS(madvise),
    SCMP_SYS(getrandom),
    SCMP_SYS(getpid),
    SCMP_SYS(clock_gettime),
    SCMP_SYS(clock_gettime64),
    SCMP_SYS(gettimeofday),
    SCMP_SYS(time),
    SCMP_SYS(futex),
    SCMP_SYS(futex_time64),
    SCMP_SYS(close),
    SCMP_SYS(restart_syscall),
    SCMP_SYS(rt_sigreturn),
    SCMP_SYS(sigreturn),
    SCMP_SYS(exit),
    SCMP_SYS(exit_group),
};

int
keeper_box_shut(char *why, size_t why_size)
{
    /* Memory for data, never for code; words to standard error, never elsewhere. */
    const struct scmp_arg_cmp not_code = SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0);
    const struct scmp_arg_cmp last_words = SCMP_A0(SCMP_CMP_EQ, STDERR_FILENO, 0);
    const struct {
        int call;
        struct scmp_arg_cmp only;
    } partly[] = {
        {SCMP_SYS(mmap), not_code},
        {SCMP_SYS(mmap2), not_code},
        {SCMP_SYS(mprotect), not_code},
        {SCMP_SYS(write), last_words},
        {SCMP_SYS(writev), last_words},
    };
    int code = 0;

    if (!limit(RLIMIT_NOFILE, 0) || !limit(RLIMIT_NPROC, 0))
        return fail(why, why_size, "limit itself");
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_KILL_PROCESS);
    if (filter == NULL) {
        errno = ENOMEM;
        return fail(why, why_size, "make its seccomp filter");
    }
    for (size_t i = 0; i < COUNT(allowed) && code == 0; i++)
        code = seccomp_rule_add(filter, SCMP_ACT_ALLOW, allowed[i], 0);
    for (size_t i = 0; i < COUNT(partly) && code == 0; i++)
        code = seccomp_rule_add_array(filter, SCMP_ACT_ALLOW, partly[i].call, 1, &partly[i].only);
    if (code == 0)
        code = seccomp_load(filter);
    seccomp_release(filter);
    if (code != 0) {
        errno = -code;
        return fail(why, why_size, "load its seccomp filter");
    }
    return 0;
}

#endif
