/*
 * Sources: one form for each way to write an address, and nothing resolved.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "mfa/source.h"

static void
test_addresses_in_one_form(void **state)
{
    static const char *const rows[][2] = {
        {"", "local"},
        {"192.0.2.1", "192.0.2.1"},
        {"::ffff:192.0.2.1", "192.0.2.1"},
        {"::FFFF:c000:0201", "192.0.2.1"},
        {"2001:db8::1", "2001:db8::/64"},
        {"2001:0DB8:0:0:ffff::9", "2001:db8::/64"},
        {"2001:db8:0:1::1", "2001:db8:0:1::/64"},
        {"::1", "::/64"},
        {"fe80::1%eth0", "fe80::/64"},
        {"fe80::2%a-very-long-name-that-is-no-interface-but-text-all-the-same", "fe80::/64"},
    };
    char key[SOURCE_MAX];

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        source_key(rows[i][0], key);
        assert_string_equal(key, rows[i][1]);
    }
    source_key(NULL, key);
    assert_string_equal(key, "local");
}

/* I-22: names, and addresses that only a resolver would take, are hashed as they are. */
static void
test_names_are_never_resolved_i22(void **state)
{
    static const char *const names[] = {"localhost", "127.1", "0x7f.0.0.1", "010.0.0.1", "192.0.2",
        "192.0.2.1 ", " 192.0.2.1", "192.0.2.1.", "[::1]", "2001:db8::/64", "local",
        "alice.example.com", "x\ny", "\377\376"};
    char keys[sizeof(names) / sizeof(names[0])][SOURCE_MAX], key[SOURCE_MAX];

    (void)state;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        source_key(names[i], keys[i]);
        assert_memory_equal(keys[i], "host:", 5);
        assert_int_equal(strlen(keys[i]), 5 + 32);
        assert_int_equal(strspn(keys[i] + 5, "0123456789abcdef"), 32);
        for (size_t j = 0; j < i; j++)
            assert_string_not_equal(keys[i], keys[j]);
    }
    source_key("ALICE.example.COM", key);
    assert_string_equal(key, keys[11]);
}

/* The whole text counts, however long; only case does not. */
static void
test_long_names(void **state)
{
    static char text[5000];
    char key[SOURCE_MAX], other[SOURCE_MAX];

    (void)state;
    memset(text, 'A', sizeof(text) - 1);
    source_key(text, key);
    text[sizeof(text) - 2] = 'a';
    source_key(text, other);
    assert_string_equal(key, other);
    text[sizeof(text) - 2] = 'b';
    source_key(text, other);
    assert_string_not_equal(key, other);
}

/* SHA-256 of "abc", FIPS 180-2 appendix B.1. */
static void
test_hash_is_sha256(void **state)
{
    char key[SOURCE_MAX], tight[12];

    (void)state;
    source_hash("x:", "ABC", key, sizeof(key));
    assert_string_equal(key, "x:ba7816bf8f01cfea414140de5dae2223");
    source_hash("x:", "ABC", tight, sizeof(tight));
    assert_string_equal(tight, "x:ba7816bf");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names_are_never_resolved_i22),
        cmocka_unit_test(test_addresses_in_one_form),
        cmocka_unit_test(test_long_names),
        cmocka_unit_test(test_hash_is_sha256),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
