/*
 * What every kind of store must hold to, the same tests over each: compare-and-swap, names, order,
 * failures; by many threads on two stores that share one place, as two hosts would.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <pthread.h>
#include <unistd.h>

#include <cmocka.h>

#include "mfa/limits.h"
#include "tests/folder.h"
#include "tests/mfa/directory.h"
#include "tests/mfa/people.h"
#include "tests/mfa/postgres.h"

static const char alice[] = "S-1-5-21-1-2-3-1104";
static const char bob[] = "S-1-5-21-1-2-3-1105";

enum { HOSTS = 2, THREADS = 16 };

static char folder[FOLDER_SIZE], where[192], why[STORE_WHY_MAX];
static struct store *hosts[HOSTS];
static struct store *store; /* the first of them */

/* ---- The kinds ---- */

static int
make_folder(void **state)
{
    (void)state;
    return folder_make(folder);
}

static int
remove_folder(void **state)
{
    (void)state;
    return folder_remove(folder);
}

static int
empty_sqlite(void **state)
{
    char command[128];

    (void)state;
    (void)snprintf(where, sizeof(where), "sqlite:%s/mfa.db", folder);
    (void)snprintf(command, sizeof(command), "rm -f %s/*", folder);
    return system(command);
}

static int
make_server(void **state)
{
    (void)state;
    return postgres_make();
}

static int
remove_server(void **state)
{
    (void)state;
    return postgres_remove();
}

static int
empty_postgres(void **state)
{
    (void)state;
    (void)snprintf(where, sizeof(where), "postgresql://awsfed@/awsfed?host=%s", postgres_folder);
    return postgres_sql("DROP SCHEMA IF EXISTS awsfed CASCADE");
}

static int
open_hosts(void **state)
{
    (void)state;
    for (int i = 0; i < HOSTS; i++)
        assert_int_equal(store_open(where, &hosts[i], why), 0);
    store = hosts[0];
    return 0;
}

static int
set_up_directory(void **state)
{
    char failures[128];

    if (ad_empty() != 0 || empty_sqlite(state) != 0)
        return -1;
    (void)snprintf(failures, sizeof(failures), "%s/failures.db", folder);
    for (int i = 0; i < HOSTS; i++)
        assert_int_equal(store_directory_open(&ad_ops, NULL, failures, &hosts[i], why), 0);
    store = hosts[0];
    return 0;
}

static int
set_up_sqlite(void **state)
{
    return empty_sqlite(state) != 0 ? -1 : open_hosts(state);
}

static int
set_up_postgres(void **state)
{
    return empty_postgres(state) != 0 ? -1 : open_hosts(state);
}

static int
tear_down(void **state)
{
    (void)state;
    for (int i = 0; i < HOSTS; i++) {
        store_close(hosts[i]);
        hosts[i] = NULL;
    }
    return 0;
}

/* ---- Rows ---- */

static struct store_row
row_of(const char *sid, const char *name, int64_t enrolled_s)
{
    struct store_row row = {.enrolled_s = enrolled_s, .record_len = RECORD_MAX};

    (void)snprintf(row.sid, sizeof(row.sid), "%s", sid);
    (void)snprintf(row.name, sizeof(row.name), "%s", name);
    for (size_t i = 0; i < row.record_len; i++)
        row.record[i] = (unsigned char)i;
    return row;
}

static void
test_rows_come_back_whole(void **state)
{
    struct store_row row = row_of(alice, "\xc3\x84lice@corp.example.com", 1700000000), other = row,
                     got;

    (void)state;
    assert_int_equal(store_load(store, alice, &got), FED_E_NOT_ENROLLED);
    assert_int_equal(store_remove(store, alice), FED_E_NOT_ENROLLED);
    assert_int_equal(store_swap(store, &row), 0);
    assert_true(row.version != 0);
    assert_int_equal(store_load(hosts[1], alice, &got), 0);
    assert_string_equal(got.name, row.name);
    assert_int_equal(got.enrolled_s, row.enrolled_s);
    assert_int_equal(got.version, row.version);
    assert_int_equal(got.record_len, RECORD_MAX);
    assert_memory_equal(got.record, row.record, RECORD_MAX);
    assert_int_equal(store_swap(store, &other), FED_E_REPLAY); /* it was to be the first */
    assert_int_equal(store_remove(hosts[1], alice), 0);
    assert_int_equal(store_load(store, alice, &got), FED_E_NOT_ENROLLED);
    assert_int_equal(store_swap(store, &row), FED_E_REPLAY); /* removed meanwhile */
    assert_int_equal(store_load(store, alice, &got), FED_E_NOT_ENROLLED);
}

