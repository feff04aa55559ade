/*
 * The credential cache: single flight, what is fresh, what a failure leaves, what a purge ends.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "bridge/cache.h"

static atomic_uint resumed;

static void
count_resumed(void *arg, struct job *job)
{
    (void)arg;
    assert_true(job->landed);
    (void)atomic_fetch_add(&resumed, 1);
}

static struct cache *
fresh_cache(void)
{
    struct cache *cache = NULL;

    atomic_store(&resumed, 0);
    assert_int_equal(cache_new(count_resumed, NULL, &cache), 0);
    return cache;
}

static struct cache_key
key_of(const char *ticket, unsigned role)
{
    struct cache_key key = {.role = role};

    (void)strncpy(key.ticket, ticket, sizeof(key.ticket) - 1);
    return key;
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
land(struct cache *cache, const struct cache_key *key, int64_t left_s, int64_t asked_s)
{
    struct sts_credential c;

    make_credential(&c, left_s);
    assert_int_equal(cache_land(cache, key, 0, "", &c, asked_s), 0);
    sts_credential_done(&c);
}

static enum cache_claim
claim(struct cache *cache, const struct cache_key *key, struct job *job, int *error)
{
    struct sts_credential c = {0};
    char why[STS_WHY_MAX] = "";
    int e = 0;
    enum cache_claim outcome = cache_claim(cache, key, job, (int64_t)time(NULL), &c, &e, why);

    if (outcome == CACHE_HIT)
        assert_string_equal(fed_secret_str(&c.access_key), "ASIAEXAMPLE");
    sts_credential_done(&c);
    if (error != NULL)
        *error = e;
    return outcome;
}

/* I-63: two hundred ask; one leads, the others wait and are resumed, and then all are served. */
static void
test_one_flight_for_two_hundred(void **state)
{
    struct cache *cache = fresh_cache();
    struct cache_key key = key_of("t", 1);
    struct job *jobs = calloc(200, sizeof(*jobs));
    unsigned leaders = 0, waiters = 0;

    (void)state;
    for (int i = 0; i < 200; i++) {
        enum cache_claim c = claim(cache, &key, &jobs[i], NULL);
        leaders += c == CACHE_LEAD;
        waiters += c == CACHE_WAIT;
    }
    assert_int_equal(leaders, 1);
    assert_int_equal(waiters, 199);
    land(cache, &key, 3600, 3600);
    assert_int_equal(atomic_load(&resumed), 199);
    for (int i = 0; i < 200; i++)
        assert_int_equal(claim(cache, &key, &jobs[i], NULL), CACHE_HIT);
    free(jobs);
    cache_free(cache);
}

static void
test_other_ticket_role_or_duration_is_another_flight(void **state)
{
    struct cache *cache = fresh_cache();
    struct cache_key a = key_of("t", 1), b = key_of("t", 2), c = key_of("u", 1), d = a;
    struct job job = {0};

    (void)state;
    d.duration_s = 1800;
    assert_int_equal(claim(cache, &a, &job, NULL), CACHE_LEAD);
    assert_int_equal(claim(cache, &b, &job, NULL), CACHE_LEAD);
    assert_int_equal(claim(cache, &c, &job, NULL), CACHE_LEAD);
    assert_int_equal(claim(cache, &d, &job, NULL), CACHE_LEAD);
    cache_free(cache);
}

static void
test_less_than_a_quarter_of_an_hour_is_renewed(void **state)
{
    struct cache *cache = fresh_cache();
    struct cache_key key = key_of("t", 1);
    struct job job = {0};

    (void)state;
    assert_int_equal(claim(cache, &key, &job, NULL), CACHE_LEAD);
    land(cache, &key, CACHE_FRESH_S - 60, 3600);
    assert_int_equal(claim(cache, &key, &job, NULL), CACHE_LEAD);
    land(cache, &key, CACHE_FRESH_S + 60, 3600);
    assert_int_equal(claim(cache, &key, &job, NULL), CACHE_HIT);
    cache_free(cache);
}

