/*
 * Writing messages: nonsense is an error that sticks, and what goes in comes out.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/wire.h"

static void
expect_write_error(struct wire_out *out, int error)
{
    /* It sticks: what is put afterwards changes nothing. */
    wire_put_number(out, WIRE_COUNT, 1);
    assert_int_equal(wire_finish(out), error);
    wire_out_done(out);
}

static void
writing_nonsense_is_an_error(void **state)
{
    static char text[300];
    struct wire_out out;

    (void)state;
    memset(text, 'x', sizeof(text) - 1);
    wire_out_init(&out, ASK_REVOKE, 1);
    wire_put_text(&out, WIRE_USER, text);
    expect_write_error(&out, FED_E_TOO_BIG);
    wire_out_init(&out, ASK_REVOKE, 1);
    wire_put_text(&out, WIRE_USER, "al\xff");
    expect_write_error(&out, FED_E_INVALID);
    wire_out_init(&out, ASK_CREDENTIALS, 1);
    wire_put_number(&out, WIRE_DURATION, 1);
    wire_put_text(&out, WIRE_ROLE_NAME, "admin");
    expect_write_error(&out, FED_E_INVALID);
    wire_out_init(&out, ASK_CREDENTIALS, 1);
    wire_put_text(&out, WIRE_ROLE_NAME, "admin");
    wire_put_text(&out, WIRE_ROLE_NAME, "admin");
    expect_write_error(&out, FED_E_INVALID);
    wire_out_init(&out, ASK_CREDENTIALS, 1);
    wire_put_text(&out, WIRE_DURATION, "1");
    expect_write_error(&out, FED_E_INVALID);
    wire_out_init(&out, ASK_ROLES | WIRE_REPLY_BIT, 1);
    wire_begin_group(&out, WIRE_ROLE);
    wire_begin_group(&out, WIRE_ROLE);
    expect_write_error(&out, FED_E_INVALID);
    wire_out_init(&out, ASK_ROLES | WIRE_REPLY_BIT, 1);
    wire_end_group(&out);
    expect_write_error(&out, FED_E_INVALID);
    wire_out_init(&out, ASK_ROLES | WIRE_REPLY_BIT, 1);
    wire_begin_group(&out, WIRE_ROLE);
    assert_int_equal(wire_finish(&out), FED_E_INVALID);
    wire_out_done(&out);
    wire_out_done(NULL);
}

static void
writing_too_much_is_an_error(void **state)
{
    static char text[1024];
    struct wire_out out;

    (void)state;
    memset(text, 'x', sizeof(text) - 1);
    wire_out_init(&out, ASK_EXPLAIN, 1);
    for (unsigned i = 0; i < 20; i++)
        wire_put_text(&out, WIRE_STEP, text);
    assert_int_equal(wire_finish(&out), FED_E_TOO_BIG);
    wire_out_done(&out);
    wire_out_init(&out, ASK_ROLES | WIRE_REPLY_BIT, 1);
    wire_put_number(&out, WIRE_STATUS, 0);
    wire_begin_group(&out, WIRE_ROLE);
    for (unsigned i = 0; i < 9; i++)
        wire_put_text(&out, WIRE_STEP, text);
    wire_end_group(&out);
    assert_int_equal(wire_finish(&out), FED_E_TOO_BIG);
    wire_out_done(&out);
}

static void
requests_come_out_as_they_went_in(void **state)
{
    struct wire_out out;
    struct wire_msg msg;
    size_t len;

    (void)state;
    wire_out_init(&out, ASK_AUTHENTICATE, 0x0123456789abcdef);
    wire_put_text(&out, WIRE_USER, "\xc3\xa9lodie");
    wire_put_bytes(&out, WIRE_PASSWORD, "a\0\xff", 3);
    wire_put_bytes(&out, WIRE_CODE, NULL, 0);
    wire_put_number(&out, WIRE_FACTORS, UINT64_MAX);
    wire_put_text(&out, WIRE_SERVICE, "");
    wire_put_text(&out, WIRE_RHOST, NULL);
    assert_int_equal(wire_finish(&out), 0);
    assert_int_equal(wire_parse(out.bytes.data, out.bytes.len, &msg), 0);
    assert_int_equal(msg.type, ASK_AUTHENTICATE);
    assert_true(msg.request == 0x0123456789abcdef);
    assert_string_equal(wire_text(&msg, WIRE_USER), "\xc3\xa9lodie");
    const unsigned char *bytes = wire_bytes(&msg, WIRE_PASSWORD, &len);
    assert_int_equal(len, 3);
    assert_memory_equal(bytes, "a\0\xff", 3);
    assert_null(wire_bytes(&msg, WIRE_CODE, &len));
    assert_int_equal(len, 0);
    assert_true(wire_number(&msg, WIRE_FACTORS, 0) == UINT64_MAX);
    assert_string_equal(wire_text(&msg, WIRE_SERVICE), "");
    assert_false(wire_has(&msg, WIRE_RHOST));
    assert_int_equal(wire_number(&msg, WIRE_COUNT, 42), 42);
    /* Asked for as another kind it is not there, rather than misread. */
    assert_null(wire_text(&msg, WIRE_PASSWORD));
    assert_int_equal(wire_number(&msg, WIRE_USER, 7), 7);
    assert_null(wire_bytes(&msg, WIRE_USER, &len));
    wire_out_done(&out);
}

static void
replies_and_groups_come_out_as_they_went_in(void **state)
{
    const struct wire_msg asked = {.type = ASK_ROLES, .request = 9};
    struct wire_msg msg, group;
    struct wire_out out;

    (void)state;
    wire_reply_init(&out, &asked, FED_E_LOCKED);
    wire_put_text(&out, WIRE_MESSAGE, "one");
    wire_put_text(&out, WIRE_MESSAGE, "two");
    for (unsigned i = 0; i < 3; i++) {
        wire_begin_group(&out, WIRE_ROLE);
        if (i != 1) {
            wire_put_text(&out, WIRE_ROLE_NAME, i == 0 ? "admin" : "reader");
            wire_put_number(&out, WIRE_DURATION, i);
        }
        wire_end_group(&out);
    }
    assert_int_equal(wire_finish(&out), 0);
    assert_int_equal(wire_parse(out.bytes.data, out.bytes.len, &msg), 0);
    assert_int_equal(msg.type, ASK_ROLES | WIRE_REPLY_BIT);
    assert_int_equal(msg.request, 9);
    assert_int_equal(wire_status(&msg), FED_E_LOCKED);
    assert_string_equal(wire_text_at(&msg, WIRE_MESSAGE, 1), "two");
    assert_null(wire_text_at(&msg, WIRE_MESSAGE, 2));
    assert_false(wire_group_at(&msg, WIRE_ROLE, 3, &group));
    assert_true(wire_group_at(&msg, WIRE_ROLE, 1, &group));
    assert_null(wire_text(&group, WIRE_ROLE_NAME));
    assert_true(wire_group_at(&msg, WIRE_ROLE, 2, &group));
    assert_string_equal(wire_text(&group, WIRE_ROLE_NAME), "reader");
    assert_int_equal(wire_number(&group, WIRE_DURATION, 0), 2);
    assert_int_equal(group.type, 0);
    wire_out_done(&out);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(writing_nonsense_is_an_error),
        cmocka_unit_test(writing_too_much_is_an_error),
        cmocka_unit_test(requests_come_out_as_they_went_in),
        cmocka_unit_test(replies_and_groups_come_out_as_they_went_in),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
