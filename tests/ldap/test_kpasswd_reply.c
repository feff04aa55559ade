/*
 * The bytes of an answer to a change of password.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ldap/kpasswd_reply.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static struct kpasswd_frame frame;
static struct kpasswd_result result;

static int
frame_of(const char *bytes, size_t len)
{
    return kpasswd_read_frame((const uint8_t *)bytes, len, &frame);
}

static void
refuses_frames_that_are_none(void **state)
{
    static const struct {
        const char *bytes;
        size_t len;
    } table[] = {
        {"", 0},
        {"\0", 1},
        {"\0\6\0\1\0", 5},            /* no head */
        {"\0\6\0\1\0\0", 6},          /* nothing after it */
        {"\0\x0a\0\1\0\2ap+", 9},     /* longer than it is */
        {"\0\7\0\1\0\2ap+", 9},       /* shorter */
        {"\0\x09\0\2\0\2ap+", 9},     /* another version */
        {"\0\x09\xff\x81\0\2ap+", 9}, /* another still */
        {"\0\x09\0\1\0\3ap+", 9},     /* no body */
        {"\0\x09\0\1\0\4ap+", 9},     /* AP-REP ends after the end */
        {"\0\x09\0\1\xff\xff"
         "ap+",
            9},
    };
    (void)state;

    frame = (struct kpasswd_frame){.body_len = 77};
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
        assert_int_equal(frame_of(table[i].bytes, table[i].len), FED_E_PROTO);
    assert_int_equal(frame.body_len, 77);
}

static void
knows_an_error_from_an_answer(void **state)
{
    (void)state;
    assert_int_equal(frame_of("\0\x0b\0\1\0\2apbod", 11), 0);
    assert_int_equal(frame.ap_rep_len, 2);
    assert_memory_equal(frame.ap_rep, "ap", 2);
    assert_int_equal(frame.body_len, 3);
    assert_memory_equal(frame.body, "bod", 3);
    assert_int_equal(frame_of("\0\x09\xff\x80\0\0err", 9), 0);
    assert_int_equal(frame.ap_rep_len, 0);
    assert_int_equal(frame.body_len, 3);
    assert_int_equal(frame_of("\x7e\1x", 3), 0);
    assert_int_equal(frame.ap_rep_len, 0);
    assert_int_equal(frame.body_len, 3);
}

static int
result_of(const char *bytes, size_t len)
{
    return kpasswd_read_result((const uint8_t *)bytes, len, &result);
}

static void
cleans_what_is_said(void **state)
{
    char big[1000];
    (void)state;

    assert_int_equal(result_of("", 0), FED_E_PROTO);
    assert_int_equal(result_of("\0", 1), FED_E_PROTO);
    assert_int_equal(result_of("\0\0", 2), 0);
    assert_int_equal(result.code, KPASSWD_SUCCESS);
    assert_string_equal(result.text, "");
    /* I-58 */
    assert_int_equal(result_of("\0\4too\x1b[2Jshort\n", 15), 0);
    assert_string_equal(result.text, "too?[2Jshort?");
    assert_int_equal(result_of("\0\4\xff\xfe", 4), 0);
    assert_string_equal(result.text, "");
    memset(big, 'x', sizeof(big));
    big[0] = 0;
    big[1] = 2;
    assert_int_equal(result_of(big, sizeof(big)), 0);
    assert_int_equal(strlen(result.text), KPASSWD_TEXT_MAX - 1);
    assert_false(result.has_rules);
    /* 256 is not 0 */
    assert_int_equal(result_of("\1\0", 2), 0);
    assert_int_equal(result.code, 256);
}

/* As AD sends it: 12 characters, 24 passwords, complexity, 42 days at most, one day at least. */
static const char rules[] = "\0\4\0\0\0\0\0\x0c\0\0\0\x18\0\0\0\1\0\0\x21\x05\x3b\x5a\xc0\0"
                            "\0\0\0\xc9\x2a\x69\xc0\0";

static void
reads_ad_s_rules(void **state)
{
    char other[sizeof(rules)];
    (void)state;

    assert_int_equal(result_of(rules, 32), 0);
    assert_int_equal(result.code, KPASSWD_SOFT_ERROR);
    assert_true(result.has_rules);
    assert_string_equal(result.text, "");
    assert_int_equal(result.rules.least_characters, 12);
    assert_int_equal(result.rules.history, 24);
    assert_true(result.rules.complex);
    assert_int_equal(result.rules.least_age_s, 86400);
    /* A byte less or more, and with another code, they are none. */
    assert_int_equal(result_of(rules, 31), 0);
    assert_false(result.has_rules);
    memcpy(other, rules, sizeof(rules));
    assert_int_equal(result_of(other, 33), 0);
    assert_false(result.has_rules);
    other[1] = 2;
    assert_int_equal(result_of(other, 32), 0);
    assert_false(result.has_rules);
    /* As it is stored, negative; and the least there is. */
    memcpy(other, rules, sizeof(rules));
    memcpy(other + 24, "\xff\xff\xff\x36\xd5\x96\x40\0", 8);
    assert_int_equal(result_of(other, 32), 0);
    assert_int_equal(result.rules.least_age_s, 86400);
    memcpy(other + 24, "\x80\0\0\0\0\0\0\0", 8);
    assert_int_equal(result_of(other, 32), 0);
    assert_int_equal(result.rules.least_age_s, 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refuses_frames_that_are_none),
        cmocka_unit_test(knows_an_error_from_an_answer),
        cmocka_unit_test(cleans_what_is_said),
        cmocka_unit_test(reads_ad_s_rules),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
