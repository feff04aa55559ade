/*
 * A configuration folder for tests: a complete small configuration of known lines, of which a case
 * changes one.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef TESTS_CONF_CONFDIR_H
#define TESTS_CONF_CONFDIR_H

#include <dirent.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

struct confdir {
    char path[64];
};

static inline void
confdir_put(const struct confdir *dir, const char *name, const char *text, size_t len)
{
    char path[512];

    (void)snprintf(path, sizeof(path), "%s/%s", dir->path, name);
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, len), (ssize_t)len);
    assert_int_equal(close(fd), 0);
}

static inline void
confdir_write(const struct confdir *dir, const char *name, const char *text)
{
    confdir_put(dir, name, text, strlen(text));
}

static inline int
confdir_setup(void **state)
{
    struct confdir *dir = calloc(1, sizeof(*dir));
    char path[128];

    (void)snprintf(dir->path, sizeof(dir->path), "/tmp/awsfed-conf.XXXXXX");
    assert_non_null(mkdtemp(dir->path));
    (void)snprintf(path, sizeof(path), "%s/conf.d", dir->path);
    assert_int_equal(mkdir(path, 0700), 0);
    *state = dir;
    return 0;
}

static inline void
confdir_empty(const char *path)
{
    DIR *folder = opendir(path);
    char name[512];

    if (folder == NULL)
        return;
    for (struct dirent *e = readdir(folder); e != NULL; e = readdir(folder)) {
        (void)snprintf(name, sizeof(name), "%s/%s", path, e->d_name);
        if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0)
            (void)unlink(name);
    }
    (void)closedir(folder);
}

static inline int
confdir_teardown(void **state)
{
    struct confdir *dir = *state;
    char path[128];

    (void)snprintf(path, sizeof(path), "%s/conf.d", dir->path);
    confdir_empty(path);
    (void)rmdir(path);
    (void)unlink(path);
    confdir_empty(dir->path);
    (void)rmdir(dir->path);
    free(dir);
    return 0;
}

#endif
