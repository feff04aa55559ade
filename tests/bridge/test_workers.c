/*
 * The pool's end: no job is lost and none is worked on any more, whoever hands it over.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdatomic.h>

#include "bridge/cache.h"
#include "bridge/workers.h"

enum { JOBS = 64 };

static atomic_uint worked, answered;

static bool
count_work(void *arg, struct job *job)
{
    (void)arg, (void)job;
    (void)atomic_fetch_add(&worked, 1);
    return true;
}

static void
count_answer(void *arg, struct job *job)
{
    (void)arg, (void)job;
    (void)atomic_fetch_add(&answered, 1);
}

static struct workers *
fresh_workers(void)
{
    struct workers_options options = {.n = 4, .work = count_work};
    struct workers *w = NULL;

    atomic_store(&worked, 0);
    atomic_store(&answered, 0);
    assert_int_equal(workers_new(&options, &w), 0);
    return w;
}

static void
test_what_comes_after_the_stop_is_given_back(void **state)
{
    struct job jobs[JOBS] = {{.answer = NULL}};
    struct workers *w = fresh_workers();

    (void)state;
    workers_stop(w);
    for (size_t i = 0; i < JOBS; i++) {
        jobs[i].answer = count_answer;
        jobs[i].peer.uid = i % 2 == 0 ? 0 : 2000;
        workers_add(w, &jobs[i]);
    }
    assert_int_equal(atomic_load(&answered), 0);
    workers_free(w);
    assert_int_equal(atomic_load(&answered), JOBS);
    assert_int_equal(atomic_load(&worked), 0);
}

static void
resume(void *arg, struct job *job)
{
    workers_add(arg, job);
}

/* The order of the bridge's end: the workers stop, the cache lets go of those who wait in it, the workers are freed. */
static void
test_who_waits_for_a_flight_is_answered_at_the_end(void **state)
{
    struct job leader = {.answer = count_answer}, waits = {.answer = count_answer};
    struct cache_key key = {.ticket = "t", .role = 1};
    struct workers *w = fresh_workers();
    struct cache *cache = NULL;
    struct sts_credential c;
    char why[STS_WHY_MAX];
    int error;

    (void)state;
    assert_int_equal(cache_new(resume, w, &cache), 0);
    assert_int_equal(cache_claim(cache, &key, &leader, 0, &c, &error, why), CACHE_LEAD);
    assert_int_equal(cache_claim(cache, &key, &waits, 0, &c, &error, why), CACHE_WAIT);
    workers_stop(w);
    cache_free(cache);
    workers_free(w);
    assert_int_equal(atomic_load(&answered), 1);
    assert_int_equal(atomic_load(&worked), 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_comes_after_the_stop_is_given_back),
        cmocka_unit_test(test_who_waits_for_a_flight_is_answered_at_the_end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
