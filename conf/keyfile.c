/*
 * Opening, checking and reading a file of root's, all on the one descriptor.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "conf/keyfile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Owner and mode; FED_E_CONFIG with why. The remedy is a command to paste. */
static int
check_access(const char *path, const struct stat *st, bool secret, char *why, size_t why_size)
{
    mode_t refused = S_IWGRP | S_IWOTH;

    if (st->st_uid != 0 && st->st_uid != geteuid()) {
        (void)snprintf(why, why_size, "\"%s\": owned by uid %u, not by root: chown root '%s'", path,
            (unsigned)st->st_uid, path);
        return FED_E_CONFIG;
    }
    if (secret)
        refused |= st->st_gid == 0 ? S_IROTH : S_IRGRP | S_IROTH;
    if ((st->st_mode & refused) == 0)
        return 0;
    if ((st->st_mode & (S_IWGRP | S_IWOTH)) != 0)
        (void)snprintf(why, why_size, "\"%s\": writable by others than its owner: chmod %s '%s'",
            path, secret ? "600" : "go-w", path);
    else
        (void)snprintf(why, why_size,
            "\"%s\": holds a secret and is readable by others: chmod 600 '%s'", path, path);
    return FED_E_CONFIG;
}

static int
check_file(const char *path, int fd, bool secret, size_t limit, size_t *ret_size, char *why,
    size_t why_size)
{
    struct stat st;

    if (fstat(fd, &st) != 0) {
        (void)snprintf(why, why_size, "\"%s\": cannot be examined: %s", path, strerror(errno));
        return FED_E_CONFIG;
    }
    if (!S_ISREG(st.st_mode)) {
        (void)snprintf(why, why_size, "\"%s\": not a regular file: name a file", path);
        return FED_E_CONFIG;
    }
    int r = check_access(path, &st, secret, why, why_size);
    if (r != 0)
        return r;
    if (st.st_size <= 0) {
        (void)snprintf(why, why_size, "\"%s\": empty: fill it or name another file", path);
        return FED_E_CONFIG;
    }
    if ((uintmax_t)st.st_size > limit) {
        (void)snprintf(why, why_size, "\"%s\": %jd bytes, more than %zu: is this the right file?",
            path, (intmax_t)st.st_size, limit);
        return FED_E_CONFIG;
    }
    *ret_size = (size_t)st.st_size;
    return 0;
}

/* Exactly len bytes and then the end: a file that changes while it is read is refused. */
static int
read_exactly(int fd, unsigned char *to, size_t len)
{
    unsigned char extra;
    off_t at = 0;
    ssize_t n;

    while (len > 0) {
        n = pread(fd, to, len, at);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return FED_E_CONFIG;
        to += n;
        at += n;
        len -= (size_t)n;
    }
    do
        n = pread(fd, &extra, 1, at);
    while (n < 0 && errno == EINTR);
    explicit_bzero(&extra, 1);
    return n == 0 ? 0 : FED_E_CONFIG;
}

/* O_NONBLOCK: a FIFO of that name must not hold up the start before fstat tells what it is. */
int
keyfile_open(const char *path, int *ret_fd, char *why, size_t why_size)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);

    if (fd >= 0) {
        *ret_fd = fd;
        return 0;
    }
    if (errno == ELOOP)
        (void)snprintf(
            why, why_size, "\"%s\": a symbolic link: name the file that it points to", path);
    else if (errno == ENOENT)
        (void)snprintf(why, why_size, "\"%s\": does not exist: create it", path);
    else
        (void)snprintf(why, why_size, "\"%s\": cannot be opened: %s", path, strerror(errno));
    return FED_E_CONFIG;
}

int
keyfile_read_open(
    int fd, const char *path, bool secret, struct fed_secret *ret, char *why, size_t why_size)
{
    struct fed_secret fresh = FED_SECRET_INIT(ret->limit);
    size_t size = 0;

    fresh.locked = ret->locked;
    int r = check_file(path, fd, secret, ret->limit, &size, why, why_size);
    if (r != 0)
        goto out;
    r = fed_secret_resize(&fresh, size);
    if (r != 0) {
        (void)snprintf(why, why_size, "\"%s\": %s", path, fed_strerror(r));
        goto out;
    }
    r = read_exactly(fd, fresh.data, size);
    if (r != 0) {
        (void)snprintf(
            why, why_size, "\"%s\": cut short or changed while it was read: try again", path);
        goto out;
    }
    fed_secret_move(ret, &fresh);
out:
    fed_secret_done(&fresh);
    return r;
}

int
keyfile_read(const char *path, bool secret, struct fed_secret *ret, char *why, size_t why_size)
{
    int fd = -1, r = keyfile_open(path, &fd, why, why_size);

    if (r != 0)
        return r;
    r = keyfile_read_open(fd, path, secret, ret, why, why_size);
    (void)close(fd);
    return r;
}
