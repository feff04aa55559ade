/*
 * Limits on guessing where many guess at once: what is under way counts, and is bounded.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <pthread.h>

#include <cmocka.h>

#include "tests/mfa/limits_case.h"

enum { THREADS = 200 };

static pthread_barrier_t barrier;
static atomic_uint admitted, under_way, most_under_way, unexpected;
static enum limits_outcome outcome_of_all;

static void *
try_once(void *arg)
{
    struct limits_attempt a;

    (void)arg;
    (void)pthread_barrier_wait(&barrier);
    int r = limits_begin(limits, alice, "192.0.2.1", 0, now, &a);
    if (r == 0) {
        unsigned n = atomic_fetch_add(&under_way, 1) + 1, most = atomic_load(&most_under_way);
        while (n > most && !atomic_compare_exchange_weak(&most_under_way, &most, n))
            ;
        atomic_fetch_add(&admitted, 1);
        atomic_fetch_sub(&under_way, 1);
        r = limits_end(limits, &a, outcome_of_all, now);
        unexpected += r != 0;
    } else {
        unexpected += r != FED_E_LOCKED;
    }
    return NULL;
}

static void
all_at_once(enum limits_outcome outcome)
{
    static pthread_t threads[THREADS];

    outcome_of_all = outcome;
    admitted = under_way = most_under_way = unexpected = 0;
    assert_int_equal(pthread_barrier_init(&barrier, NULL, THREADS), 0);
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, try_once, NULL), 0);
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    assert_int_equal(pthread_barrier_destroy(&barrier), 0);
    assert_int_equal(unexpected, 0);
}

/* I-37: of two hundred wrong answers at the same moment, five are looked at; fewer for now, when some knock
 * at the moment in which an ended attempt counts twice, and then the rest afterwards. */
static void
test_parallel_tries_do_not_beat_the_limit_i37(void **state)
{
    (void)state;
    all_at_once(LIMITS_WRONG_CODE);
    assert_in_range(admitted, 1, MAX);
    while (attempt(alice, "192.0.2.1", 0, LIMITS_WRONG_CODE, now) == 0)
        admitted++;
    assert_int_equal(admitted, MAX);
    assert_int_equal(attempt(alice, "192.0.2.1", 0, LIMITS_SUCCESS, now), FED_E_LOCKED);
}

/* Attempts without a verdict leave nothing behind, and never more than five are under way. */
static void
test_parallel_tries_without_verdict_i40(void **state)
{
    (void)state;
    all_at_once(LIMITS_NO_VERDICT);
    assert_in_range(most_under_way, 1, MAX);
    assert_int_equal(attempt(alice, "192.0.2.1", 1, LIMITS_SUCCESS, now), 0);
}

/* The table is bounded, and ends of attempts make room again. */
static void
test_under_way_is_bounded(void **state)
{
    static struct limits_attempt a[LIMITS_UNDER_WAY_MAX];
    struct limits_attempt extra;
    char person[64];

    (void)state;
    for (unsigned i = 0; i < LIMITS_UNDER_WAY_MAX; i++) {
        (void)snprintf(person, sizeof(person), "S-1-5-21-9-9-9-%u", i);
        assert_int_equal(limits_begin(limits, person, "", 0, now, &a[i]), 0);
    }
    assert_int_equal(limits_begin(limits, alice, "", 0, now, &extra), FED_E_BUSY);
    for (unsigned i = 0; i < LIMITS_UNDER_WAY_MAX; i++)
        assert_int_equal(limits_end(limits, &a[i], LIMITS_NO_VERDICT, now), 0);
    assert_int_equal(attempt(alice, "", 1, LIMITS_SUCCESS, now), 0);
}

static void
test_under_way_counts_i37(void **state)
{
    struct limits_attempt a[MAX], extra;

    (void)state;
    for (int i = 0; i < MAX; i++)
        assert_int_equal(limits_begin(limits, alice, "192.0.2.1", 0, now, &a[i]), 0);
    assert_int_equal(limits_begin(limits, alice, "192.0.2.1", 0, now, &extra), FED_E_LOCKED);
    assert_int_equal(attempt(alice, "192.0.2.2", MAX, LIMITS_SUCCESS, now), FED_E_LOCKED);
    assert_int_equal(limits_end(limits, &a[0], LIMITS_SUCCESS, now), 0);
    assert_int_equal(limits_begin(limits, alice, "192.0.2.1", 0, now, &a[0]), 0);
    for (int i = 0; i < MAX; i++)
        assert_int_equal(limits_end(limits, &a[i], LIMITS_WRONG_PASSWORD, now), 0);
    assert_int_equal(limits_begin(limits, alice, "192.0.2.1", 0, now, &extra), FED_E_LOCKED);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_parallel_tries_do_not_beat_the_limit_i37),
        TEST(test_parallel_tries_without_verdict_i40),
        TEST(test_under_way_counts_i37),
        TEST(test_under_way_is_bounded),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
