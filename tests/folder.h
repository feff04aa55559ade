/*
 * A folder of a test's own, below /tmp, and its end.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef TESTS_FOLDER_H
#define TESTS_FOLDER_H

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { FOLDER_SIZE = 64 };

/* Make one that nobody else has, its path into ret. 0 or -1. */
static inline int
folder_make(char ret[FOLDER_SIZE])
{
    (void)snprintf(ret, FOLDER_SIZE, "/tmp/awsfed-test-XXXXXX");
    return mkdtemp(ret) != NULL ? 0 : -1;
}

/* The same in memory, where there is such a place, for what must not depend on a disk's own time. */
static inline int
folder_make_in_memory(char ret[FOLDER_SIZE])
{
    (void)snprintf(ret, FOLDER_SIZE, "/dev/shm/awsfed-test-XXXXXX");
    return mkdtemp(ret) != NULL ? 0 : folder_make(ret);
}

/* Remove it with all that is in it. 0 or -1. */
static inline int
folder_remove(const char *path)
{
    char words[FOLDER_SIZE + 16];

    (void)snprintf(words, sizeof(words), "rm -rf '%s'", path);
    return system(words) == 0 ? 0 : -1;
}

#endif
