/*
 * Processes by /proc and pidfd.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "bridge/process.h"

#include <ctype.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/text.h"

enum { STAT_MAX = 1024, STARTTIME_AFTER_NAME = 20 };

/*
 * 4711 (name) S 1 4711 … with the start time as field 22. The name may have blanks and parentheses of its own, so
 * counting begins after the last ")".
 */
int
process_parse_stat(const char *data, size_t len, uint64_t *ret_started)
{
    char number[24];
    const char *p = memrchr(data, ')', len), *end = data + len;

    if (p == NULL)
        return FED_E_INVALID;
    for (unsigned field = 0; field < STARTTIME_AFTER_NAME; field++) {
        p = memchr(p, ' ', (size_t)(end - p));
        if (p == NULL)
            return FED_E_INVALID;
        p++;
    }
    size_t digits = 0;
    while (p + digits < end && digits < sizeof(number) - 1 && isdigit((unsigned char)p[digits]))
        digits++;
    memcpy(number, p, digits);
    number[digits] = '\0';
    return text_to_u64(number, ret_started);
}

static ssize_t
read_small(const char *path, char *to, size_t size)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);

    if (fd < 0)
        return -1;
    ssize_t n = read(fd, to, size);
    (void)close(fd);
    return n;
}

uint64_t
process_started(pid_t pid)
{
    char path[32], text[STAT_MAX];
    uint64_t started;

    (void)snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
    ssize_t n = read_small(path, text, sizeof(text));
    if (n <= 0 || process_parse_stat(text, (size_t)n, &started) != 0)
        return 0;
    return started;
}

int
process_open(const struct process *process)
{
    int fd = (int)syscall(SYS_pidfd_open, process->pid, 0);

    /* First the handle, then the look: what the handle holds cannot change any more. */
    if (fd >= 0 && process->started != 0 && process_started(process->pid) != process->started) {
        (void)close(fd);
        return -1;
    }
    return fd;
}

int
process_boot_id(char ret[BOOT_ID_SIZE])
{
    if (read_small("/proc/sys/kernel/random/boot_id", ret, BOOT_ID_SIZE) != BOOT_ID_SIZE ||
        ret[BOOT_ID_SIZE - 1] != '\n')
        return FED_E_SYSTEM;
    ret[BOOT_ID_SIZE - 1] = '\0';
    return 0;
}
