/*
 * malloc and its family with a free that wipes, for libraries that let their caller bring an allocator
 * and hold secrets in their buffers: expat, libcurl (I-57). Any thread; never blocks.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef BRIDGE_WIPE_H
#define BRIDGE_WIPE_H

#include <stddef.h>

void *wipe_malloc(size_t size);
void *wipe_calloc(size_t n, size_t size);
char *wipe_strdup(const char *text);
void *wipe_realloc(void *p, size_t size); /* always moves, so that no old bytes stay behind */
void wipe_free(void *p);                  /* NULL is accepted */

#endif
