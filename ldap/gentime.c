/*
 * Digits by place; the calendar itself is timegm's.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ldap/gentime.h"

#include <stdbool.h>
#include <time.h>

enum { DIGITS = 14, LONGEST = 32 };

/* Two digits, or -1. */
static int
two(const unsigned char *p)
{
    return p[0] < '0' || p[0] > '9' || p[1] < '0' || p[1] > '9' ? -1
                                                                : (p[0] - '0') * 10 + p[1] - '0';
}

/* What comes after the seconds: "Z", or "." or ",", digits, "Z". */
static bool
ends_well(const unsigned char *p, size_t len)
{
    if (len > 2 && (p[0] == '.' || p[0] == ',')) {
        for (p++, len--; len > 1; p++, len--) {
            if (*p < '0' || *p > '9')
                return false;
        }
    }
    return len == 1 && *p == 'Z';
}

int
gentime_parse(const void *data, size_t len, int64_t *ret_time_s)
{
    const unsigned char *p = data;
    int n[DIGITS / 2];

    if (len <= DIGITS || len > LONGEST || !ends_well(p + DIGITS, len - DIGITS))
        return FED_E_INVALID;
    for (size_t i = 0; i < DIGITS / 2; i++) {
        if ((n[i] = two(p + 2 * i)) < 0)
            return FED_E_INVALID;
    }
    struct tm tm = {.tm_year = n[0] * 100 + n[1] - 1900,
        .tm_mon = n[2] - 1,
        .tm_mday = n[3],
        .tm_hour = n[4],
        .tm_min = n[5],
        .tm_sec = n[6]};
    struct tm meant = tm;
    time_t t = timegm(&tm);
    /* A 31st of February comes back as another day. */
    if (tm.tm_mon != meant.tm_mon || tm.tm_mday != meant.tm_mday || tm.tm_hour != meant.tm_hour ||
        tm.tm_min != meant.tm_min || tm.tm_sec != meant.tm_sec || tm.tm_year != meant.tm_year)
        return FED_E_INVALID;
    *ret_time_s = (int64_t)t;
    return 0;
}
