/*
 * The double life of a daemon's first moment. Standard error of the new process is a pipe from its first moment on, so that
 * whatever it forks (the keeper) holds nothing of the caller's; the parent passes on what comes out, until the NUL of readiness.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "bridge/background.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int
replace(int fd, const char *path)
{
    int fresh = open(path, O_RDWR);

    if (fresh < 0)
        return FED_E_SYSTEM;
    if (fresh == fd)
        return 0;
    int r = dup2(fresh, fd) < 0 ? FED_E_SYSTEM : 0;
    (void)close(fresh);
    return r;
}

/* True: ready. False: the child ended before. */
static bool
pass_on(int from)
{
    char text[1024];

    for (;;) {
        ssize_t n = read(from, text, sizeof(text));
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return false;
        const char *ready = memchr(text, '\0', (size_t)n);
        size_t len = ready != NULL ? (size_t)(ready - text) : (size_t)n;
        ssize_t written = write(STDERR_FILENO, text, len);
        (void)written; /* nobody listens: the exit status has to do */
        if (ready != NULL)
            return true;
    }
}

static int
leave_caller(int said)
{
    if (dup2(said, STDERR_FILENO) < 0 || setsid() < 0 || chdir("/") != 0)
        return FED_E_SYSTEM;
    if (said != STDERR_FILENO)
        (void)close(said);
    return replace(STDIN_FILENO, "/dev/null") != 0 || replace(STDOUT_FILENO, "/dev/null") != 0
               ? FED_E_SYSTEM
               : 0;
}

/* A script's lock, or a pipe at whose end it waits, would be held for as long as the bridge runs. */
void
background_prepare(void)
{
    (void)close_range(STDERR_FILENO + 1, ~0U, 0);
}

int
background_begin(void)
{
    int ends[2];

    if (pipe(ends) != 0)
        return FED_E_SYSTEM;
    pid_t child = fork();
    if (child < 0) {
        (void)close(ends[0]);
        (void)close(ends[1]);
        return FED_E_SYSTEM;
    }
    if (child > 0) {
        (void)close(ends[1]);
        _exit(pass_on(ends[0]) ? EXIT_SUCCESS : EXIT_FAILURE);
    }
    (void)close(ends[0]);
    return leave_caller(ends[1]);
}

void
background_ready(void)
{
    /* Let go of the caller first: once told, it may look, or wait for the end of its own standard error. */
    int said = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);

    (void)replace(STDERR_FILENO, "/dev/null");
    ssize_t n = write(said, "", 1);
    (void)n; /* a parent that was killed needs no news */
    (void)close(said);
}
