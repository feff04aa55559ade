/*
 * Limits on guessing: what is counted, against whom, and what a success forgives.
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
#include <unistd.h>

#include <cmocka.h>
#include <sqlite3.h>

#include "tests/mfa/limits_case.h"

/* I-37, I-38: after max failures even a right answer is told to come later, until the time is over. */
static void
test_locked_after_max_failures_i37(void **state)
{
    (void)state;
    fail_times(MAX, alice, "192.0.2.1", LIMITS_WRONG_CODE);
    for (int i = 0; i < 20; i++)
        assert_int_equal(attempt(alice, "192.0.2.1", 0, LIMITS_SUCCESS, now), FED_E_LOCKED);
    assert_int_equal(
        attempt(alice, "192.0.2.1", 0, LIMITS_SUCCESS, now + LOCK_S - 1), FED_E_LOCKED);
    assert_int_equal(attempt(alice, "192.0.2.1", 0, LIMITS_SUCCESS, now + LOCK_S), 0);
}

/* Passwords and codes from one source share its count. */
static void
test_both_kinds_count_together(void **state)
{
    (void)state;
    fail_times(3, alice, "192.0.2.1", LIMITS_WRONG_CODE);
    fail_times(2, alice, "192.0.2.1", LIMITS_WRONG_PASSWORD);
    assert_int_equal(attempt(alice, "192.0.2.1", 0, LIMITS_SUCCESS, now), FED_E_LOCKED);
}

/* A refused attempt is not counted: the lock ends, however often somebody knocks meanwhile. */
static void
test_lock_is_not_prolonged(void **state)
{
    (void)state;
    fail_times(MAX, alice, "192.0.2.1", LIMITS_WRONG_CODE);
    for (int64_t t = now; t < now + LOCK_S; t += 30)
        assert_int_equal(attempt(alice, "192.0.2.1", 0, LIMITS_WRONG_CODE, t), FED_E_LOCKED);
    assert_int_equal(attempt(alice, "192.0.2.1", 0, LIMITS_WRONG_CODE, now + LOCK_S), 0);
}

/* The count survives a restart. */
static void
test_lock_survives_restart(void **state)
{
    (void)state;
    fail_times(MAX, alice, "192.0.2.1", LIMITS_WRONG_CODE);
    fail_times(MAX, "name:nobody@x", "192.0.2.1", LIMITS_WRONG_CODE);
    close_limits();
    open_limits();
    assert_int_equal(attempt(alice, "192.0.2.1", 0, LIMITS_SUCCESS, now), FED_E_LOCKED);
    assert_int_equal(attempt("name:nobody@x", "192.0.2.1", 0, LIMITS_SUCCESS, now), FED_E_LOCKED);
}

/* I-39: another source is another count; another form of the same source is not. */
static void
test_other_sources_stay_open_i39(void **state)
{
    (void)state;
    fail_times(MAX, alice, "192.0.2.1", LIMITS_WRONG_CODE);
    assert_int_equal(attempt(alice, "::ffff:192.0.2.1", 0, LIMITS_SUCCESS, now), FED_E_LOCKED);
    assert_int_equal(attempt(alice, "192.0.2.2", 0, LIMITS_SUCCESS, now), 0);
    assert_int_equal(attempt(alice, "", 0, LIMITS_SUCCESS, now), 0);
    fail_times(3, alice, "2001:db8::1", LIMITS_WRONG_CODE);
    fail_times(2, alice, "2001:db8::2", LIMITS_WRONG_CODE);
    assert_int_equal(attempt(alice, "2001:db8::3", 0, LIMITS_SUCCESS, now), FED_E_LOCKED);
    assert_int_equal(attempt(alice, "2001:db8:0:1::3", 0, LIMITS_SUCCESS, now), 0);
    /* And another person from a source that is locked for Alice. */
    assert_int_equal(attempt("S-1-5-21-1-2-3-1105", "192.0.2.1", 0, LIMITS_SUCCESS, now), 0);
}

/* Codes from ever new addresses: a limit over all of them. */
static void
test_codes_over_all_sources(void **state)
{
    char source[32];
    unsigned n = 0;

    (void)state;
    for (;; n++) {
        (void)snprintf(source, sizeof(source), "10.0.%u.%u", n / 200, n % 200);
        int r = attempt(alice, source, 0, LIMITS_WRONG_CODE, now);
        if (r != 0) {
            assert_int_equal(r, FED_E_LOCKED);
            break;
        }
        assert_true(n < 1000);
    }
    assert_int_equal(n, MAX * LIMITS_FACTOR_SOURCES);
    assert_int_equal(attempt(alice, "192.0.2.9", 0, LIMITS_SUCCESS, now), FED_E_LOCKED);
    assert_int_equal(attempt(alice, "192.0.2.9", 0, LIMITS_SUCCESS, now + LOCK_S), 0);
}

