/*
 * A test that has nothing to see on this machine says why, and what the machine must allow for that.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef TESTS_SKIP_H
#define TESTS_SKIP_H

#include <linux/capability.h>
#include <stdbool.h>
#include <sys/syscall.h>
#include <unistd.h>

/* A test that is skipped has proved nothing: tests/units.sh prints its name with this reason. */
#define SKIP(reason)                                                                               \
    do {                                                                                           \
        print_message("skipped: %s\n", (reason));                                                  \
        skip();                                                                                    \
    } while (0)

/* May it look into processes that are not dumpable? Root may, but for root in a plain container. */
__attribute__((unused)) static bool
may_look_into_processes(void)
{
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3];

    return syscall(SYS_capget, &header, data) == 0 &&
           (data[CAP_TO_INDEX(CAP_SYS_PTRACE)].effective & CAP_TO_MASK(CAP_SYS_PTRACE)) != 0;
}

#endif
