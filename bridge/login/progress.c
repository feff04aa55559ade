/*
 * A timer and a handler that writes constants: nothing else is safe in one.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "bridge/login/progress.h"

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/time.h>
#include <unistd.h>

enum { FIRST_US = 500 * 1000 };

static bool allowed;
static volatile sig_atomic_t ticks;

void
progress_allow(void)
{
    allowed = isatty(STDERR_FILENO);
}

static void
on_tick(int signal)
{
    static const char begin[] = "Waiting for the answer .";
    int number = errno;
    ssize_t n =
        ticks == 0 ? write(STDERR_FILENO, begin, sizeof(begin) - 1) : write(STDERR_FILENO, ".", 1);

    (void)n;
    (void)signal;
    if (ticks < 40)
        ticks = ticks + 1;
    errno = number;
}

void
progress_begin(void)
{
    static const struct itimerval when = {{0, FIRST_US}, {0, FIRST_US}};
    struct sigaction action = {.sa_handler = on_tick, .sa_flags = SA_RESTART};

    if (!allowed)
        return;
    ticks = 0;
    (void)sigaction(SIGALRM, &action, NULL);
    (void)setitimer(ITIMER_REAL, &when, NULL);
}

void
progress_end(void)
{
    static const struct itimerval never;
    static const char wipe[] = "\r                                                                "
                               "             \r";

    if (!allowed)
        return;
    (void)setitimer(ITIMER_REAL, &never, NULL);
    (void)signal(SIGALRM, SIG_DFL);
    ssize_t n = ticks > 0 ? write(STDERR_FILENO, wipe, sizeof(wipe) - 1) : 0;
    (void)n;
}
