/*
 * Times: RFC 3339 against libc's own calendar, and the words for people.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "bridge/login/when.c"

static void
check_rfc3339(uint64_t time_s, const char *expected)
{
    char text[WHEN_SIZE];

    assert_int_equal(when_rfc3339(time_s, text), 0);
    assert_string_equal(text, expected);
}

static void
rfc3339_at_the_corners(void **state)
{
    char text[WHEN_SIZE] = "untouched";

    (void)state;
    check_rfc3339(0, "1970-01-01T00:00:00Z");
    check_rfc3339(951782399, "2000-02-28T23:59:59Z");
    check_rfc3339(951782400, "2000-02-29T00:00:00Z");
    check_rfc3339(4107542400, "2100-03-01T00:00:00Z");
    check_rfc3339(253402300799, "9999-12-31T23:59:59Z");
    assert_int_equal(when_rfc3339(253402300800, text), FED_E_INVALID);
    assert_int_equal(when_rfc3339(UINT64_MAX, text), FED_E_INVALID);
    assert_string_equal(text, "untouched");
}

/* Every day for a thousand years, each at another second. */
static void
rfc3339_agrees_with_libc(void **state)
{
    char ours[WHEN_SIZE], theirs[WHEN_SIZE];

    (void)state;
    for (uint64_t day = 0; day < 366000; day++) {
        uint64_t time_s = day * 86400 + day * 7919 % 86400;
        time_t t = (time_t)time_s;
        struct tm tm;
        assert_non_null(gmtime_r(&t, &tm));
        assert_int_equal(strftime(theirs, sizeof(theirs), "%Y-%m-%dT%H:%M:%SZ", &tm), 20);
        assert_int_equal(when_rfc3339(time_s, ours), 0);
        assert_string_equal(ours, theirs);
    }
}

static void
spans_round_down(void **state)
{
    static const struct {
        uint64_t span_s;
        const char *span, *brief;
    } rows[] = {{0, "0 s", "0s"}, {59, "59 s", "59s"}, {60, "1 min", "1m"}, {3599, "59 min", "59m"},
        {3600, "1 h 0 min", "1h"}, {5400, "1 h 30 min", "1h30m"}, {43199, "11 h 59 min", "11h59m"},
        {43200, "12 h 0 min", "12h"},
        {UINT64_MAX, "5124095576030431 h 0 min", "5124095576030431h"}};
    char text[WHEN_SIZE];

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        assert_string_equal(when_span(rows[i].span_s, text), rows[i].span);
        assert_string_equal(when_short(rows[i].span_s, text), rows[i].brief);
    }
    assert_int_equal(when_left(10, 4), 6);
    assert_int_equal(when_left(4, 10), 0);
}

static void
clock_is_local_and_names_another_day(void **state)
{
    char text[WHEN_SIZE];

    (void)state;
    assert_int_equal(setenv("TZ", "EST5", 1), 0);
    tzset();
    assert_string_equal(when_clock(1700000000, 1700000000, text), "17:13");
    assert_string_equal(when_clock(1700000000 + 21600, 1700000000, text), "23:13");
    assert_string_equal(when_clock(1700000000 + 43200, 1700000000, text), "2023-11-15 05:13");
    assert_string_equal(when_clock(1700000000 + 31536000, 1700000000, text), "2024-11-13 17:13");
    assert_string_equal(when_clock(UINT64_MAX, 1700000000, text), "?");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rfc3339_at_the_corners),
        cmocka_unit_test(rfc3339_agrees_with_libc),
        cmocka_unit_test(spans_round_down),
        cmocka_unit_test(clock_is_local_and_names_another_day),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
