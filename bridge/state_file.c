/*
 * Reading with suspicion, writing by rename.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "bridge/state_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/write.h"

enum { NAME_MAX_OURS = 64 };

static int
fail(char *why, const char *what, const char *dir, const char *name)
{
    (void)snprintf(
        why, STATE_FILE_WHY_MAX, "cannot %s \"%s/%s\": %s", what, dir, name, strerror(errno));
    return FED_E_SYSTEM;
}

static int
open_dir(const char *dir, char *why)
{
    int fd = open(dir, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

    if (fd < 0)
        (void)fail(why, "open", dir, "");
    return fd;
}

static int
check(int fd, uid_t owner, size_t limit, const char *dir, const char *name, char *why)
{
    struct stat st;

    if (fstat(fd, &st) != 0)
        return fail(why, "look at", dir, name);
    if (!S_ISREG(st.st_mode) || st.st_uid != owner || st.st_nlink != 1 ||
        (st.st_mode & 0177) != 0) {
        (void)snprintf(why, STATE_FILE_WHY_MAX,
            "\"%s/%s\" is not believed: it must be a regular file of uid %u with mode 600", dir,
            name, (unsigned)owner);
        return FED_E_PERMISSION;
    }
    if (st.st_size < 0 || (size_t)st.st_size > limit) {
        (void)snprintf(why, STATE_FILE_WHY_MAX, "\"%s/%s\" is too long", dir, name);
        return FED_E_TOO_BIG;
    }
    return 0;
}

static int
read_all(int fd, struct fed_secret *ret)
{
    unsigned char piece[4096];
    ssize_t n;
    int r = 0;

    while (r == 0 && (n = read(fd, piece, sizeof(piece))) != 0) {
        if (n < 0 && errno == EINTR)
            continue;
        r = n < 0 ? FED_E_SYSTEM : fed_secret_add(ret, piece, (size_t)n);
    }
    explicit_bzero(piece, sizeof(piece));
    return r;
}

int
state_file_read(const char *dir, const char *name, uid_t owner, struct fed_secret *ret, char *why)
{
    int dir_fd = open_dir(dir, why), fd = -1, r = FED_E_SYSTEM;

    if (dir_fd < 0)
        return r;
    fd = openat(dir_fd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0) {
        r = errno == ENOENT ? FED_E_NOT_FOUND : errno == ELOOP ? FED_E_PERMISSION : FED_E_SYSTEM;
        (void)fail(why, "open", dir, name);
        goto out;
    }
    if ((r = check(fd, owner, ret->limit, dir, name, why)) != 0)
        goto out;
    if ((r = read_all(fd, ret)) != 0)
        (void)fail(why, "read", dir, name);

out:
    if (fd >= 0)
        (void)close(fd);
    (void)close(dir_fd);
    return r;
}

int
state_file_write(const char *dir, const char *name, const void *data, size_t len, char *why)
{
    char temp[NAME_MAX_OURS];
    int dir_fd = open_dir(dir, why), fd = -1, r = FED_E_SYSTEM;

    if (dir_fd < 0)
        return r;
    (void)snprintf(temp, sizeof(temp), "%s.new", name);
    (void)unlinkat(dir_fd, temp, 0); /* of a bridge that died here */
    fd = openat(dir_fd, temp, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0 || write_all(fd, data, len) != 0 || fsync(fd) != 0) {
        r = fail(why, "write", dir, temp);
        goto out;
    }
    if (renameat(dir_fd, temp, dir_fd, name) != 0 || fsync(dir_fd) != 0) {
        r = fail(why, "replace", dir, name);
        goto out;
    }
    r = 0;

out:
    if (fd >= 0)
        (void)close(fd);
    if (r != 0)
        (void)unlinkat(dir_fd, temp, 0);
    (void)close(dir_fd);
    return r;
}

int
state_file_remove(const char *dir, const char *name, char *why)
{
    int dir_fd = open_dir(dir, why), r = 0;

    if (dir_fd < 0)
        return FED_E_SYSTEM;
    if ((unlinkat(dir_fd, name, 0) != 0 && errno != ENOENT) || fsync(dir_fd) != 0)
        r = fail(why, "remove", dir, name);
    (void)close(dir_fd);
    return r;
}
