/*
 * Read local-users, and believe it only when root alone could have written it.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "pam_awsfed/local.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

/* Non-blocking, so that a FIFO in the file's place is seen by fstat and not waited for. */
static int
open_beside(const char *socket_path)
{
    char path[sizeof(((struct sockaddr_un *)0)->sun_path) + sizeof(LOCAL_FILE)];
    const char *slash = strrchr(socket_path, '/');

    if (slash == NULL) {
        errno = ENOENT;
        return -1;
    }
    int folder_len = (int)(slash - socket_path) + 1;
    int n = snprintf(path, sizeof(path), "%.*s%s", folder_len, socket_path, LOCAL_FILE);
    if (n < 0 || (size_t)n >= sizeof(path)) {
        errno = ENAMETOOLONG;
        return -1;
    }
    return open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
}

/* What is wrong with an open file; NULL when it may be believed. */
static const char *
check(const struct stat *st)
{
    if (!S_ISREG(st->st_mode))
        return "not a regular file";
    if (st->st_uid != 0)
        return "not owned by root";
    if ((st->st_mode & (S_IWGRP | S_IWOTH)) != 0)
        return "writable by others than root";
    if (st->st_size > LOCAL_FILE_MAX)
        return "too large";
    return NULL;
}

static bool
has_line(const char *text, size_t len, const char *line)
{
    size_t line_len = strlen(line);

    while (len > 0) {
        const char *end = memchr(text, '\n', len);
        size_t n = end != NULL ? (size_t)(end - text) : len;
        if (n == line_len && memcmp(text, line, n) == 0)
            return true;
        size_t step = end != NULL ? n + 1 : n;
        text += step;
        len -= step;
    }
    return false;
}

/* Up to size bytes; a signal or a short read is no end. */
static ssize_t
read_all(int fd, char *to, size_t size)
{
    size_t used = 0;

    while (used < size) {
        ssize_t n = read(fd, to + used, size - used);
        if (n == 0)
            break;
        if (n > 0)
            used += (size_t)n;
        else if (errno != EINTR)
            return -1;
    }
    return (ssize_t)used;
}

bool
local_is_user(const char *socket_path, const char *name, const char **ret_problem)
{
    const char *problem = NULL;
    char *text = NULL;
    struct stat st;
    ssize_t len;
    bool found = false;
    int fd = -1;

    *ret_problem = NULL;
    if (strcmp(name, "root") == 0)
        return true;
    if (name[0] == '\0' || strchr(name, '\n') != NULL)
        return false;

    fd = open_beside(socket_path);
    if (fd < 0) {
        if (errno != ENOENT && errno != ENOTDIR)
            problem = errno == ELOOP ? "a symbolic link" : "cannot be opened";
        goto out;
    }
    if (fstat(fd, &st) != 0) {
        problem = "cannot be examined";
        goto out;
    }
    if ((problem = check(&st)) != NULL || st.st_size == 0)
        goto out;
    text = malloc((size_t)st.st_size);
    if (text == NULL || (len = read_all(fd, text, (size_t)st.st_size)) < 0) {
        problem = "cannot be read";
        goto out;
    }
    found = has_line(text, (size_t)len, name);

out:
    free(text);
    if (fd >= 0)
        (void)close(fd);
    *ret_problem = problem;
    return found;
}
