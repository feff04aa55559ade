/*
 * The double life of a daemon's first moment.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "bridge/background.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

static void
leave_terminal(void)
{
    int null_fd = open("/dev/null", O_RDWR | O_CLOEXEC);

    if (null_fd < 0)
        return;
    (void)dup2(null_fd, STDIN_FILENO);
    (void)dup2(null_fd, STDOUT_FILENO);
    (void)dup2(null_fd, STDERR_FILENO);
    if (null_fd > STDERR_FILENO)
        (void)close(null_fd);
}

int
background_begin(int *ret_ready_fd)
{
    int ends[2];
    char byte;

    if (pipe2(ends, O_CLOEXEC) != 0)
        return FED_E_SYSTEM;
    pid_t child = fork();
    if (child < 0) {
        (void)close(ends[0]);
        (void)close(ends[1]);
        return FED_E_SYSTEM;
    }
    if (child > 0) {
        (void)close(ends[1]);
        _exit(read(ends[0], &byte, 1) == 1 ? EXIT_SUCCESS : EXIT_FAILURE);
    }
    (void)close(ends[0]);
    (void)setsid();
    if (chdir("/") != 0)
        return FED_E_SYSTEM;
    *ret_ready_fd = ends[1];
    return 0;
}

void
background_ready(int ready_fd)
{
    if (ready_fd < 0)
        return;
    ssize_t n = write(ready_fd, "", 1);
    (void)n; /* a parent that was killed needs no news */
    (void)close(ready_fd);
    leave_terminal();
}
