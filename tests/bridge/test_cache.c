/*
 * The credential cache: single flight, what is fresh, what a failure leaves, what a purge ends.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "bridge/cache.h"

/* Of each test, fresh: a cache, the key that most ask for, and who asks. */
static struct cache *cache;
static struct cache_key key;
static struct job one;
static atomic_uint resumed;

static void
count_resumed(void *arg, struct job *job)
{
    (void)arg;
    assert_true(job->landed);
    (void)atomic_fetch_add(&resumed, 1);
}

static struct cache_key
key_of(const char *ticket, unsigned role)
{
    struct cache_key made = {.role = role};

    (void)strncpy(made.ticket, ticket, sizeof(made.ticket) - 1);
    return made;
}

static int
set_up(void **state)
{
    (void)state;
    atomic_store(&resumed, 0);
    key = key_of("t", 1);
    one = (struct job){.landed = false};
    return cache_new(count_resumed, NULL, &cache);
}

static int
tear_down(void **state)
{
    (void)state;
    cache_free(cache);
    return 0;
}

static void
make_credential(struct sts_credential *c, int64_t left_s)
{
    *c = (struct sts_credential){.access_key = FED_SECRET_INIT(128),
        .secret_key = FED_SECRET_INIT(128),
        .session_token = FED_SECRET_INIT(4096),
        .expires_s = (int64_t)time(NULL) + left_s};
    assert_int_equal(fed_secret_add_str(&c->access_key, "ASIAEXAMPLE"), 0);
    assert_int_equal(fed_secret_add_str(&c->secret_key, "secret"), 0);
    assert_int_equal(fed_secret_add_str(&c->session_token, "token"), 0);
}

static void
land(const struct cache_key *of, int64_t left_s, int64_t asked_s)
{
    struct sts_credential c;

    make_credential(&c, left_s);
    assert_int_equal(cache_land(cache, of, 0, "", &c, asked_s), 0);
    sts_credential_done(&c);
}

/* What an asker gets; where it is a refusal, which. */
static enum cache_claim
claim(const struct cache_key *of, struct job *asker, int *ret_error)
{
    struct sts_credential c = {0};
    char why[STS_WHY_MAX] = "";
    int e = 0;
    enum cache_claim outcome = cache_claim(cache, of, asker, (int64_t)time(NULL), &c, &e, why);

    if (outcome == CACHE_HIT)
        assert_string_equal(fed_secret_str(&c.access_key), "ASIAEXAMPLE");
    sts_credential_done(&c);
    if (ret_error != NULL)
        *ret_error = e;
    return outcome;
}

static void
expect(const struct cache_key *of, enum cache_claim wanted)
{
    assert_int_equal(claim(of, &one, NULL), wanted);
}

/* One asker leads, and the credential lands. */
static void
fetch(const struct cache_key *of, int64_t left_s, int64_t asked_s)
{
    expect(of, CACHE_LEAD);
    land(of, left_s, asked_s);
}

/* One asker leads, and there is none. */
static void
fail_to_fetch(const struct cache_key *of, int error)
{
    struct sts_credential none = {0};

    expect(of, CACHE_LEAD);
    assert_int_equal(cache_land(cache, of, error, "no", &none, 0), error);
}

/* I-63: two hundred ask; one leads, the others wait and are resumed, and then all are served. */
static void
test_one_flight_for_two_hundred(void **state)
{
    struct job *jobs = calloc(200, sizeof(*jobs));
    unsigned leaders = 0, waiters = 0;

    (void)state;
    for (int i = 0; i < 200; i++) {
        enum cache_claim c = claim(&key, &jobs[i], NULL);
        leaders += c == CACHE_LEAD;
        waiters += c == CACHE_WAIT;
    }
    assert_int_equal(leaders, 1);
    assert_int_equal(waiters, 199);
    land(&key, 3600, 3600);
    assert_int_equal(atomic_load(&resumed), 199);
    for (int i = 0; i < 200; i++)
        assert_int_equal(claim(&key, &jobs[i], NULL), CACHE_HIT);
    free(jobs);
}

static void
test_other_ticket_role_or_duration_is_another_flight(void **state)
{
    struct cache_key a = key_of("t", 1), b = key_of("t", 2), c = key_of("u", 1), d = a;

    (void)state;
    d.duration_s = 1800;
    expect(&a, CACHE_LEAD);
    expect(&b, CACHE_LEAD);
    expect(&c, CACHE_LEAD);
    expect(&d, CACHE_LEAD);
}

static void
test_less_than_a_quarter_of_an_hour_is_renewed(void **state)
{
    (void)state;
    fetch(&key, CACHE_FRESH_S - 60, 3600);
    fetch(&key, CACHE_FRESH_S + 60, 3600);
    expect(&key, CACHE_HIT);
}

/* Asked for fifteen minutes, it has never more than that left: half of it counts as fresh. */
static void
test_a_short_one_is_kept_for_half_its_time(void **state)
{
    (void)state;
    fetch(&key, 899, 900);
    expect(&key, CACHE_HIT);
}

/* Who waited for a flight takes what it brought, even if that is short: it does not fly again. */
static void
test_who_waited_takes_what_came(void **state)
{
    struct job leader = {0}, waiter = {0};

    (void)state;
    assert_int_equal(claim(&key, &leader, NULL), CACHE_LEAD);
    assert_int_equal(claim(&key, &waiter, NULL), CACHE_WAIT);
    land(&key, 300, 3600);
    assert_true(waiter.landed);
    assert_int_equal(claim(&key, &waiter, NULL), CACHE_HIT);
}

