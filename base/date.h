/*
 * Dates of the calendar, in UTC, as seconds since 1970. Pure; any thread.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef BASE_DATE_H
#define BASE_DATE_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

/* To Unix seconds. False, and nothing written, for what is no date or time of day, as February 30 or 24:60. */
static inline bool
date_seconds(const struct tm *tm, int64_t *ret_s)
{
    struct tm back = *tm;
    time_t t = timegm(&back);

    /* timegm makes the 2nd of March of February 30; what it had to mend was no date. */
    if (back.tm_year != tm->tm_year || back.tm_mon != tm->tm_mon || back.tm_mday != tm->tm_mday ||
        back.tm_hour != tm->tm_hour || back.tm_min != tm->tm_min || back.tm_sec != tm->tm_sec)
        return false;
    *ret_s = (int64_t)t;
    return true;
}

#endif
