/*
 * The process that the module is a guest of, made observable: it runs under the real libpam from a
 * private service folder, while this program's own definitions of a few functions take precedence for
 * the module: its log lines are kept, PAM_AUTHTOK can be preset (only a module may set it), and the
 * monotonic clock can run faster, with poll(2) waiting less, so that a deadline of 30 s is tested in 0.3 s.
 * Included once by each test program.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef TESTS_GUEST_H
#define TESTS_GUEST_H

#include <dlfcn.h>
#include <limits.h>
#include <poll.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <security/pam_appl.h>
#include <security/pam_ext.h>
#include <security/pam_modules.h>

#include "base/err.h"
#include "tests/base/sanitized.h"

#define GUEST_EXPORT __attribute__((visibility("default")))

static struct guest {
    char log[16384];     /* every line, each ended by a newline */
    const char *authtok; /* what the module sees; NULL = what libpam has */
    const char *oldauthtok;
    char left[600]; /* the PAM_AUTHTOK that the module set, for the modules after it */
    int speed;      /* 0, 1 = the clock as it is */
    struct timespec origin;
} guest;

FED_PRINTF(1, 0)
static void
guest_log(const char *format, va_list ap)
{
    size_t used = strlen(guest.log);

    if (strncmp(format, "_pam_", 5) == 0)
        return; /* libpam's own: it misses a service file "other" */
    int n = vsnprintf(guest.log + used, sizeof(guest.log) - used - 1, format, ap);

    if (n > 0 && used + (size_t)n < sizeof(guest.log) - 2)
        memcpy(guest.log + used + (size_t)n, "\n", 2);
}

GUEST_EXPORT void
pam_vsyslog(const pam_handle_t *pamh, int priority, const char *format, va_list ap)
{
    (void)pamh;
    (void)priority;
    guest_log(format, ap);
}

GUEST_EXPORT void
pam_syslog(const pam_handle_t *pamh, int priority, const char *format, ...)
{
    va_list ap;

    (void)pamh;
    (void)priority;
    va_start(ap, format);
    guest_log(format, ap);
    va_end(ap);
}

GUEST_EXPORT int
pam_get_item(const pam_handle_t *pamh, int item, const void **ret)
{
    static int (*real)(const pam_handle_t *, int, const void **);

    if (real == NULL)
        *(void **)&real = dlsym(RTLD_NEXT, "pam_get_item");
    if (item == PAM_AUTHTOK && guest.authtok != NULL) {
        *ret = guest.authtok;
        return PAM_SUCCESS;
    }
    if (item == PAM_OLDAUTHTOK && guest.oldauthtok != NULL) {
        *ret = guest.oldauthtok;
        return PAM_SUCCESS;
    }
    return real(pamh, item, ret);
}

GUEST_EXPORT int
pam_set_item(pam_handle_t *pamh, int item, const void *value)
{
    static int (*real)(pam_handle_t *, int, const void *);

    if (real == NULL)
        *(void **)&real = dlsym(RTLD_NEXT, "pam_set_item");
    if (item == PAM_AUTHTOK && value != NULL) /* libpam itself forgets it at the end */
        (void)snprintf(guest.left, sizeof(guest.left), "%s", (const char *)value);
    return real(pamh, item, value);
}

static int64_t
guest_ns(const struct timespec *t)
{
    return (int64_t)t->tv_sec * 1000000000 + t->tv_nsec;
}

GUEST_EXPORT int
clock_gettime(clockid_t clock, struct timespec *ret)
{
    int r = (int)syscall(SYS_clock_gettime, clock, ret);

    if (r == 0 && clock == CLOCK_MONOTONIC && guest.speed > 1) {
        int64_t origin = guest_ns(&guest.origin);
        int64_t now = origin + (guest_ns(ret) - origin) * guest.speed;
        ret->tv_sec = (time_t)(now / 1000000000);
        ret->tv_nsec = (long)(now % 1000000000);
    }
    return r;
}

/* By its linker's name: the C library's headers may have an inline function of the other. */
GUEST_EXPORT int guest_poll(struct pollfd *fds, nfds_t n, int timeout_ms) __asm__("poll");

int
guest_poll(struct pollfd *fds, nfds_t n, int timeout_ms)
{
    int64_t ms = timeout_ms;
    struct timespec wait;

    if (guest.speed > 1 && ms > 0)
        ms = (ms + guest.speed - 1) / guest.speed;
    wait = (struct timespec){.tv_sec = (time_t)(ms / 1000), .tv_nsec = (long)(ms % 1000) * 1000000};
    return ppoll(fds, n, timeout_ms < 0 ? NULL : &wait, NULL);
}

__attribute__((unused)) static void
guest_set_speed(int speed)
{
    guest.speed = 0;
    (void)syscall(SYS_clock_gettime, CLOCK_MONOTONIC, &guest.origin);
    guest.speed = speed;
}

/* The built module: two folders above this program's, as the Makefile has it, or $AWSFED_MODULE. */
static const char *
guest_module(void)
{
    static char path[PATH_MAX + 32];
    char self[PATH_MAX];

    if (getenv("AWSFED_MODULE") != NULL)
        return getenv("AWSFED_MODULE");
    ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);
    if (n <= 0)
        abort();
    self[n] = '\0';
    for (int i = 0; i < 3; i++) {
        char *slash = strrchr(self, '/');
        if (slash != NULL)
            *slash = '\0';
    }
    (void)snprintf(path, sizeof(path), "%s/pam_awsfed.so", self);
    return path;
}

/*
 * Write the service file FOLDER/awsfed. Each phase has the module, whose own code comes out unless it is
 * PAM_IGNORE; then, and only then, the second line is reached, whose code nobody else uses.
 */
#define GUEST_IGNORED PAM_CRED_EXPIRED
__attribute__((unused)) static void
guest_write_service(const char *folder, const char *socket, const char *options)
{
    static const char *const phases[] = {"auth", "account", "session", "password"};
    char path[128];

    (void)snprintf(path, sizeof(path), "%s/awsfed", folder);
    FILE *f = fopen(path, "we");
    if (f == NULL)
        abort();
    for (size_t i = 0; i < 4; i++) {
        fprintf(f,
            "%s [success=done new_authtok_reqd=done ignore=ignore default=die] %s socket=%s %s\n",
            phases[i], guest_module(), socket, options);
        fprintf(f,
            "%s [success=ok default=die] pam_debug.so auth=cred_expired cred=cred_expired "
            "acct=cred_expired "
            "open_session=cred_expired close_session=cred_expired prechauthtok=success "
            "chauthtok=cred_expired\n",
            phases[i]);
    }
    if (fclose(f) != 0)
        abort();
}

#endif
