/*
 * I-57: what goes through the wiping allocator is gone once it is freed. malloc hands the same chunk
 * out again to the next who asks for its size, so its old bytes can be looked at.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "bridge/wipe.h"
#include "tests/base/skip.h"

enum { SIZE = 200, TAIL = 64 /* free itself writes at the front of the chunk */ };

/* Does the next chunk of that size show the old bytes? *ret_same: was it the old chunk at all. */
static bool
shows(uintptr_t old, bool *ret_same)
{
    unsigned char *again = malloc(SIZE);
    volatile unsigned char *p = again;
    bool found = false;

    assert_non_null(again);
    *ret_same = (uintptr_t)again == old;
    for (size_t i = SIZE - TAIL; *ret_same && i < SIZE; i++)
        found = found || p[i] == 'S';
    free(again);
    return found;
}

static void *
fill(void)
{
    unsigned char *p = wipe_malloc(SIZE);

    assert_non_null(p);
    memset(p, 'S', SIZE);
    return p;
}

static void
freed_bytes_are_gone(void **state)
{
    bool same;
    (void)state;

    void *p = fill();
    uintptr_t at = (uintptr_t)p;
    free(p);
    (void)shows(at, &same);
    if (!same)
        SKIP("a sanitizer's allocator keeps freed chunks away");

    p = fill();
    at = (uintptr_t)p;
    wipe_free(p);
    assert_false(shows(at, &same));
    assert_true(same);

    p = fill();
    at = (uintptr_t)p;
    unsigned char *moved = wipe_realloc(p, 10 * (size_t)SIZE);
    assert_non_null(moved);
    assert_int_equal(moved[SIZE - 1], 'S');
    assert_false(shows(at, &same));
    assert_true(same);
    wipe_free(moved);
}

static void
realloc_keeps_what_fits(void **state)
{
    (void)state;
    char *p = wipe_realloc(NULL, 16);
    assert_non_null(p);
    memcpy(p, "0123456789", 11);
    p = wipe_realloc(p, 5);
    assert_memory_equal(p, "01234", 5);
    p = wipe_realloc(p, 4096);
    assert_memory_equal(p, "01234", 5);
    wipe_free(p);
    wipe_free(NULL);
    p = wipe_strdup("copy");
    assert_string_equal(p, "copy");
    wipe_free(p);
    p = wipe_calloc(3, 4);
    assert_memory_equal(p, "\0\0\0\0\0\0\0\0\0\0\0", 12);
    wipe_free(p);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(freed_bytes_are_gone),
        cmocka_unit_test(realloc_keeps_what_fits),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
