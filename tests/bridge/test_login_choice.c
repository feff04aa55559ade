/*
 * Choosing by typing: what is filtered, where the mark goes, what any bytes do.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "bridge/login/choice.c"

static const char *const texts[] = {
    "Admin  1111 prod", "Auditor  1111 prod", "Admin-dev  2222 dev", "\xc3\x9cnion  3333"};
enum { COUNT = 4 };

static enum choice_state
keys(struct choice *c, const char *bytes)
{
    return choice_keys(c, bytes, strlen(bytes));
}

static void
words_narrow_the_rows(void **state)
{
    struct choice c;

    (void)state;
    choice_init(&c, texts, COUNT);
    assert_int_equal(c.n_left, 4);
    assert_int_equal(keys(&c, "aDm"), CHOICE_OPEN);
    assert_int_equal(c.n_left, 2);
    assert_int_equal(keys(&c, " dev"), CHOICE_OPEN);
    assert_int_equal(choice_row(&c), 2);
    assert_int_equal(keys(&c, "x"), CHOICE_OPEN);
    assert_int_equal(choice_row(&c), COUNT);
    assert_int_equal(keys(&c, "\n"), CHOICE_OPEN); /* nothing to take */
    assert_int_equal(keys(&c, "\x7f\x17\x17"), CHOICE_OPEN);
    assert_int_equal(c.n_left, 4);
    assert_int_equal(keys(&c, "\xc3\x9c"), CHOICE_OPEN);
    assert_int_equal(choice_row(&c), 3);
    assert_int_equal(keys(&c, "\b"), CHOICE_OPEN); /* both bytes of it */
    assert_string_equal(c.filter, "");
    assert_int_equal(keys(&c, "zzz\x15"), CHOICE_OPEN);
    assert_int_equal(keys(&c, "\r"), CHOICE_TAKEN);
    assert_int_equal(choice_row(&c), 0);
}

static void
arrows_go_round(void **state)
{
    struct choice c;

    (void)state;
    choice_init(&c, texts, COUNT);
    assert_int_equal(keys(&c, "\033[A"), CHOICE_OPEN);
    assert_int_equal(choice_row(&c), 3);
    assert_int_equal(keys(&c, "\033OB\033[B"), CHOICE_OPEN);
    assert_int_equal(choice_row(&c), 1);
    assert_int_equal(keys(&c, "\033[6~"), CHOICE_OPEN);
    assert_int_equal(choice_row(&c), 3);
    assert_int_equal(keys(&c, "\033[H\x0e\x10\x0e"), CHOICE_OPEN);
    assert_int_equal(choice_row(&c), 1);
    assert_int_equal(keys(&c, "\033[1;5Z\033x\033[200~\t"), CHOICE_OPEN); /* unknown to us */
    assert_int_equal(choice_row(&c), 1);
    assert_string_equal(c.filter, "");
    assert_int_equal(keys(&c, "\033"), CHOICE_LEFT);
    assert_int_equal(keys(&c, "\x04"), CHOICE_LEFT);
}

static void
any_bytes_are_safe(void **state)
{
    struct choice c;
    char bytes[48];

    (void)state;
    srandom(7);
    choice_init(&c, texts, COUNT);
    for (int i = 0; i < 20000; i++) {
        size_t len = (size_t)random() % sizeof(bytes);
        for (size_t k = 0; k < len; k++)
            bytes[k] = (char)(random() % 3 == 0 ? "\033[OAB~5\x7f"[random() % 8] : random());
        (void)choice_keys(&c, bytes, len);
        assert_true(choice_row(&c) <= COUNT);
        assert_true(strlen(c.filter) < sizeof(c.filter));
    }
    choice_init(&c, texts, 0);
    assert_int_equal(keys(&c, "\033[A\033[B\033[5~\033[6~\n"), CHOICE_OPEN);
    assert_int_equal(choice_row(&c), 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words_narrow_the_rows),
        cmocka_unit_test(arrows_go_round),
        cmocka_unit_test(any_bytes_are_safe),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