static void
test_a_refusal_stands_for_a_while(void **state)
{
    int error = 0;

    (void)state;
    fail_to_fetch(&key, FED_E_AWS_REFUSED);
    assert_int_equal(claim(&key, &one, &error), CACHE_REFUSED);
    assert_int_equal(error, FED_E_AWS_REFUSED);
}

/* AWS out of reach: what is left of the older credential serves; refused: it does not. */
static void
test_an_outage_leaves_the_older_one(void **state)
{
    struct sts_credential got = {0};

    (void)state;
    fetch(&key, 600, 3600);
    expect(&key, CACHE_LEAD);
    assert_int_equal(cache_land(cache, &key, FED_E_AWS_UNAVAILABLE, "away", &got, 0), 0);
    assert_string_equal(fed_secret_str(&got.access_key), "ASIAEXAMPLE");
    sts_credential_done(&got);
    expect(&key, CACHE_HIT);

    struct cache_key other = key_of("t", 2);
    fetch(&other, 600, 3600);
    fail_to_fetch(&other, FED_E_AWS_REFUSED);
    expect(&other, CACHE_REFUSED);
}

/* Signed out while AWS was thinking: the answer is kept for nobody. */
static void
test_a_purge_in_flight_keeps_nothing(void **state)
{
    struct job leader = {0}, waiter = {0};

    (void)state;
    assert_int_equal(claim(&key, &leader, NULL), CACHE_LEAD);
    assert_int_equal(claim(&key, &waiter, NULL), CACHE_WAIT);
    cache_purge(cache, "t");
    land(&key, 3600, 3600);
    assert_int_equal(atomic_load(&resumed), 1);
    assert_int_equal(cache_until(cache, "t", 1, (int64_t)time(NULL)), 0);
    assert_int_equal(claim(&key, &leader, NULL), CACHE_LEAD);
}

static void
test_one_ticket_cannot_fill_the_memory(void **state)
{
    struct cache_key first = key;

    (void)state;
    first.duration_s = 900;
    for (int64_t i = 0; i < CACHE_PER_TICKET + 10; i++) {
        key.duration_s = 900 + i;
        fetch(&key, 1000 + i, 3600);
    }
    expect(&key, CACHE_HIT);
    expect(&first, CACHE_LEAD); /* it has made room */
}

static bool
renewable(const char *ticket, int64_t ticket_left_s)
{
    int64_t now_s = (int64_t)time(NULL);
    struct cache_key ahead;
    bool found = cache_renewable(cache, ticket, now_s + ticket_left_s, now_s, &ahead);

    if (found)
        assert_int_equal(ahead.role, 1);
    return found;
}

/* Handed out, near its mark, of a ticket that lasts: then it is renewed, once at a time. */
static void
test_what_is_used_is_renewed_ahead_of_time(void **state)
{
    struct job renewal = {.renews = true};

    (void)state;
    expect(&key, CACHE_LEAD);
    assert_false(renewable("t", 7200)); /* it flies */
    land(&key, CACHE_FRESH_S + CACHE_AHEAD_S + 60, 3600);
    assert_false(renewable("t", 7200)); /* too early */
    cache_purge(cache, "t");

    fetch(&key, CACHE_FRESH_S + CACHE_AHEAD_S - 60, 3600);
    assert_false(renewable("u", 7200));
    assert_false(renewable("t", 900)); /* another would end with the ticket, as this one does */
    assert_true(renewable("t", 7200));
    assert_false(renewable("t", 7200)); /* at rest */

    /* While it is renewed, and after that has failed, everybody gets the one that is there. */
    assert_int_equal(claim(&key, &renewal, NULL), CACHE_LEAD);
    expect(&key, CACHE_HIT);
    struct sts_credential none = {0};
    int r = cache_land(cache, &key, FED_E_AWS_REFUSED, "no", &none, 0);
    assert_int_equal(r, FED_E_AWS_REFUSED);
    expect(&key, CACHE_HIT);
}

/* Nobody asked since the last renewal: it is let go. */
static void
test_what_is_not_used_is_not_renewed_again(void **state)
{
    struct job renewal = {.renews = true};

    (void)state;
    assert_int_equal(claim(&key, &renewal, NULL), CACHE_LEAD);
    land(&key, CACHE_FRESH_S + 60, 3600);
    assert_false(renewable("t", 7200));
    expect(&key, CACHE_HIT);
    assert_true(renewable("t", 7200));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_one_flight_for_two_hundred),
        TEST(test_other_ticket_role_or_duration_is_another_flight),
        TEST(test_less_than_a_quarter_of_an_hour_is_renewed),
        TEST(test_a_short_one_is_kept_for_half_its_time),
        TEST(test_who_waited_takes_what_came),
        TEST(test_a_refusal_stands_for_a_while),
        TEST(test_an_outage_leaves_the_older_one),
        TEST(test_a_purge_in_flight_keeps_nothing),
        TEST(test_one_ticket_cannot_fill_the_memory),
        TEST(test_what_is_used_is_renewed_ahead_of_time),
        TEST(test_what_is_not_used_is_not_renewed_again),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
