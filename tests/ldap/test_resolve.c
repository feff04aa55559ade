/*
 * Names under a deadline: answers, failures, and nobody who waits longer than they said.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/clock.h"
#include "ldap/resolve.h"

static void
literals_need_no_time(void **state)
{
    static const char *const hosts[] = {"127.0.0.1", "::1"};
    struct resolve_address addresses[RESOLVE_MAX];
    (void)state;

    for (size_t i = 0; i < 2; i++) {
        struct resolve *resolve = NULL;
        size_t n = 0;
        assert_int_equal(resolve_new(hosts[i], "636", &resolve), 0);
        assert_int_equal(resolve_ask(resolve, 0, addresses, &n), 0);
        assert_int_equal(n, 1);
        assert_int_equal(addresses[0].address.ss_family, i == 0 ? AF_INET : AF_INET6);
        resolve_free(resolve);
    }
}

static void
a_name_is_looked_up(void **state)
{
    struct resolve_address addresses[RESOLVE_MAX];
    struct resolve *resolve = NULL;
    size_t n = 0;
    (void)state;

    assert_int_equal(resolve_new("localhost", "636", &resolve), 0);
    assert_int_equal(resolve_ask(resolve, clock_mono_ms() + 10000, addresses, &n), 0);
    assert_true(n > 0);
    /* Once known it is known at once. */
    n = 0;
    assert_int_equal(resolve_ask(resolve, 0, addresses, &n), 0);
    assert_true(n > 0);
    resolve_free(resolve);
}

/* What was hinted at is there when it is wanted, with no time to wait. */
static void
a_hint_is_enough(void **state)
{
    struct resolve_address addresses[RESOLVE_MAX];
    struct resolve *resolve = NULL;
    int64_t until = clock_mono_ms() + 10000;
    size_t n = 0;
    (void)state;

    assert_int_equal(resolve_new("localhost", "636", &resolve), 0);
    do
        resolve_hint(resolve);
    while (resolve_ask(resolve, 0, addresses, &n) != 0 && clock_mono_ms() < until);
    assert_true(n > 0);
    resolve_free(resolve);
}

static void
no_such_name_is_an_error_in_time(void **state)
{
    struct resolve_address addresses[RESOLVE_MAX];
    struct resolve *resolve = NULL;
    int64_t start = clock_mono_ms();
    size_t n = 99;
    (void)state;

    assert_int_equal(resolve_new("no-such-host.invalid", "636", &resolve), 0);
    assert_int_equal(resolve_ask(resolve, start + 500, addresses, &n), FED_E_DIRECTORY);
    assert_int_equal(n, 99);
    assert_true(clock_mono_ms() - start < 2000);
    /* Its thread may still be asking: freeing does not wait for it. */
    resolve_free(resolve);
    resolve_free(NULL);
}

static void *
ask(void *arg)
{
    struct resolve_address addresses[RESOLVE_MAX];
    size_t n;

    return resolve_ask(arg, clock_mono_ms() + 10000, addresses, &n) == 0 ? arg : NULL;
}

static void
many_share_one_query(void **state)
{
    struct resolve *resolve = NULL;
    pthread_t threads[16];
    (void)state;

    assert_int_equal(resolve_new("localhost", "636", &resolve), 0);
    for (size_t i = 0; i < 16; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, ask, resolve), 0);
    for (size_t i = 0; i < 16; i++) {
        void *got = NULL;
        (void)pthread_join(threads[i], &got);
        assert_ptr_equal(got, resolve);
    }
    resolve_free(resolve);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(literals_need_no_time),
        cmocka_unit_test(a_name_is_looked_up),
        cmocka_unit_test(a_hint_is_enough),
        cmocka_unit_test(no_such_name_is_an_error_in_time),
        cmocka_unit_test(many_share_one_query),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
