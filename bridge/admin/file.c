/*
 * Files whole.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "bridge/admin/file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

static int
read_all(int fd, struct fed_secret *ret)
{
    struct stat st;

    if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode))
        return FED_E_INVALID;
    if ((uintmax_t)st.st_size > ret->limit)
        return FED_E_TOO_BIG;
    int r = fed_secret_resize(ret, (size_t)st.st_size);
    for (size_t done = 0; r == 0 && done < ret->len;) {
        ssize_t n = read(fd, ret->data + done, ret->len - done);
        if (n <= 0)
            return FED_E_SYSTEM;
        done += (size_t)n;
    }
    return r;
}

int
file_read(int folder, const char *path, struct fed_secret *ret)
{
    int fd = openat(folder, path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);

    if (fd < 0)
        return FED_E_SYSTEM;
    int r = read_all(fd, ret);
    (void)close(fd);
    return r;
}
