/*
 * The one loop around write(2).
 * SPDX-License-Identifier: Apache-2.0
 */
#include "base/write.h"

#include <errno.h>
#include <unistd.h>

int
write_all(int fd, const void *data, size_t len)
{
    const unsigned char *p = data;

    while (len > 0) {
        ssize_t n = write(fd, p, len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return FED_E_SYSTEM;
        p += n;
        len -= (size_t)n;
    }
    return 0;
}
