/*
 * base/clocks.c: whose clock is off, ours or theirs.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/clocks.h"

enum { WALL = 1800000000, BOOT = 5000, HOUR = 3600 };

static const struct clocks_now start = {WALL, BOOT};

static struct clocks *
heard(const int64_t *offs, unsigned n)
{
    struct clocks *c;

    assert_int_equal(clocks_new(8, &c), 0);
    for (unsigned i = 0; i < n; i++)
        clocks_tell(c, i, WALL - offs[i], &start);
    return c;
}

static int64_t
off(struct clocks *c, int64_t wall_s, int64_t boot_s)
{
    struct clocks_now now = {wall_s, boot_s};
    int64_t off_s = -12345;

    assert_true(clocks_off(c, &now, &off_s) > 0);
    return off_s;
}

/* One that lies stops nothing where there is another; alone it counts, for it may be the one that is right. */
static void
test_one_that_lies(void **state)
{
    static const struct {
        int64_t offs[4];
        unsigned n;
        int64_t off_s;
    } cases[] = {{{HOUR}, 1, HOUR}, {{-HOUR}, 1, -HOUR}, {{HOUR, 0}, 2, 0}, {{-HOUR, 2}, 2, 2},
        {{HOUR, HOUR + 1}, 2, HOUR}, {{0, HOUR, 1}, 3, 1}, {{HOUR, HOUR, 0}, 3, HOUR},
        {{-HOUR, HOUR, 0}, 3, 0}, {{HOUR, 0, HOUR, 0}, 4, 0}, {{HOUR, 0, HOUR, HOUR}, 4, HOUR}};

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct clocks *c = heard(cases[i].offs, cases[i].n);
        assert_int_equal(off(c, WALL, BOOT), cases[i].off_s);
        clocks_free(c);
    }
}

/* Our clock is set: that shows at once, before anybody is heard again, and so does its end. */
static void
test_ours_is_set(void **state)
{
    struct clocks *c = heard((int64_t[]){0}, 1);

    (void)state;
    assert_int_equal(off(c, WALL + 100, BOOT + 100), 0);
    assert_int_equal(off(c, WALL + 100 + HOUR, BOOT + 100), HOUR);
    assert_int_equal(off(c, WALL + 100 - HOUR, BOOT + 100), -HOUR);
    assert_int_equal(off(c, WALL + 200, BOOT + 200), 0);
    clocks_free(c);
}

/* Who was not heard for long says nothing; who never was, neither. */
static void
test_silence(void **state)
{
    struct clocks *c = heard((int64_t[]){HOUR, 0}, 2);
    struct clocks_now late = {WALL + CLOCKS_KEPT_S + 1, BOOT + CLOCKS_KEPT_S + 1};
    int64_t off_s = 7;

    (void)state;
    clocks_tell(c, 0, late.wall_s - HOUR, &late);
    assert_int_equal(clocks_off(c, &late, &off_s), 1);
    assert_int_equal(off_s, HOUR);
    clocks_tell(c, 99, 0, &late); /* nobody */
    late.boot_s += CLOCKS_KEPT_S + 1;
    off_s = 7;
    assert_int_equal(clocks_off(c, &late, &off_s), 0);
    assert_int_equal(off_s, 7);
    clocks_free(c);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_one_that_lies),
        cmocka_unit_test(test_ours_is_set),
        cmocka_unit_test(test_silence),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
