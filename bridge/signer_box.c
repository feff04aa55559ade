/*
 * The list of what a signer may not do.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "bridge/signer_box.h"

#include <errno.h>
#include <sched.h>
#include <seccomp.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bridge/keeper_box.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

#if KEEPER_BOX_SANITIZED

int
signer_box_shut(bool may_fork, char *why, size_t why_size)
{
    (void)may_fork, (void)why, (void)why_size;
    return 0;
}

#else

enum { FILES_MOST = 256, FILE_SIZE_MOST = 64 * 1024 * 1024 };

/* io_uring because it makes sockets that no filter sees; socketcall because its arguments cannot be looked at. */
static const int refused[] = {
    SCMP_SYS(execve),
    SCMP_SYS(execveat),
    SCMP_SYS(ptrace),
    SCMP_SYS(process_vm_readv),
    SCMP_SYS(process_vm_writev),
    SCMP_SYS(process_madvise),
    SCMP_SYS(pidfd_getfd),
    SCMP_SYS(kcmp),
    SCMP_SYS(socketcall),
    SCMP_SYS(io_uring_setup),
    SCMP_SYS(io_uring_enter),
    SCMP_SYS(io_uring_register),
    SCMP_SYS(unshare),
    SCMP_SYS(setns),
    SCMP_SYS(chroot),
    SCMP_SYS(pivot_root),
    SCMP_SYS(mount),
    SCMP_SYS(umount),
    SCMP_SYS(umount2),
    SCMP_SYS(open_tree),
    SCMP_SYS(move_mount),
    SCMP_SYS(mount_setattr),
    SCMP_SYS(fsopen),
    SCMP_SYS(fsconfig),
    SCMP_SYS(fsmount),
    SCMP_SYS(fspick),
    SCMP_SYS(open_by_handle_at),
    SCMP_SYS(fanotify_init),
    SCMP_SYS(keyctl),
    SCMP_SYS(add_key),
    SCMP_SYS(request_key),
    SCMP_SYS(bpf),
    SCMP_SYS(perf_event_open),
    SCMP_SYS(userfaultfd),
    SCMP_SYS(init_module),
    SCMP_SYS(finit_module),
    SCMP_SYS(delete_module),
    SCMP_SYS(kexec_load),
    SCMP_SYS(kexec_file_load),
    SCMP_SYS(reboot),
    SCMP_SYS(swapon),
    SCMP_SYS(swapoff),
    SCMP_SYS(acct),
    SCMP_SYS(quotactl),
    SCMP_SYS(syslog),
    SCMP_SYS(iopl),
    SCMP_SYS(ioperm),
    SCMP_SYS(personality),
    SCMP_SYS(settimeofday),
    SCMP_SYS(clock_settime),
    SCMP_SYS(clock_settime64),
    SCMP_SYS(clock_adjtime),
    SCMP_SYS(adjtimex),
    SCMP_SYS(sethostname),
    SCMP_SYS(setdomainname),
};

static const int refused_to_module[] = {
    SCMP_SYS(fork),
    SCMP_SYS(vfork),
    SCMP_SYS(tkill),
    SCMP_SYS(rt_sigqueueinfo),
    SCMP_SYS(pidfd_open),
    SCMP_SYS(pidfd_send_signal),
};

static int
fail(char *why, size_t why_size, int error)
{
    (void)snprintf(why, why_size, "the signer cannot shut itself in: %s", strerror(error));
    return FED_E_SYSTEM;
}

static int
refuse(scmp_filter_ctx filter, const int *calls, size_t n)
{
    int code = 0;

    for (size_t i = 0; i < n && code == 0; i++)
        code = seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), calls[i], 0);
    return code;
}

/* Threads it may have, but no child; itself it may signal, as abort(3) does; and what its parent set stays so. */
static int
refuse_to_module(scmp_filter_ctx filter)
{
    const struct scmp_arg_cmp no_thread = SCMP_A0(SCMP_CMP_MASKED_EQ, CLONE_THREAD, 0);
    const struct scmp_arg_cmp others = SCMP_A0(SCMP_CMP_NE, (scmp_datum_t)getpid(), 0);
    const struct {
        int call;
        struct scmp_arg_cmp when;
    } partly[] = {
        {SCMP_SYS(clone), no_thread},
        {SCMP_SYS(kill), others},
        {SCMP_SYS(tgkill), others},
        {SCMP_SYS(rt_tgsigqueueinfo), others},
        /* The kernel takes the lower half of the word alone, and so must whoever forbids some. */
        {SCMP_SYS(prctl), SCMP_A0(SCMP_CMP_MASKED_EQ, UINT32_MAX, PR_SET_DUMPABLE)},
        {SCMP_SYS(prctl), SCMP_A0(SCMP_CMP_MASKED_EQ, UINT32_MAX, PR_SET_PDEATHSIG)},
        {SCMP_SYS(prctl), SCMP_A0(SCMP_CMP_MASKED_EQ, UINT32_MAX, PR_SET_PTRACER)},
    };

    int code = refuse(filter, refused_to_module, COUNT(refused_to_module));
    for (size_t i = 0; i < COUNT(partly) && code == 0; i++)
        code = seccomp_rule_add_array(
            filter, SCMP_ACT_ERRNO(EPERM), partly[i].call, 1, &partly[i].when);
    /* Its flags are in memory, where a filter cannot look; the C library then uses clone(2). */
    return code != 0 ? code : seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0);
}

static int
limit_files(void)
{
    const struct rlimit files = {FILES_MOST, FILES_MOST};
    const struct rlimit size = {FILE_SIZE_MOST, FILE_SIZE_MOST};

    return setrlimit(RLIMIT_NOFILE, &files) == 0 && setrlimit(RLIMIT_FSIZE, &size) == 0 ? 0 : -1;
}

int
signer_box_shut(bool may_fork, char *why, size_t why_size)
{
    const struct scmp_arg_cmp no_local_socket = SCMP_A0(SCMP_CMP_NE, AF_UNIX, 0);
    int code;

    if (!may_fork && limit_files() != 0)
        return fail(why, why_size, errno);
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
    if (filter == NULL)
        return fail(why, why_size, ENOMEM);
    code = seccomp_rule_add_array(
        filter, SCMP_ACT_ERRNO(EAFNOSUPPORT), SCMP_SYS(socket), 1, &no_local_socket);
    if (code == 0)
        code = refuse(filter, refused, COUNT(refused));
    if (code == 0 && !may_fork)
        code = refuse_to_module(filter);
    if (code == 0)
        code = seccomp_load(filter);
    seccomp_release(filter);
    return code == 0 ? 0 : fail(why, why_size, -code);
}

#endif
