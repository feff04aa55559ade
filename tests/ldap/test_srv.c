/*
 * SRV answers: what is refused, what is left out, and the order of RFC 2782.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "ldap/netlogon.h"
#include "ldap/srv.h"

/* _ldap._tcp.x SRV 0 100 389 DC1.x, and 5 0 389 "." which is no host; names compressed. */
static const unsigned char answer[] = {0x12, 0x34, 0x81, 0x80, 0, 1, 0, 2, 0, 0, 0, 0, /* header */
    5, '_', 'l', 'd', 'a', 'p', 4, '_', 't', 'c', 'p', 1, 'x', 0, 0, 33, 0, 1, /* question */
    0xc0, 12, 0, 33, 0, 1, 0, 0, 2, 88, 0, 12, 0, 0, 0, 100, 1, 0x85, 3, 'D', 'C', '1', 0xc0, 23,
    0xc0, 12, 0, 33, 0, 1, 0, 0, 2, 88, 0, 7, 0, 5, 0, 0, 1, 0x85, 0};

static void
an_answer_is_read(void **state)
{
    struct srv_list list;
    (void)state;

    assert_int_equal(srv_parse(answer, sizeof(answer), &list), 0);
    assert_int_equal(list.n, 1);
    assert_string_equal(list.items[0].host, "dc1.x");
    assert_int_equal(list.items[0].weight, 100);
    assert_int_equal(list.items[0].port, 389);
    assert_int_equal(list.items[0].ttl_s, 600);
}

static void
cut_anywhere_it_is_refused(void **state)
{
    struct srv_list list = {.n = 77};
    (void)state;

    for (size_t len = 0; len < sizeof(answer); len++)
        assert_int_equal(srv_parse(answer, len, &list), FED_E_DIRECTORY);
    assert_int_equal(srv_parse(answer, (size_t)SRV_ANSWER_MAX + 1, &list), FED_E_DIRECTORY);
}

static int
parse_with(size_t at, unsigned char value, struct srv_list *list)
{
    unsigned char changed[sizeof(answer)];

    memcpy(changed, answer, sizeof(answer));
    changed[at] = value;
    return srv_parse(changed, sizeof(changed), list);
}

static void
what_is_no_good_answer(void **state)
{
    struct srv_list list = {.n = 77};
    (void)state;

    assert_int_equal(parse_with(2, 0x01, &list), FED_E_DIRECTORY); /* a question */
    assert_int_equal(parse_with(2, 0x83, &list), FED_E_DIRECTORY); /* truncated */
    assert_int_equal(parse_with(3, 0x82, &list), FED_E_DIRECTORY); /* SERVFAIL */
    assert_int_equal(list.n, 77);
    assert_int_equal(parse_with(3, 0x83, &list), 0); /* no such name */
    assert_int_equal(list.n, 0);
    assert_int_equal(parse_with(41, 200, &list), FED_E_DIRECTORY); /* data longer than it is */
    assert_int_equal(parse_with(49, '/', &list), 0);               /* no host name: left out */
    assert_int_equal(list.n, 0);
    assert_int_equal(parse_with(52, 0xc1, &list), 0); /* a pointer out of the message */
    assert_int_equal(list.n, 0);
}

static uint32_t drawn;

static uint32_t
draw(size_t i)
{
    return i == 0 ? drawn : 0;
}

static void
the_order_is_by_priority_then_weight(void **state)
{
    struct srv_list list;
    unsigned first[3] = {0};
    (void)state;

    for (drawn = 0; drawn <= 60; drawn++) {
        list = (struct srv_list){.n = 4,
            .items = {{.priority = 9, .weight = 1000, .host = "far"},
                {.priority = 1, .weight = 50, .host = "b"},
                {.priority = 1, .weight = 10, .host = "a"},
                {.priority = 1, .weight = 0, .host = "none"}}};
        srv_order(&list, draw);
        assert_string_equal(list.items[3].host, "far");
        first[0] += strcmp(list.items[0].host, "none") == 0;
        first[1] += strcmp(list.items[0].host, "a") == 0;
        first[2] += strcmp(list.items[0].host, "b") == 0;
    }
    assert_int_equal(first[0], 1);
    assert_int_equal(first[1], 10);
    assert_int_equal(first[2], 50);
    list.n = 0;
    srv_order(&list, NULL);
}

/* ---- The netlogon ping's answer ---- */

static const unsigned char pong[] = {23, 0, 0, 0, 0xfd, 0x33, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10,
    11, 12, 13, 14, 15, 16, 4, 'c', 'o', 'r', 'p', 0, 0xc0, 24, 3, 'd', 'c', '1', 0xc0, 24, 4, 'C',
    'O', 'R', 'P', 0, 3, 'D', 'C', '1', 0, 0, 1, 'S', 0, 6, 'B', 'e', 'r', 'l', 'i', 'n', 0, 5, 0,
    0, 0, 255, 255, 255, 255};

static void
the_client_s_site_is_read(void **state)
{
    char site[NETLOGON_SITE_SIZE] = "untouched";
    unsigned char changed[sizeof(pong)];
    (void)state;

    for (size_t len = 0; len < sizeof(pong) - 8; len++)
        assert_int_equal(netlogon_parse(pong, len, site), FED_E_DIRECTORY);
    memcpy(changed, pong, sizeof(pong));
    changed[0] = 24; /* paused: no answer to go by */
    assert_int_equal(netlogon_parse(changed, sizeof(changed), site), FED_E_DIRECTORY);
    changed[0] = 23;
    changed[55] = '.'; /* no label: it would go into a DNS name */
    assert_int_equal(netlogon_parse(changed, sizeof(changed), site), FED_E_DIRECTORY);
    assert_string_equal(site, "untouched");
    assert_int_equal(netlogon_parse(pong, sizeof(pong), site), 0);
    assert_string_equal(site, "Berlin");
    changed[53] = 0;
    assert_int_equal(netlogon_parse(changed, sizeof(changed), site), 0);
    assert_string_equal(site, "");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_answer_is_read),
        cmocka_unit_test(cut_anywhere_it_is_refused),
        cmocka_unit_test(what_is_no_good_answer),
        cmocka_unit_test(the_order_is_by_priority_then_weight),
        cmocka_unit_test(the_client_s_site_is_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
