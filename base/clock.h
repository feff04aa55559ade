/*
 * The monotonic clock in milliseconds, and deadlines on it. Any thread; never blocks.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stdint.h>
#include <time.h>

static inline int64_t
clock_mono_ms(void)
{
    struct timespec ts;

    (void)clock_gettime(CLOCK_MONOTONIC, &ts);
    return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

/* Milliseconds left until a deadline, 0 when it has passed; fits poll(2)'s int. */
static inline int
clock_left_ms(int64_t deadline_ms)
{
    int64_t left = deadline_ms - clock_mono_ms();

    if (left <= 0)
        return 0;
    return left < 3600000 ? (int)left : 3600000;
}

#endif