/* Asked for fifteen minutes, it has never more than that left: half of it counts as fresh. */
static void
test_a_short_one_is_kept_for_half_its_time(void **state)
{
    struct cache *cache = fresh_cache();
    struct cache_key key = key_of("t", 1);
    struct job job = {0};

    (void)state;
    assert_int_equal(claim(cache, &key, &job, NULL), CACHE_LEAD);
    land(cache, &key, 899, 900);
    assert_int_equal(claim(cache, &key, &job, NULL), CACHE_HIT);
    cache_free(cache);
}

/* Who waited for a flight takes what it brought, even if that is short: it does not fly again. */
static void
test_who_waited_takes_what_came(void **state)
{
    struct cache *cache = fresh_cache();
    struct cache_key key = key_of("t", 1);
    struct job leader = {0}, waiter = {0};

    (void)state;
    assert_int_equal(claim(cache, &key, &leader, NULL), CACHE_LEAD);
    assert_int_equal(claim(cache, &key, &waiter, NULL), CACHE_WAIT);
    land(cache, &key, 300, 3600);
    assert_true(waiter.landed);
    assert_int_equal(claim(cache, &key, &waiter, NULL), CACHE_HIT);
    cache_free(cache);
}

static void
test_a_refusal_stands_for_a_while(void **state)
{
    struct cache *cache = fresh_cache();
    struct cache_key key = key_of("t", 1);
    struct job job = {0};
    int error = 0;

    (void)state;
    assert_int_equal(claim(cache, &key, &job, NULL), CACHE_LEAD);
    struct sts_credential none = {0};
    assert_int_equal(cache_land(cache, &key, FED_E_AWS_REFUSED, "no", &none, 0), FED_E_AWS_REFUSED);
    assert_int_equal(claim(cache, &key, &job, &error), CACHE_REFUSED);
    assert_int_equal(error, FED_E_AWS_REFUSED);
    cache_free(cache);
}

/* AWS out of reach: what is left of the older credential serves; refused: it does not. */
static void
test_an_outage_leaves_the_older_one(void **state)
{
    struct cache *cache = fresh_cache();
    struct cache_key key = key_of("t", 1);
    struct job job = {0};
    struct sts_credential got = {0};

    (void)state;
    assert_int_equal(claim(cache, &key, &job, NULL), CACHE_LEAD);
    land(cache, &key, 600, 3600);
    assert_int_equal(claim(cache, &key, &job, NULL), CACHE_LEAD);
    assert_int_equal(cache_land(cache, &key, FED_E_AWS_UNAVAILABLE, "away", &got, 0), 0);
    assert_string_equal(fed_secret_str(&got.access_key), "ASIAEXAMPLE");
    sts_credential_done(&got);
    assert_int_equal(claim(cache, &key, &job, NULL), CACHE_HIT);

    struct cache_key other = key_of("t", 2);
    assert_int_equal(claim(cache, &other, &job, NULL), CACHE_LEAD);
    land(cache, &other, 600, 3600);
    assert_int_equal(claim(cache, &other, &job, NULL), CACHE_LEAD);
    got = (struct sts_credential){0};
    assert_int_equal(
        cache_land(cache, &other, FED_E_AWS_REFUSED, "no", &got, 0), FED_E_AWS_REFUSED);
    assert_int_equal(claim(cache, &other, &job, NULL), CACHE_REFUSED);
    cache_free(cache);
}

/* Signed out while AWS was thinking: the answer is kept for nobody. */
static void
test_a_purge_in_flight_keeps_nothing(void **state)
{
    struct cache *cache = fresh_cache();
    struct cache_key key = key_of("t", 1);
    struct job leader = {0}, waiter = {0};

    (void)state;
    assert_int_equal(claim(cache, &key, &leader, NULL), CACHE_LEAD);
    assert_int_equal(claim(cache, &key, &waiter, NULL), CACHE_WAIT);
    cache_purge(cache, "t");
    land(cache, &key, 3600, 3600);
    assert_int_equal(atomic_load(&resumed), 1);
    assert_int_equal(cache_until(cache, "t", 1, (int64_t)time(NULL)), 0);
    assert_int_equal(claim(cache, &key, &leader, NULL), CACHE_LEAD);
    cache_free(cache);
}

