/*
 * A person's record: bytes that must be refused, changes that must be.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tests/mfa/people.h"

/* All there can be in one. */
static struct record
full(void)
{
    struct record r;
    uint32_t id;

    record_init(&r);
    for (unsigned i = 0; i < RECORD_TOKENS_MAX; i++) {
        struct record_token t = people_token(1000 + i);
        t.replaces = 0;
        t.drift = (int)i - 4;
        t.lean = (int)(i % 5) - 2;
        t.params.period_s = i % 2 == 0 ? 30 : 60;
        if (i == 3) {
            t.confirmed = false;
            t.replaces = 1;
        }
        memset(t.label, 'l', RECORD_LABEL_MAX - 1);
        t.blob_len = SEAL_BLOB_MAX;
        assert_int_equal(record_add(&r, &t, &id), 0);
        assert_int_equal(id, i + 1);
    }
    r.n_codes = RECORD_CODES_MAX;
    r.used[0] = r.used[9] = true;
    memset(r.codes, 7, sizeof(r.codes));
    memset(r.salt, 8, sizeof(r.salt));
    r.ticket_expires_s = 1700000000;
    memset(r.ticket, 9, sizeof(r.ticket));
    return r;
}

static void
test_cut_or_longer_is_refused_i29(void **state)
{
    unsigned char bytes[RECORD_MAX + 1] = {0};
    struct record r = full(), got;
    size_t len = 0;

    (void)state;
    assert_int_equal(record_encode(&r, bytes, &len), 0);
    for (size_t cut = 0; cut < len; cut++)
        assert_int_equal(record_decode(bytes, cut, &got), FED_E_STORE);
    assert_int_equal(record_decode(bytes, len + 1, &got), FED_E_STORE);
    assert_int_equal(record_decode(bytes, len, &got), 0);
    assert_int_equal(got.n_tokens, RECORD_TOKENS_MAX);
    assert_int_equal(got.tokens[0].drift, -4);
    assert_int_equal(got.tokens[0].lean, -2);
    assert_int_equal(got.tokens[3].replaces, 1);
    assert_true(got.used[9] && !got.used[8]);
    assert_int_equal(record_codes_left(&got), 8);
}

static void
test_bad_values_are_refused_i29(void **state)
{
    unsigned char bytes[RECORD_MAX];
    struct record r;
    size_t len;

    (void)state;
#define REFUSED(change)                                                                            \
    do {                                                                                           \
        r = full();                                                                                \
        change;                                                                                    \
        assert_int_equal(record_encode(&r, bytes, &len), FED_E_INVALID);                           \
    } while (0)
    REFUSED(r.n_tokens = RECORD_TOKENS_MAX + 1);
    REFUSED(r.tokens[1].id = 1);
    REFUSED(r.tokens[7].id = r.next_id);
    REFUSED(r.tokens[0].params.digits = 5);
    REFUSED(r.tokens[0].params.digits = 9);
    REFUSED(r.tokens[0].params.period_s = 31);
    REFUSED(r.tokens[0].watermark = UINT64_MAX);
    REFUSED(r.tokens[0].blob_len = SEAL_OVERHEAD);
    REFUSED(r.tokens[0].drift = RECORD_RESYNC_MAX + 1);
    REFUSED(r.tokens[0].label[0] = (char)0xff);
    REFUSED(r.tokens[0].confirmed = false); /* two that wait */
    REFUSED(r.n_codes = RECORD_CODES_MAX + 1);
#undef REFUSED
}

/* I-24: never at or below; nothing at all for one that is not proved yet. */
static void
test_use_step_i24(void **state)
{
    struct record r = full();

    (void)state;
    assert_int_equal(record_use_step(&r, 1, 1000), FED_E_REPLAY);
    assert_int_equal(record_use_step(&r, 1, 0), FED_E_REPLAY);
    assert_int_equal(record_use_step(&r, 1, 1001), 0);
    assert_int_equal(record_use_step(&r, 1, 1001), FED_E_REPLAY);
    assert_int_equal(record_use_step(&r, 1, UINT64_MAX), FED_E_INVALID);
    assert_int_equal(record_use_step(&r, 4, 2000), FED_E_NOT_FOUND);
    assert_int_equal(record_use_step(&r, 99, 2000), FED_E_NOT_FOUND);
}

