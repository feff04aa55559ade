/*
 * The keys that the bridge asks with: fetched once, ahead of their end, and gone when they are to be gone.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "bridge/keyring.h"

#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <cmocka.h>

#include "base/clock.h"

enum { ASKERS = 40 };

/* A source that counts, holds back until it is told to go on, and gives keys with so much life. */
struct source {
    atomic_uint fetched;
    atomic_bool held;
    int error;
    int64_t life_s; /* 0 = without an end */
};

static int
fetch(void *arg, int64_t deadline_ms, struct sts_credential *ret, char *why)
{
    struct source *s = arg;
    struct sts_credential c = {.access_key = FED_SECRET_INIT(64),
        .secret_key = FED_SECRET_INIT(64),
        .session_token = FED_SECRET_INIT(64)};
    unsigned n = atomic_fetch_add(&s->fetched, 1) + 1;

    while (atomic_load(&s->held) && clock_left_ms(deadline_ms) > 0)
        (void)nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
    if (s->error != 0) {
        (void)snprintf(why, STS_WHY_MAX, "fetch %u failed", n);
        return s->error;
    }
    c.expires_s = s->life_s != 0 ? (int64_t)time(NULL) + s->life_s : 0;
    assert_int_equal(fed_secret_addf(&c.access_key, "KEY%u", n), 0);
    assert_int_equal(fed_secret_add_str(&c.secret_key, "secret"), 0);
    *ret = c;
    return 0;
}

/* The number of the fetch that the keys are of, or the error. */
static int
get(struct keyring *k, const char *name, struct source *s, char *why)
{
    struct sts_credential c;
    char own[STS_WHY_MAX] = "";

    int r = keyring_get(k, name, clock_mono_ms() + 5000, fetch, s, &c, why != NULL ? why : own);
    if (r != 0)
        return r;
    assert_string_equal(fed_secret_str(&c.secret_key), "secret");
    int n = fed_secret_str(&c.access_key)[3] - '0';
    sts_credential_done(&c);
    return n;
}

static void
keeps_names_apart(void **state)
{
    struct keyring *k;
    struct source a = {.life_s = 3600}, b = {.life_s = 3600};
    (void)state;

    assert_int_equal(keyring_new(&k), 0);
    assert_int_equal(get(k, "t1 x", &a, NULL), 1);
    assert_int_equal(get(k, "t1 x", &a, NULL), 1);
    assert_int_equal(get(k, "t1 xy", &b, NULL), 1);
    keyring_drop(k, "t1 x"); /* not what begins like it */
    assert_int_equal(get(k, "t1 xy", &b, NULL), 1);
    assert_int_equal(get(k, "t1 x", &a, NULL), 2);
    keyring_purge(k, "t1");
    assert_int_equal(get(k, "t1 xy", &b, NULL), 2);
    keyring_free(k);
}

static void
fetches_ahead_and_never_gives_what_ends(void **state)
{
    struct keyring *k;
    struct source ending = {.life_s = KEYRING_LAST_S - 1}, soon = {.life_s = KEYRING_AHEAD_S - 1},
                  endless = {.life_s = 0};
    char why[STS_WHY_MAX] = "";
    (void)state;

    assert_int_equal(keyring_new(&k), 0);
    assert_int_equal(get(k, "ending", &ending, why), FED_E_AWS_UNAVAILABLE);
    assert_non_null(strstr(why, "ended already"));
    /* Good for nine minutes: used, and not fetched at every request although the source has no better. */
    assert_int_equal(get(k, "soon", &soon, NULL), 1);
    assert_int_equal(get(k, "soon", &soon, NULL), 1);
    assert_int_equal(soon.fetched, 1);
    assert_int_equal(get(k, "endless", &endless, NULL), 1);
    assert_int_equal(get(k, "endless", &endless, NULL), 1);
    keyring_free(k);
}

static void
a_failure_stands_for_a_moment(void **state)
{
    struct keyring *k;
    struct source s = {.error = FED_E_AWS_REFUSED};
    char why[STS_WHY_MAX] = "";
    (void)state;

    assert_int_equal(keyring_new(&k), 0);
    for (int i = 0; i < 5; i++)
        assert_int_equal(get(k, "x", &s, why), FED_E_AWS_REFUSED);
    assert_string_equal(why, "fetch 1 failed");
    assert_int_equal(s.fetched, 1);
    keyring_drop(k, "x");
    s.error = 0;
    s.life_s = 3600;
    assert_int_equal(get(k, "x", &s, NULL), 2);
    keyring_free(k);
}

struct asker {
    struct keyring *ring;
    struct source *source;
    int got;
};

static void *
ask(void *arg)
{
    struct asker *a = arg;

    a->got = get(a->ring, "one", a->source, NULL);
    return NULL;
}

/* I-63: the keys on the way are fetched once too, however many wait for them. */
static void
one_fetch_for_all_who_wait(void **state)
{
    struct source s = {.life_s = 3600, .held = true};
    struct asker askers[ASKERS];
    pthread_t threads[ASKERS];
    struct keyring *k;
    (void)state;

    assert_int_equal(keyring_new(&k), 0);
    for (int i = 0; i < ASKERS; i++) {
        askers[i] = (struct asker){.ring = k, .source = &s};
        assert_int_equal(pthread_create(&threads[i], NULL, ask, &askers[i]), 0);
    }
    while (atomic_load(&s.fetched) == 0)
        (void)sched_yield();
    atomic_store(&s.held, false);
    for (int i = 0; i < ASKERS; i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
        assert_int_equal(askers[i].got, 1);
    }
    assert_int_equal(s.fetched, 1);
    keyring_free(k);
}

/* A ticket that ends while its keys are on their way leaves nothing behind. */
static void
what_is_dropped_in_flight_is_not_kept(void **state)
{
    struct source s = {.life_s = 3600, .held = true};
    struct keyring *k;
    struct asker asker;
    pthread_t thread;
    (void)state;

    assert_int_equal(keyring_new(&k), 0);
    asker = (struct asker){.ring = k, .source = &s};
    assert_int_equal(pthread_create(&thread, NULL, ask, &asker), 0);
    while (atomic_load(&s.fetched) == 0)
        (void)sched_yield();
    keyring_purge(k, "");
    atomic_store(&s.held, false);
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_int_equal(
        asker.got, 1); /* for its own request; whether that may have it is not the ring's matter */
    assert_int_equal(get(k, "one", &s, NULL), 2);
    keyring_free(k);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keeps_names_apart),
        cmocka_unit_test(fetches_ahead_and_never_gives_what_ends),
        cmocka_unit_test(a_failure_stands_for_a_moment),
        cmocka_unit_test(one_fetch_for_all_who_wait),
        cmocka_unit_test(what_is_dropped_in_flight_is_not_kept),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