static void
test_one_ticket_cannot_fill_the_memory(void **state)
{
    struct cache *cache = fresh_cache();
    struct cache_key key = key_of("t", 1), first = key_of("t", 1);
    struct job job = {0};

    (void)state;
    first.duration_s = 900;
    for (int64_t i = 0; i < CACHE_PER_TICKET + 10; i++) {
        key.duration_s = 900 + i;
        assert_int_equal(claim(cache, &key, &job, NULL), CACHE_LEAD);
        land(cache, &key, 1000 + i, 3600);
    }
    assert_int_equal(claim(cache, &key, &job, NULL), CACHE_HIT);
    assert_int_equal(claim(cache, &first, &job, NULL), CACHE_LEAD); /* it has made room */
    cache_free(cache);
}

static bool
renewable(struct cache *cache, const char *ticket, int64_t ticket_left_s)
{
    int64_t now_s = (int64_t)time(NULL);
    struct cache_key key;
    bool found = cache_renewable(cache, ticket, now_s + ticket_left_s, now_s, &key);

    if (found)
        assert_int_equal(key.role, 1);
    return found;
}

/* Handed out, near its mark, of a ticket that lasts: then it is renewed, once at a time. */
static void
test_what_is_used_is_renewed_ahead_of_time(void **state)
{
    struct cache_key key = key_of("t", 1);
    struct job job = {0}, renewal = {.renews = true};
    struct cache *cache = fresh_cache();

    (void)state;
    assert_int_equal(claim(cache, &key, &job, NULL), CACHE_LEAD);
    assert_false(renewable(cache, "t", 7200)); /* it flies */
    land(cache, &key, CACHE_FRESH_S + CACHE_AHEAD_S + 60, 3600);
    assert_false(renewable(cache, "t", 7200)); /* too early */
    cache_purge(cache, "t");

    assert_int_equal(claim(cache, &key, &job, NULL), CACHE_LEAD);
    land(cache, &key, CACHE_FRESH_S + CACHE_AHEAD_S - 60, 3600);
    assert_false(renewable(cache, "u", 7200));
    assert_false(
        renewable(cache, "t", 900)); /* another would end with the ticket, as this one does */
    assert_true(renewable(cache, "t", 7200));
    assert_false(renewable(cache, "t", 7200)); /* at rest */

    /* While it is renewed, and after that has failed, everybody gets the one that is there. */
    assert_int_equal(claim(cache, &key, &renewal, NULL), CACHE_LEAD);
    assert_int_equal(claim(cache, &key, &job, NULL), CACHE_HIT);
    struct sts_credential none = {0};
    int r = cache_land(cache, &key, FED_E_AWS_REFUSED, "no", &none, 0);
    assert_int_equal(r, FED_E_AWS_REFUSED);
    assert_int_equal(claim(cache, &key, &job, NULL), CACHE_HIT);
    cache_free(cache);
}

/* Nobody asked since the last renewal: it is let go. */
static void
test_what_is_not_used_is_not_renewed_again(void **state)
{
    struct cache_key key = key_of("t", 1);
    struct job job = {0}, renewal = {.renews = true};
    struct cache *cache = fresh_cache();

    (void)state;
    assert_int_equal(claim(cache, &key, &renewal, NULL), CACHE_LEAD);
    land(cache, &key, CACHE_FRESH_S + 60, 3600);
    assert_false(renewable(cache, "t", 7200));
    assert_int_equal(claim(cache, &key, &job, NULL), CACHE_HIT);
    assert_true(renewable(cache, "t", 7200));
    cache_free(cache);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_one_flight_for_two_hundred),
        cmocka_unit_test(test_other_ticket_role_or_duration_is_another_flight),
        cmocka_unit_test(test_less_than_a_quarter_of_an_hour_is_renewed),
        cmocka_unit_test(test_a_short_one_is_kept_for_half_its_time),
        cmocka_unit_test(test_who_waited_takes_what_came),
        cmocka_unit_test(test_a_refusal_stands_for_a_while),
        cmocka_unit_test(test_an_outage_leaves_the_older_one),
        cmocka_unit_test(test_a_purge_in_flight_keeps_nothing),
        cmocka_unit_test(test_one_ticket_cannot_fill_the_memory),
        cmocka_unit_test(test_what_is_used_is_renewed_ahead_of_time),
        cmocka_unit_test(test_what_is_not_used_is_not_renewed_again),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