static void
test_waiting_token_replaces_when_confirmed(void **state)
{
    struct record r = full();

    (void)state;
    r.tokens[0].watermark = 5000; /* of 30 s, and the one that waits has 60 */
    assert_int_equal(record_confirm(&r, 1, 9), FED_E_NOT_FOUND);
    assert_int_equal(record_confirm(&r, 4, 2000), 0);
    assert_null(record_token(&r, 1));
    assert_int_equal(r.n_tokens, RECORD_TOKENS_MAX - 1);
    assert_int_equal(record_token(&r, 4)->watermark, 2500);
    assert_int_equal(record_confirm(&r, 4, 2001), FED_E_NOT_FOUND);
}

/* A thief who began to enrol with the stolen token must not be able to finish when it has been removed. */
static void
test_removing_takes_what_waits(void **state)
{
    struct record r = full();

    (void)state;
    assert_int_equal(record_remove(&r, 1), 0);
    assert_null(record_token(&r, 1));
    assert_null(record_token(&r, 4));
    assert_int_equal(record_confirm(&r, 4, 2000), FED_E_NOT_FOUND);
}

static void
test_replacing_keeps_the_moment_i24(void **state)
{
    struct record r;
    struct record_token t = people_token(100);
    uint32_t id;

    (void)state;
    record_init(&r);
    t.params.period_s = 60;
    assert_int_equal(record_add(&r, &t, &id), 0);
    t.params.period_s = 30;
    assert_int_equal(record_add(&r, &t, &id), 0);
    assert_int_equal(r.n_tokens, 1);
    assert_int_equal(r.tokens[0].watermark, 201);
    /* In a full record too. */
    r = full();
    t = people_token(0);
    t.replaces = 8;
    assert_int_equal(record_add(&r, &t, &id), 0);
    assert_null(record_token(&r, 8));
    assert_int_equal(record_token(&r, id)->watermark, 2 * 1007 + 1);
    t.replaces = 0;
    assert_int_equal(record_add(&r, &t, &id), FED_E_TOO_BIG);
    t.replaces = 8;
    assert_int_equal(record_add(&r, &t, &id), FED_E_NOT_FOUND);
    t.replaces = RECORD_ALL;
    assert_int_equal(record_add(&r, &t, &id), 0);
    assert_int_equal(r.n_tokens, 1);
}

static void
test_drift_is_followed_within_bounds(void **state)
{
    struct record_token t = people_token(0);
    uint64_t now_s = 1700000010, step = now_s / 30;

    (void)state;
    /* Late, early, in time: nobody's clock. */
    for (int i = 0; i < 12; i++)
        assert_false(record_follow(&t, now_s, step + (uint64_t)(i % 3) - 1));
    assert_false(record_follow(&t, now_s, step));
    /* Always on one side: followed at the third, and not before. */
    assert_false(record_follow(&t, now_s, step + 1));
    assert_false(record_follow(&t, now_s, step + 1));
    assert_true(record_follow(&t, now_s, step + 1));
    assert_int_equal(t.drift, 1);
    assert_false(record_follow(&t, now_s, step + 1));
    assert_int_equal(t.lean, 0);
    for (uint64_t i = 0; i < 100; i++)
        (void)record_follow(&t, now_s, step + 2 + i);
    assert_int_equal(t.drift, RECORD_DRIFT_MAX);
    for (int i = 0; i < 100; i++)
        (void)record_follow(&t, now_s, step - 50);
    assert_int_equal(t.drift, -RECORD_DRIFT_MAX);
}

static void
test_recovery_code_once_i30(void **state)
{
    struct record r = full();

    (void)state;
    assert_int_equal(record_use_code(&r, 0), FED_E_REPLAY);
    assert_int_equal(record_use_code(&r, 1), 0);
    assert_int_equal(record_use_code(&r, 1), FED_E_REPLAY);
    assert_int_equal(record_use_code(&r, RECORD_CODES_MAX), FED_E_REPLAY);
    assert_int_equal(record_codes_left(&r), 7);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cut_or_longer_is_refused_i29),
        cmocka_unit_test(test_bad_values_are_refused_i29),
        cmocka_unit_test(test_use_step_i24),
        cmocka_unit_test(test_waiting_token_replaces_when_confirmed),
        cmocka_unit_test(test_removing_takes_what_waits),
        cmocka_unit_test(test_replacing_keeps_the_moment_i24),
        cmocka_unit_test(test_drift_is_followed_within_bounds),
        cmocka_unit_test(test_recovery_code_once_i30),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
