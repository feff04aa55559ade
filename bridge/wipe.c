/*
 * An allocator over malloc that asks malloc how much it gave and wipes all of it on free.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "bridge/wipe.h"

#include <malloc.h>
#include <stdlib.h>
#include <string.h>

void *
wipe_malloc(size_t size)
{
    return malloc(size);
}

void *
wipe_calloc(size_t n, size_t size)
{
    return calloc(n, size);
}

char *
wipe_strdup(const char *text)
{
    return strdup(text);
}

void *
wipe_realloc(void *p, size_t size)
{
    void *moved = malloc(size);

    if (moved == NULL || p == NULL)
        return moved;
    size_t had = malloc_usable_size(p);
    memcpy(moved, p, had < size ? had : size);
    wipe_free(p);
    return moved;
}

void
wipe_free(void *p)
{
    if (p == NULL)
        return;
    explicit_bzero(p, malloc_usable_size(p));
    free(p);
}
