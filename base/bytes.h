/*
 * Numbers as bytes, big-endian, in as many bytes as wanted: the form of every number that this project stores or sends.
 * A value that needs more bytes than it is given loses its upper ones: who writes checks before.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef BASE_BYTES_H
#define BASE_BYTES_H

#include <stddef.h>
#include <stdint.h>

/* Write a number into size bytes (1 to 8); returns where the next one goes. */
static inline unsigned char *
bytes_put(unsigned char *to, uint64_t value, size_t size)
{
    for (size_t i = size; i-- > 0; value >>= 8)
        to[i] = (unsigned char)(value & 0xff);
    return to + size;
}

/* Read it back. */
static inline uint64_t
bytes_get(const unsigned char *from, size_t size)
{
    uint64_t value = 0;

    for (size_t i = 0; i < size; i++)
        value = value << 8 | from[i];
    return value;
}

#endif