/* I-39: rejected passwords over all sources stop before the directory's own limit. */
static void
test_passwords_stop_below_the_directory_i39(void **state)
{
    const unsigned cap = 3;
    char source[32];

    (void)state;
    for (unsigned n = 0; n < cap; n++) {
        (void)snprintf(source, sizeof(source), "10.0.0.%u", n);
        assert_int_equal(attempt(alice, source, cap, LIMITS_WRONG_PASSWORD, now), 0);
    }
    assert_int_equal(attempt(alice, "10.0.0.9", cap, LIMITS_WRONG_PASSWORD, now), FED_E_LOCKED);
    assert_int_equal(attempt(alice, "10.0.0.9", 0, LIMITS_NO_VERDICT, now), 0); /* no such limit */
    assert_int_equal(attempt(alice, "10.0.0.9", cap + 1, LIMITS_SUCCESS, now), 0);
    /* The success set the directory's count to zero, and ours. */
    assert_int_equal(attempt(alice, "10.0.0.9", cap, LIMITS_NO_VERDICT, now), 0);
}

/*
 * I-35: guesses from many addresses are locked out at the same one, whether they were counted for codes, or for passwords because
 * somebody has no second factor; the directory's limit, met on the way, is no lock that a guesser sees.
 */
static void
test_passwords_lock_when_codes_do_i35(void **state)
{
    static const struct {
        const char *who;
        enum limits_outcome outcome;
    } kinds[] = {{alice, LIMITS_WRONG_CODE}, {"S-1-5-21-1-2-3-1105", LIMITS_WRONG_PASSWORD},
        {"name:nobody@corp.example.com", LIMITS_WRONG_CODE}};
    const unsigned cap = 3, most = MAX * LIMITS_FACTOR_SOURCES;
    struct limits_attempt a;
    char source[32];

    (void)state;
    for (size_t kind = 0; kind < 3; kind++) {
        for (unsigned n = 0; n < most; n++) {
            (void)snprintf(source, sizeof(source), "10.0.0.%u", n);
            assert_int_equal(limits_begin(limits, kinds[kind].who, source, cap, now, &a), 0);
            bool is_password = kinds[kind].outcome == LIMITS_WRONG_PASSWORD;
            assert_int_equal(a.password_spent, is_password && n >= cap);
            /* What is not sent was no right code either. */
            assert_int_equal(limits_end(limits, &a,
                                 a.password_spent ? LIMITS_WRONG_CODE : kinds[kind].outcome, now),
                0);
        }
        assert_int_equal(
            limits_begin(limits, kinds[kind].who, "10.0.1.1", cap, now, &a), FED_E_LOCKED);
    }
}

/* Wrong codes never reach the directory, so they are not held against its limit. */
static void
test_codes_do_not_use_up_passwords_i36(void **state)
{
    (void)state;
    fail_times(MAX - 1, alice, "10.0.0.1", LIMITS_WRONG_CODE);
    assert_int_equal(attempt(alice, "10.0.0.2", 2, LIMITS_NO_VERDICT, now), 0);
}

/* What a success forgives: its own source; of other sources only the directory's count. */
static void
test_success_forgives_its_own_source(void **state)
{
    (void)state;
    fail_times(MAX - 1, alice, "10.0.0.1", LIMITS_WRONG_CODE);
    assert_int_equal(attempt(alice, "10.0.0.1", 0, LIMITS_SUCCESS, now), 0);
    fail_times(MAX, alice, "10.0.0.1", LIMITS_WRONG_CODE); /* all five again */
    assert_int_equal(attempt(alice, "10.0.0.1", 0, LIMITS_SUCCESS, now), FED_E_LOCKED);

    fail_times(MAX, alice, "10.0.0.2", LIMITS_WRONG_PASSWORD);
    assert_int_equal(attempt(alice, "10.0.0.3", 0, LIMITS_SUCCESS, now), 0);
    assert_int_equal(attempt(alice, "10.0.0.2", 0, LIMITS_SUCCESS, now), FED_E_LOCKED);
}

/* A stranger's codes from many addresses are not forgiven by the person's own logins. */
static void
test_success_does_not_help_a_stranger(void **state)
{
    char source[32];
    unsigned n = 0;

    (void)state;
    for (;; n++) {
        (void)snprintf(source, sizeof(source), "10.1.%u.%u", n / 4 / 200, n / 4 % 200);
        if (attempt(alice, source, 0, LIMITS_WRONG_CODE, now) != 0)
            break;
        if (attempt(alice, "192.0.2.1", 0, LIMITS_SUCCESS, now) != 0) {
            n++;
            break;
        }
        assert_true(n < 1000);
    }
    assert_int_equal(n, MAX * LIMITS_FACTOR_SOURCES);
}

/* I-40: no verdict, no count. */
static void
test_unavailable_is_not_counted_i40(void **state)
{
    (void)state;
    fail_times(10 * MAX, alice, "192.0.2.1", LIMITS_NO_VERDICT);
    assert_int_equal(attempt(alice, "192.0.2.1", 1, LIMITS_SUCCESS, now), 0);
}

