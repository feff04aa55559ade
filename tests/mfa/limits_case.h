/*
 * A case about limits: a store of its own, the limits over it, and attempts.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef TESTS_MFA_LIMITS_CASE_H
#define TESTS_MFA_LIMITS_CASE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "mfa/limits.h"
#include "tests/folder.h"

enum { MAX = 5, LOCK_S = 900 };

static const char alice[] = "S-1-5-21-1-2-3-1104";
static const int64_t now = 1700000000;

static char folder[FOLDER_SIZE], where[160], why[STORE_WHY_MAX];
static struct store *store;
static struct limits *limits;

static inline void
open_limits(void)
{
    assert_int_equal(store_open(where, &store, why), 0);
    assert_int_equal(
        limits_new(
            &(struct limits_options){.store = store, .max_failures = MAX, .lock_time_s = LOCK_S},
            &limits),
        0);
}

static inline void
close_limits(void)
{
    limits_free(limits);
    store_close(store);
    limits = NULL;
    store = NULL;
}

static inline int
set_up(void **state)
{
    (void)state;
    assert_int_equal(folder_make(folder), 0);
    (void)snprintf(where, sizeof(where), "sqlite:%s/mfa.db", folder);
    open_limits();
    return 0;
}

static inline int
tear_down(void **state)
{
    (void)state;
    close_limits();
    return folder_remove(folder);
}

/* One attempt from begin to end, by who heeds that no password may be sent; what begin said. */
static inline int
attempt(
    const char *person, const char *source, unsigned cap, enum limits_outcome outcome, int64_t at_s)
{
    struct limits_attempt a;

    int r = limits_begin(limits, person, source, cap, at_s, &a);
    if (r != 0)
        return r;
    bool spent = a.password_spent;
    assert_int_equal(limits_end(limits, &a, spent ? LIMITS_NO_VERDICT : outcome, at_s), 0);
    return spent ? FED_E_LOCKED : 0;
}

static inline void
fail_times(unsigned n, const char *person, const char *source, enum limits_outcome outcome)
{
    for (unsigned i = 0; i < n; i++)
        assert_int_equal(attempt(person, source, 0, outcome, now), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

#endif
