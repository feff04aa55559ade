/*
 * The calendar, worked out here for UTC (gmtime_r reads /etc/localtime), and by libc for local time.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "bridge/login/when.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

/* The first second of the year 10000: RFC 3339 has four digits for the year. */
static const uint64_t end_of_time = UINT64_C(253402300800);

uint64_t
when_now(void)
{
    struct timespec ts;

    (void)clock_gettime(CLOCK_REALTIME, &ts);
    return ts.tv_sec > 0 ? (uint64_t)ts.tv_sec : 0;
}

/*
 * Days since 1970-01-01 to a date. Years are counted from March, so that the leap day is the
 * last of its year; day 0 of that count is 0000-03-01, 719468 days before 1970.
 */
static void
date_of(uint64_t days, unsigned *year, unsigned *month, unsigned *day)
{
    uint64_t z = days + 719468;
    uint64_t era = z / 146097, of_era = z % 146097; /* 400 years */
    uint64_t y = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    uint64_t of_year = of_era - (365 * y + y / 4 - y / 100);
    uint64_t m = (5 * of_year + 2) / 153; /* 0 is March */

    *day = (unsigned)(of_year - (153 * m + 2) / 5 + 1);
    *month = (unsigned)(m < 10 ? m + 3 : m - 9);
    *year = (unsigned)(y + era * 400 + (*month <= 2));
}

int
when_rfc3339(uint64_t time_s, char *ret_text)
{
    unsigned year, month, day;

    if (time_s >= end_of_time)
        return FED_E_INVALID;
    date_of(time_s / 86400, &year, &month, &day);
    unsigned second = (unsigned)(time_s % 86400);
    (void)snprintf(ret_text, WHEN_SIZE, "%04u-%02u-%02uT%02u:%02u:%02uZ", year, month, day,
        second / 3600, second / 60 % 60, second % 60);
    return 0;
}

char *
when_clock(uint64_t time_s, uint64_t now_s, char *to)
{
    time_t then = (time_t)time_s, now = (time_t)now_s;
    struct tm t, n;

    to[0] = '\0';
    if (time_s >= end_of_time || now_s >= end_of_time || localtime_r(&then, &t) == NULL ||
        localtime_r(&now, &n) == NULL)
        return memcpy(to, "?", 2);
    bool today = t.tm_year == n.tm_year && t.tm_yday == n.tm_yday;
    (void)strftime(to, WHEN_SIZE, today ? "%H:%M" : "%Y-%m-%d %H:%M", &t);
    return to;
}

char *
when_span(uint64_t span_s, char *to)
{
    if (span_s >= 3600)
        (void)snprintf(
            to, WHEN_SIZE, "%" PRIu64 " h %" PRIu64 " min", span_s / 3600, span_s / 60 % 60);
    else if (span_s >= 60)
        (void)snprintf(to, WHEN_SIZE, "%" PRIu64 " min", span_s / 60);
    else
        (void)snprintf(to, WHEN_SIZE, "%" PRIu64 " s", span_s);
    return to;
}

char *
when_short(uint64_t span_s, char *to)
{
    uint64_t hours = span_s / 3600, minutes = span_s / 60 % 60;

    if (hours > 0 && minutes > 0)
        (void)snprintf(to, WHEN_SIZE, "%" PRIu64 "h%" PRIu64 "m", hours, minutes);
    else if (hours > 0)
        (void)snprintf(to, WHEN_SIZE, "%" PRIu64 "h", hours);
    else if (minutes > 0)
        (void)snprintf(to, WHEN_SIZE, "%" PRIu64 "m", minutes);
    else
        (void)snprintf(to, WHEN_SIZE, "%" PRIu64 "s", span_s);
    return to;
}

uint64_t
when_left(uint64_t time_s, uint64_t now_s)
{
    return time_s > now_s ? time_s - now_s : 0;
}