/* Somebody unknown is counted like anybody, in any case of the name, and apart from others. */
static void
test_unknown_people_are_counted(void **state)
{
    static char overlong[2000];

    (void)state;
    fail_times(3, "name:nobody@corp.example.com", "192.0.2.1", LIMITS_WRONG_CODE);
    fail_times(2, "name:Nobody@CORP.example.com", "192.0.2.1", LIMITS_WRONG_CODE);
    assert_int_equal(
        attempt("name:nobody@corp.example.com", "192.0.2.1", 0, LIMITS_SUCCESS, now), FED_E_LOCKED);
    assert_int_equal(attempt("name:someone@x", "192.0.2.1", 0, LIMITS_SUCCESS, now), 0);
    memset(overlong, 'x', sizeof(overlong) - 1);
    memcpy(overlong, "name:", 5);
    fail_times(MAX, overlong, "192.0.2.1", LIMITS_WRONG_CODE);
    assert_int_equal(attempt(overlong, "192.0.2.1", 0, LIMITS_SUCCESS, now), FED_E_LOCKED);
    overlong[1990] = 'y';
    assert_int_equal(attempt(overlong, "192.0.2.1", 0, LIMITS_SUCCESS, now), 0);
}

static void
test_unlock_forgets_one_person(void **state)
{
    (void)state;
    fail_times(MAX, alice, "192.0.2.1", LIMITS_WRONG_CODE);
    fail_times(MAX, "S-1-5-21-1-2-3-110", "192.0.2.1", LIMITS_WRONG_CODE);
    assert_int_equal(limits_unlock(limits, "S-1-5-21-1-2-3-110"), 0);
    assert_int_equal(attempt("S-1-5-21-1-2-3-110", "192.0.2.1", 0, LIMITS_SUCCESS, now), 0);
    assert_int_equal(attempt(alice, "192.0.2.1", 0, LIMITS_SUCCESS, now), FED_E_LOCKED);
    assert_int_equal(limits_unlock(limits, alice), 0);
    assert_int_equal(attempt(alice, "192.0.2.1", 0, LIMITS_SUCCESS, now), 0);
    fail_times(MAX, "name:nobody", "192.0.2.1", LIMITS_WRONG_CODE);
    assert_int_equal(limits_unlock(limits, "name:nobody"), 0);
    assert_int_equal(attempt("name:nobody", "192.0.2.1", 0, LIMITS_SUCCESS, now), 0);
}

/* A clock that was ahead must not lock people out until the time it told. */
static void
test_failure_of_the_far_future_says_nothing(void **state)
{
    (void)state;
    for (int i = 0; i < MAX; i++)
        assert_int_equal(attempt(alice, "192.0.2.1", 0, LIMITS_WRONG_CODE, now + 365 * 86400), 0);
    assert_int_equal(attempt(alice, "192.0.2.1", 0, LIMITS_WRONG_CODE, now), 0);
    /* A small step back, on the other hand, opens nothing. */
    fail_times(MAX - 1, alice, "192.0.2.1", LIMITS_WRONG_CODE);
    assert_int_equal(attempt(alice, "192.0.2.1", 0, LIMITS_SUCCESS, now - 60), FED_E_LOCKED);
}

/* FED_E_STORE while the store cannot be read: nobody is admitted without a count. */
static void
test_store_failure_admits_nobody(void **state)
{
    struct limits_attempt a;
    sqlite3 *db = NULL;

    (void)state;
    assert_int_equal(limits_begin(limits, alice, "", 0, now, &a), 0);
    assert_int_equal(sqlite3_open(where + strlen("sqlite:"), &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, "DROP TABLE failure", NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
    assert_int_equal(limits_end(limits, &a, LIMITS_WRONG_CODE, now), FED_E_STORE);
    assert_int_equal(limits_begin(limits, alice, "", 0, now, &a), FED_E_STORE);
}

static void
test_options_are_checked(void **state)
{
    struct limits_options o = {.store = store, .max_failures = 1, .lock_time_s = 1}, bad;
    struct limits *none = NULL;

    (void)state;
    bad = o, bad.store = NULL;
    assert_int_equal(limits_new(&bad, &none), FED_E_INVALID);
    bad = o, bad.max_failures = 0;
    assert_int_equal(limits_new(&bad, &none), FED_E_INVALID);
    bad = o, bad.lock_time_s = 0;
    assert_int_equal(limits_new(&bad, &none), FED_E_INVALID);
    assert_null(none);
    limits_free(NULL);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_locked_after_max_failures_i37),
        TEST(test_both_kinds_count_together),
        TEST(test_lock_is_not_prolonged),
        TEST(test_lock_survives_restart),
        TEST(test_other_sources_stay_open_i39),
        TEST(test_codes_over_all_sources),
        TEST(test_passwords_stop_below_the_directory_i39),
        TEST(test_passwords_lock_when_codes_do_i35),
        TEST(test_codes_do_not_use_up_passwords_i36),
        TEST(test_success_forgives_its_own_source),
        TEST(test_success_does_not_help_a_stranger),
        TEST(test_unavailable_is_not_counted_i40),
        TEST(test_unknown_people_are_counted),
        TEST(test_unlock_forgets_one_person),
        TEST(test_failure_of_the_far_future_says_nothing),
        TEST(test_store_failure_admits_nobody),
        TEST(test_options_are_checked),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
