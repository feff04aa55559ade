/*
 * Search this process's own memory for a secret. The test keeps it masked (XORed), so that the only
 * copies in the clear are those that the code under test makes.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef TESTS_MEMORY_H
#define TESTS_MEMORY_H

#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { MEMORY_MASK = 0x5a };

/* A heap copy in the clear. */
__attribute__((unused)) static char *
memory_unmask(const unsigned char *masked, size_t len)
{
    volatile char *text = malloc(len + 1);

    if (text == NULL)
        abort();
    for (size_t i = 0; i < len; i++)
        text[i] = (char)(masked[i] ^ MEMORY_MASK);
    text[len] = '\0';
    return (char *)(uintptr_t)text;
}

/* free(3) writes over the beginning of a block: what was freed unwiped is known by what comes after this. */
enum { MEMORY_SKIP = 24 };

/* How often the masked bytes, from MEMORY_SKIP on, stand unmasked in the writable memory of this process. */
__attribute__((unused)) static unsigned
memory_count(const unsigned char *masked, size_t len)
{
    static unsigned char page[65536 + 64];
    char line[512];
    unsigned found = 0;
    FILE *maps = fopen("/proc/self/maps", "re");
    int mem = open("/proc/self/mem", O_RDONLY | O_CLOEXEC);

    if (maps == NULL || mem < 0 || len < MEMORY_SKIP + 8)
        abort();
    masked += MEMORY_SKIP;
    len -= MEMORY_SKIP;
    while (fgets(line, sizeof(line), maps) != NULL) {
        char *end;
        unsigned long from = strtoul(line, &end, 16), to = strtoul(end + 1, &end, 16);
        if (strncmp(end, " rw", 3) != 0)
            continue;
        for (unsigned long at = from; at < to; at += 65536) {
            /* Overlap, so that nothing hides on a border; this buffer itself is left out. */
            ssize_t n = pread(mem, page, sizeof(page), (off_t)at);
            for (ssize_t i = 0; n > 0 && i + (ssize_t)len <= n && i < 65536; i++) {
                unsigned long where = at + (unsigned long)i;
                bool own =
                    where >= (unsigned long)page && where < (unsigned long)page + sizeof(page);
                size_t same = 0;
                while (
                    !own && same < len && (page[i + (ssize_t)same] ^ MEMORY_MASK) == masked[same])
                    same++;
                found += same == len;
            }
        }
    }
    fclose(maps);
    close(mem);
    return found;
}

#endif