static void
test_a_row_that_moved_is_not_overwritten_i26(void **state)
{
    struct store_row row = row_of(alice, "alice@corp.example.com", 1), here, there;

    (void)state;
    assert_int_equal(store_swap(store, &row), 0);
    assert_int_equal(store_load(hosts[0], alice, &here), 0);
    assert_int_equal(store_load(hosts[1], alice, &there), 0);
    there.record[0] = 0x77;
    assert_int_equal(store_swap(hosts[1], &there), 0);
    assert_int_equal(store_swap(hosts[0], &here), FED_E_REPLAY);
    assert_int_equal(store_load(hosts[0], alice, &here), 0);
    assert_int_equal(here.record[0], 0x77);
    assert_int_equal(here.version, there.version);
}

static void
test_names_are_found_in_any_case(void **state)
{
    struct store_row old = row_of(alice, "Alice@Corp.Example.com", 100);
    struct store_row anew = row_of(bob, "alice@corp.example.com", 200);
    char sid[STORE_SID_MAX];

    (void)state;
    assert_int_equal(store_find(store, "alice@corp.example.com", sid), FED_E_NOT_ENROLLED);
    assert_int_equal(store_swap(store, &old), 0);
    assert_int_equal(store_find(hosts[1], "ALICE@corp.example.com", sid), 0);
    assert_string_equal(sid, alice);
    assert_int_equal(store_swap(store, &anew), 0);
    assert_int_equal(store_find(store, "aliCe@corp.example.com", sid), 0);
    assert_string_equal(sid, bob);
    assert_int_equal(store_find(store, "' OR ''='", sid), FED_E_NOT_ENROLLED);
    assert_int_equal(store_find(store, "*", sid), FED_E_NOT_ENROLLED);
}

static int
collect(const struct store_row *row, void *arg)
{
    char *names = arg;
    size_t len = strlen(names);

    (void)snprintf(names + len, 256 - len, "%s %s;", row->name, row->sid + strlen(row->sid) - 1);
    return 0;
}

static int
stop_at_once(const struct store_row *row, void *arg)
{
    (void)row;
    (void)arg;
    return FED_E_BUSY;
}

static void
test_listing_is_in_order(void **state)
{
    static const char *const names[] = {
        "b@x", "A@x", "a_b@x", "ab@x", "\xc3\xa4@x", "B@x", "a-b@x"};
    char got[256] = "";

    (void)state;
    assert_int_equal(store_each(store, collect, got), 0);
    assert_string_equal(got, "");
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        char sid[STORE_SID_MAX];
        (void)snprintf(sid, sizeof(sid), "S-1-5-21-1-2-3-%zu", i);
        struct store_row row = row_of(sid, names[i], 1);
        assert_int_equal(store_swap(store, &row), 0);
    }
    assert_int_equal(store_each(hosts[1], collect, got), 0);
    assert_string_equal(got, "a-b@x 6;A@x 1;a_b@x 2;ab@x 3;b@x 0;B@x 5;\xc3\xa4@x 4;");
    assert_int_equal(store_each(store, stop_at_once, NULL), FED_E_BUSY);
}

/* ---- Many at once ---- */

static pthread_barrier_t barrier;
static int results[THREADS];

static void
run_threads(void *(*fn)(void *arg))
{
    pthread_t threads[THREADS];

    assert_int_equal(pthread_barrier_init(&barrier, NULL, THREADS), 0);
    for (intptr_t i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, fn, (void *)i), 0);
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    (void)pthread_barrier_destroy(&barrier);
}

static uint64_t step_now;

static void *
use_step(void *arg)
{
    intptr_t i = (intptr_t)arg;

    (void)pthread_barrier_wait(&barrier);
    results[i] = people_use(hosts[i % HOSTS], alice, step_now);
    return NULL;
}

