/*
 * Networks: what is none, and what is in which.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "conf/network.h"

static void
test_no_networks(void **state)
{
    static const char *const bad[] = {"", "/", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/08",
        "10.0.0.0/-1", "10.0.0.0/8x", "10.0.0.1/8", "10.1", "010.0.0.0/8", "host.example.com",
        "2001:db8::/129", "2001:db8::1/64", "fe80::%eth0/64", "10.0.0.0/8/8", " 10.0.0.0/8"};

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        if (network_valid(bad[i]))
            fail_msg("\"%s\" is taken", bad[i]);
    }
    assert_true(network_valid("10.0.0.0/8"));
    assert_true(network_valid("10.1.2.3"));
    assert_true(network_valid("2001:db8::/32"));
    assert_true(network_valid("::/0"));
}

/* I-22: only a literal address is in a network, whatever a name would resolve to. */
static void
test_only_literal_addresses_i22(void **state)
{
    static const char *const names[] = {
        "", "localhost", "10.1.2.3.example.com", "127.1", "0x0a.1.2.3", "10.1.2.3 ", "fe80::1%lo"};

    (void)state;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        assert_false(network_has("0.0.0.0/0", names[i]));
        assert_false(network_has("::/0", names[i]));
    }
    assert_false(network_has("::/0", NULL));
}

static void
test_prefixes(void **state)
{
    (void)state;
    assert_true(network_has("10.20.0.0/16", "10.20.255.1"));
    assert_false(network_has("10.20.0.0/16", "10.21.0.1"));
    assert_true(network_has("10.20.0.0/15", "10.21.0.1"));
    assert_true(network_has("10.20.0.0/16", "::ffff:10.20.0.1"));
    assert_true(network_has("192.0.2.7", "192.0.2.7"));
    assert_false(network_has("192.0.2.7", "192.0.2.8"));
    assert_true(network_has("2001:db8:20::/48", "2001:db8:20:ffff::1"));
    assert_false(network_has("2001:db8:20::/48", "2001:db8:21::1"));
    assert_false(network_has("0.0.0.0/0", "2001:db8::1"));
}

/* For rules that hide behind others. */
static void
test_networks_in_networks(void **state)
{
    (void)state;
    assert_true(network_covers("10.0.0.0/8", "10.20.0.0/16"));
    assert_true(network_covers("10.0.0.0/8", "10.0.0.0/8"));
    assert_true(network_covers("::/0", "10.0.0.0/8"));
    assert_false(network_covers("10.20.0.0/16", "10.0.0.0/8"));
    assert_false(network_covers("10.20.0.0/16", "10.21.0.0/16"));
    assert_false(network_covers("0.0.0.0/0", "::/0"));
    assert_false(network_covers("10.0.0.0/8", "jump"));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_no_networks),
        cmocka_unit_test(test_only_literal_addresses_i22),
        cmocka_unit_test(test_prefixes),
        cmocka_unit_test(test_networks_in_networks),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
