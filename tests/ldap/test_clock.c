/*
 * The clocks of domain controllers, as they tell them: by all when asked, by each when it is asked whether it is there.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "tests/ldap/peer.h"

enum { HOUR = 3600 };

static void
near(int64_t off_s, int64_t expected_s)
{
    assert_in_range(off_s - expected_s + 5, 0, 10);
}

/* I-27: how far off, ahead or behind. */
static void
each_clock_is_compared_i27(void **state)
{
    static const char *const scripts[] = {"clock=0", "clock=-3600", "clock=3600"};
    (void)state;

    for (int i = 0; i < 3; i++) {
        struct peer *peer = peer_start(scripts[i]);
        struct peer_domain *d = domain_start(CONF_LDAPS, (unsigned[4]){peer->port});
        int64_t off_s = 0;
        assert_int_equal(addir_clock_off(d->dir, &off_s), 0);
        addir_ask_clocks(d->dir);
        assert_int_equal(addir_clock_off(d->dir, &off_s), 1);
        near(off_s, i == 0 ? 0 : i == 1 ? HOUR : -HOUR);
        domain_stop(d);
        peer_stop(peer);
        assert_int_equal(peer_count(peer, "bind"), 0); /* it is asked by nobody in particular */
        peer_free(peer);
    }
}

/* One of two that lies stops nothing; and one that is away leaves it to the other. */
static void
one_that_lies_is_outvoted(void **state)
{
    struct peer *first = peer_start("clock=3600"), *second = peer_start("clock=0");
    struct peer_domain *d = domain_start(CONF_LDAPS, (unsigned[4]){first->port, second->port});
    int64_t off_s = 0;
    (void)state;

    addir_ask_clocks(d->dir);
    assert_int_equal(addir_clock_off(d->dir, &off_s), 2);
    near(off_s, 0);
    domain_stop(d);
    peer_stop(second);
    d = domain_start(CONF_LDAPS, (unsigned[4]){first->port, second->port});
    addir_ask_clocks(d->dir);
    assert_int_equal(addir_clock_off(d->dir, &off_s), 1);
    near(off_s, -HOUR);
    domain_stop(d);
    peer_free(first);
    peer_free(second);
}

/* A connection that rested is asked whether its server is there: the answer has the time, for nothing. */
static void
a_ping_tells_the_time(void **state)
{
    struct peer *peer = peer_start("clock=-3600");
    struct peer_domain *d = domain_start(CONF_LDAPS, (unsigned[4]){peer->port});
    int64_t off_s = 0;
    (void)state;

    assert_int_equal(domain_login(d, "correct horse"), 0);
    assert_int_equal(addir_clock_off(d->dir, &off_s), 0); /* no question of its own in a login */
    (void)usleep(350 * 1000); /* longer than conn.c's RESTED_MS: this is about one that rested */
    assert_int_equal(domain_login(d, "correct horse"), 0);
    assert_int_equal(addir_clock_off(d->dir, &off_s), 1);
    near(off_s, HOUR);
    domain_stop(d);
    peer_stop(peer);
    assert_int_equal(peer_count(peer, "ping"), 1);
    peer_free(peer);
}

/* Nobody is believed who was not verified; and a time that is none is no time (I-4). */
static void
who_says_nothing_usable_is_not_heard_i4(void **state)
{
    static const char *const scripts[] = {"clock=3600 cert=authority", "clock=3600 cert=name",
        "clock=garbage", "", "clock=3600 ping=mute"};
    (void)state;

    for (size_t i = 0; i < sizeof(scripts) / sizeof(scripts[0]); i++) {
        struct peer *peer = peer_start(scripts[i]);
        struct peer_domain *d = domain_start(CONF_LDAPS, (unsigned[4]){peer->port});
        int64_t off_s = 0;
        addir_ask_clocks(d->dir);
        assert_int_equal(addir_clock_off(d->dir, &off_s), 0);
        domain_stop(d);
        peer_free(peer);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_clock_is_compared_i27),
        cmocka_unit_test(one_that_lies_is_outvoted),
        cmocka_unit_test(a_ping_tells_the_time),
        cmocka_unit_test(who_says_nothing_usable_is_not_heard_i4),
    };

    return cmocka_run_group_tests(tests, peer_set_up, peer_tear_down);
}
