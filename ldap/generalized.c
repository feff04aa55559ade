/*
 * Reading GeneralizedTime.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ldap/generalized.h"

#include <stdbool.h>

#include "base/date.h"

enum { DIGITS = 14 }; /* YYYYMMDDHHMMSS */

static bool
all_digits(const char *p, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (p[i] < '0' || p[i] > '9')
            return false;
    }
    return true;
}

static int
number(const char *p, size_t n)
{
    int value = 0;

    for (size_t i = 0; i < n; i++)
        value = 10 * value + (p[i] - '0');
    return value;
}

/* What comes after the seconds: an optional fraction, and "Z". */
static bool
is_utc(const char *p, size_t n)
{
    if (n > 2 && (p[0] == '.' || p[0] == ','))
        return all_digits(p + 1, n - 2) && p[n - 1] == 'Z';
    return n == 1 && p[0] == 'Z';
}

int
generalized_read(const void *data, size_t len, int64_t *ret_s)
{
    const char *p = data;

    if (len <= DIGITS || !all_digits(p, DIGITS) || !is_utc(p + DIGITS, len - DIGITS))
        return FED_E_PROTO;
    struct tm tm = {.tm_year = number(p, 4) - 1900,
        .tm_mon = number(p + 4, 2) - 1,
        .tm_mday = number(p + 6, 2),
        .tm_hour = number(p + 8, 2),
        .tm_min = number(p + 10, 2),
        .tm_sec = number(p + 12, 2)};
    return date_seconds(&tm, ret_s) ? 0 : FED_E_PROTO;
}
