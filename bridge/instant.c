/*
 * Instants in text.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "bridge/instant.h"

#include "base/date.h"

static bool
read_digits(const char **text, size_t n, int *ret)
{
    *ret = 0;
    for (; n > 0; n--, (*text)++) {
        if (**text < '0' || **text > '9')
            return false;
        *ret = *ret * 10 + (**text - '0');
    }
    return true;
}

static bool
skip(const char **text, char c)
{
    if (**text != c)
        return false;
    (*text)++;
    return true;
}

bool
instant_read(const char *text, int64_t *ret_s)
{
    struct tm tm = {0};
    int fraction;

    if (!read_digits(&text, 4, &tm.tm_year) || !skip(&text, '-') ||
        !read_digits(&text, 2, &tm.tm_mon) || !skip(&text, '-') ||
        !read_digits(&text, 2, &tm.tm_mday) || !skip(&text, 'T') ||
        !read_digits(&text, 2, &tm.tm_hour) || !skip(&text, ':') ||
        !read_digits(&text, 2, &tm.tm_min) || !skip(&text, ':') ||
        !read_digits(&text, 2, &tm.tm_sec))
        return false;
    if (skip(&text, '.')) {
        if (!read_digits(&text, 1, &fraction))
            return false;
        while (read_digits(&text, 1, &fraction))
            continue;
    }
    if (!skip(&text, 'Z') || *text != '\0')
        return false;
    tm.tm_year -= 1900;
    tm.tm_mon -= 1;
    return date_seconds(&tm, ret_s);
}

bool
instant_write(int64_t when_s, char ret[INSTANT_SIZE])
{
    time_t t = (time_t)when_s;
    struct tm tm;

    return gmtime_r(&t, &tm) != NULL && strftime(ret, INSTANT_SIZE, "%Y-%m-%dT%H:%M:%SZ", &tm) != 0;
}