/* I-24, I-26: one code on two hosts at the same instant, by many threads of each. */
static void
test_one_code_one_success_over_hosts_i24_i26(void **state)
{
    (void)state;
    assert_int_equal(people_put(store, alice, "alice@corp.example.com", 0, false), 0);
    for (step_now = 1; step_now <= 20; step_now++) {
        int won = 0;
        run_threads(use_step);
        for (int i = 0; i < THREADS; i++) {
            won += results[i] == 0;
            if (results[i] != 0)
                assert_int_equal(results[i], FED_E_REPLAY);
        }
        assert_int_equal(won, 1);
    }
    step_now = 20;
    assert_int_equal(people_use(hosts[1], alice, step_now), FED_E_REPLAY);
}

static void *
fail_once(void *arg)
{
    intptr_t i = (intptr_t)arg;
    char source[16];

    (void)snprintf(source, sizeof(source), "10.0.0.%d", (int)(i % 4));
    (void)pthread_barrier_wait(&barrier);
    results[i] = 0;
    for (int n = 0; n < 5 && results[i] == 0; n++)
        results[i] = store_failures_add(hosts[i % HOSTS], alice, source,
            n == 0 ? STORE_FAILED_PASSWORD : STORE_FAILED_CODE, 1000000, 900);
    return NULL;
}

/* I-37: no failure is lost between threads or hosts. */
static void
test_failures_all_count_i37(void **state)
{
    struct store_failures f;

    (void)state;
    run_threads(fail_once);
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(results[i], 0);
    assert_int_equal(store_failures_get(hosts[1], alice, "10.0.0.1", 1000000, 900, &f), 0);
    assert_int_equal(f.here, THREADS / 4 * 5);
    assert_int_equal(f.codes, THREADS * 4);
    assert_int_equal(f.passwords, THREADS);
}

static void
assert_failures(
    const char *source, int64_t now_s, unsigned here, unsigned codes, unsigned passwords)
{
    struct store_failures f;

    assert_int_equal(store_failures_get(hosts[1], alice, source, now_s, 900, &f), 0);
    assert_int_equal(f.here, here);
    assert_int_equal(f.codes, codes);
    assert_int_equal(f.passwords, passwords);
}

static void
test_failures_fade_and_are_forgiven_i39(void **state)
{
    int64_t now = 1000000;

    (void)state;
    assert_failures("a", now, 0, 0, 0);
    assert_int_equal(store_failures_add(store, alice, "a", STORE_FAILED_CODE, now, 900), 0);
    assert_int_equal(store_failures_add(store, alice, "b", STORE_FAILED_PASSWORD, now, 900), 0);
    assert_int_equal(store_failures_add(store, bob, "a", STORE_FAILED_CODE, now, 900), 0);
    assert_failures("a", now, 1, 1, 1);
    assert_failures("c", now, 0, 1, 1);
    assert_failures("a", now + 899, 1, 1, 1);
    assert_failures("a", now + 900, 0, 0, 0);
    assert_failures("a", now - 900, 0, 0, 0); /* the clock was ahead */
    /* What has faded is not revived by one more. */
    assert_int_equal(store_failures_add(store, alice, "a", STORE_FAILED_CODE, now + 950, 900), 0);
    assert_failures("a", now + 950, 1, 1, 0);
    assert_int_equal(
        store_failures_add(store, alice, "b", STORE_FAILED_PASSWORD, now + 950, 900), 0);
    assert_int_equal(store_failures_forgive(hosts[1], alice, "a"), 0);
    assert_failures("b", now + 950, 1, 0, 0);
    assert_failures("a", now + 950, 0, 0, 0);
    assert_int_equal(store_failures_forget(store, alice), 0);
    assert_failures("b", now + 950, 0, 0, 0);
}

/* ---- Limits ---- */

static struct limits *limits[HOSTS];

static void *
guess(void *arg)
{
    intptr_t i = (intptr_t)arg;
    struct limits_attempt attempt;

    (void)pthread_barrier_wait(&barrier);
    results[i] = limits_begin(limits[i % HOSTS], alice, "192.0.2.1", 0, 1000000, &attempt);
    if (results[i] == 0)
        assert_int_equal(limits_end(limits[i % HOSTS], &attempt, LIMITS_WRONG_CODE, 1000000), 0);
    return NULL;
}

