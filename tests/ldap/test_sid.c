/*
 * SIDs: what is refused, and that bytes and text are two forms of one thing.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ldap/sid.h"

/* S-1-5-21-2315718210-3754290861-1342060897-1103 as a domain controller sent it. */
static const uint8_t alice[] = {1, 5, 0, 0, 0, 0, 0, 5, 21, 0, 0, 0, 0x42, 0x0e, 0x07, 0x8a, 0xad,
    0xee, 0xc5, 0xdf, 0x61, 0x39, 0xfe, 0x4f, 0x4f, 0x04, 0, 0};

static void
refuses_bytes_that_are_no_sid(void **state)
{
    uint8_t bytes[SID_BYTES_MAX + 8] = {0};
    struct sid sid = {.len = 7}, before = sid;
    (void)state;

    /* Every length but the one that the count says. */
    memcpy(bytes, alice, sizeof(alice));
    for (size_t len = 0; len <= sizeof(bytes); len++)
        if (len != sizeof(alice))
            assert_int_equal(sid_parse(bytes, len, &sid), FED_E_INVALID);
    bytes[0] = 2;
    assert_int_equal(sid_parse(bytes, sizeof(alice), &sid), FED_E_INVALID);
    bytes[0] = 1;
    bytes[1] = 0;
    assert_int_equal(sid_parse(bytes, 8, &sid), FED_E_INVALID);
    bytes[1] = 16;
    assert_int_equal(sid_parse(bytes, 72, &sid), FED_E_INVALID);
    bytes[1] = 255;
    assert_int_equal(sid_parse(bytes, sizeof(bytes), &sid), FED_E_INVALID);
    assert_memory_equal(&sid, &before, sizeof(sid));
}

static void
refuses_text_that_is_no_sid(void **state)
{
    static const char *const bad[] = {"", "S", "S-1", "S-1-", "S-1-5", "S-1-5-", "s-1-5-21",
        "S-2-5-21", "S-1-5--21", "S-1-5-21-", "S-1-5-21 ", " S-1-5-21", "S-1-05-21", "S-1-5-021",
        "S-1-5-+1", "S-1-5-4294967296", "S-1-5-99999999999999999999", "S-1-4294967296-1",
        "S-1-0x5-21", "S-1-0x000000000005-21", "S-1-0x00000000000g-1", "S-1-0x1000000000000-1",
        "S-1-0X010000000000-1", "S-1-0x010000000000", "S-1-5-21x", "S-1-5-0x15",
        "S-1-5-1-2-3-4-5-6-7-8-9-10-11-12-13-14-15-16"};
    struct sid sid = {.len = 7}, before = sid;
    (void)state;

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        if (sid_from_text(bad[i], &sid) != FED_E_INVALID)
            fail_msg("accepted \"%s\"", bad[i]);
    assert_int_equal(sid_from_text(NULL, &sid), FED_E_INVALID);
    assert_memory_equal(&sid, &before, sizeof(sid));
}

static void
reads_a_real_sid(void **state)
{
    struct sid sid, same;
    char text[SID_TEXT_MAX];
    (void)state;

    assert_int_equal(sid_parse(alice, sizeof(alice), &sid), 0);
    assert_string_equal(sid_to_text(&sid, text), "S-1-5-21-2315718210-3754290861-1342060897-1103");
    assert_int_equal(sid_from_text(text, &same), 0);
    assert_true(sid_equal(&sid, &same));
    assert_int_equal(sid_compare(&sid, &same), 0);
}

static void
every_sid_survives_text(void **state)
{
    static const char *const texts[] = {"S-1-0-0", "S-1-5-32-545", "S-1-4294967295-4294967295",
        "S-1-0x010000000000-1", "S-1-0xffffffffffff-0-4294967295",
        ("S-1-5-4294967295-4294967295-4294967295-4294967295-4294967295-4294967295-4294967295-"
         "4294967295-4294967295-4294967295-4294967295-4294967295-4294967295-4294967295-"
         "4294967295")};
    char text[SID_TEXT_MAX];
    struct sid sid, again;
    (void)state;

    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        assert_int_equal(sid_from_text(texts[i], &sid), 0);
        assert_string_equal(sid_to_text(&sid, text), texts[i]);
        assert_int_equal(sid_parse(sid.bytes, sid.len, &again), 0);
        assert_memory_equal(&sid, &again, sizeof(sid));
    }
    /* Any bytes that parse. */
    srand(1);
    for (int i = 0; i < 20000; i++) {
        uint8_t bytes[SID_BYTES_MAX];
        for (size_t k = 0; k < sizeof(bytes); k++)
            bytes[k] = (uint8_t)rand();
        bytes[0] = 1;
        bytes[1] = (uint8_t)(1 + rand() % SID_SUB_MAX);
        assert_int_equal(sid_parse(bytes, 8 + 4U * bytes[1], &sid), 0);
        assert_int_equal(sid_from_text(sid_to_text(&sid, text), &again), 0);
        assert_memory_equal(&sid, &again, sizeof(sid));
    }
}

static void
no_sid_equals_nothing(void **state)
{
    struct sid none = {0}, also_none = {0};
    char text[SID_TEXT_MAX] = "x";
    (void)state;

    assert_false(sid_equal(&none, &also_none));
    assert_string_equal(sid_to_text(&none, text), "");
}

static void
the_order_is_total(void **state)
{
    struct sid a, b, c;
    (void)state;

    assert_int_equal(sid_from_text("S-1-5-21-1", &a), 0);
    assert_int_equal(sid_from_text("S-1-5-21-2", &b), 0);
    assert_int_equal(sid_from_text("S-1-5-21-1-0", &c), 0);
    assert_true(sid_compare(&a, &b) != 0 && sid_compare(&a, &c) != 0 && sid_compare(&b, &c) != 0);
    assert_true((sid_compare(&a, &b) < 0) == (sid_compare(&b, &a) > 0));
    assert_false(sid_equal(&a, &c));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refuses_bytes_that_are_no_sid),
        cmocka_unit_test(refuses_text_that_is_no_sid),
        cmocka_unit_test(reads_a_real_sid),
        cmocka_unit_test(every_sid_survives_text),
        cmocka_unit_test(no_sid_equals_nothing),
        cmocka_unit_test(the_order_is_total),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