/* I-37: parallel tries on two hosts get no more guesses than one after the other on one. */
static void
test_parallel_guesses_on_two_hosts_i37(void **state)
{
    int admitted = 0;

    (void)state;
    for (int i = 0; i < HOSTS; i++)
        assert_int_equal(
            limits_new(
                &(struct limits_options){.store = hosts[i], .max_failures = 5, .lock_time_s = 900},
                &limits[i]),
            0);
    for (int round = 0; round < 4; round++) {
        run_threads(guess);
        for (int i = 0; i < THREADS; i++) {
            admitted += results[i] == 0;
            assert_true(results[i] == 0 || results[i] == FED_E_LOCKED);
        }
    }
    for (int i = 0; i < HOSTS; i++)
        limits_free(limits[i]);
    assert_in_range(admitted, 1, 5);
}

/* What is under way is seen by the other host, and is no failure when it ends without one (I-40). */
static void
test_attempts_are_seen_by_other_hosts(void **state)
{
    unsigned here = 9, anywhere = 9;
    uint64_t a, b, c;

    (void)state;
    assert_true(store_is_shared(store));
    assert_int_equal(store_attempt_begin(hosts[0], alice, "x", &a, &here, &anywhere), 0);
    assert_int_equal(here + anywhere, 0);
    assert_int_equal(store_attempt_begin(hosts[1], alice, "y", &b, &here, &anywhere), 0);
    assert_int_equal(here, 0);
    assert_int_equal(anywhere, 1);
    assert_int_equal(store_attempt_begin(hosts[1], alice, "x", &c, &here, &anywhere), 0);
    assert_int_equal(here, 1);
    assert_int_equal(anywhere, 2);
    store_attempt_end(hosts[1], c);
    store_attempt_end(hosts[0], a);
    store_attempt_end(hosts[1], b);
    assert_int_equal(store_attempt_begin(hosts[1], alice, "x", &a, &here, &anywhere), 0);
    assert_int_equal(here + anywhere, 0);
    /* A host that died in the middle of one: it is forgotten. */
    assert_int_equal(postgres_sql("UPDATE awsfed.attempt SET begun = begun - interval '61 s'"), 0);
    assert_int_equal(store_attempt_begin(hosts[0], alice, "x", &a, &here, &anywhere), 0);
    assert_int_equal(here + anywhere, 0);
}

#define TESTS(kind)                                                                                \
    {                                                                                              \
        cmocka_unit_test_setup_teardown(test_rows_come_back_whole, set_up_##kind, tear_down),      \
            cmocka_unit_test_setup_teardown(                                                       \
                test_a_row_that_moved_is_not_overwritten_i26, set_up_##kind, tear_down),           \
            cmocka_unit_test_setup_teardown(                                                       \
                test_names_are_found_in_any_case, set_up_##kind, tear_down),                       \
            cmocka_unit_test_setup_teardown(test_listing_is_in_order, set_up_##kind, tear_down),   \
            cmocka_unit_test_setup_teardown(                                                       \
                test_one_code_one_success_over_hosts_i24_i26, set_up_##kind, tear_down),           \
            cmocka_unit_test_setup_teardown(                                                       \
                test_failures_all_count_i37, set_up_##kind, tear_down),                            \
            cmocka_unit_test_setup_teardown(                                                       \
                test_failures_fade_and_are_forgiven_i39, set_up_##kind, tear_down),                \
    }

int
main(void)
{
    const struct CMUnitTest sqlite[] = TESTS(sqlite);
    const struct CMUnitTest postgres[] = TESTS(postgres);
    const struct CMUnitTest fleet[] = {
        cmocka_unit_test_setup_teardown(
            test_parallel_guesses_on_two_hosts_i37, set_up_postgres, tear_down),
        cmocka_unit_test_setup_teardown(
            test_attempts_are_seen_by_other_hosts, set_up_postgres, tear_down),
    };
    const struct CMUnitTest directory[] = TESTS(directory);
    int failed = cmocka_run_group_tests_name("sqlite", sqlite, make_folder, remove_folder);

    failed += cmocka_run_group_tests_name("directory", directory, make_folder, remove_folder);
    failed += cmocka_run_group_tests_name("postgresql", postgres, make_server, remove_server);
    return failed + cmocka_run_group_tests_name("fleet", fleet, make_server, remove_server);
}
