/*
 * The factor of a sign-in against a clock that was set back: refused, explained, and not healed by itself (I-27);
 * and a code at the end of a password, whose place each token knows by itself.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "bridge/enrolment.h"
#include "bridge/factor.h"
#include "mfa/person.h"
#include "mfa/recovery.h"
#include "tests/bridge/keeper_fixture.h"

static const char sid[] = "S-1-5-21-1-2-3-1104";
enum { NOW = 1800000000, PERIOD = 30, DAY = 86400 };

static struct bridge b;

static int
add_token(struct record *record, void *arg)
{
    struct record_token token = *(const struct record_token *)arg;
    uint32_t id;

    token.confirmed = true;
    return record_add(record, &token, &id);
}

/* Somebody gets a token of so many digits, whose code of NOW is put into code. */
static void
enrol_digits(unsigned digits, char code[TOTP_CODE_MAX + 1])
{
    struct totp_params params = {.digits = digits, .period_s = PERIOD, .algorithm = CONF_SHA1};
    struct fed_secret blob = FED_SECRET_INIT(SEAL_BLOB_MAX), seed = FED_SECRET_INIT(TOTP_SEED_MAX);
    struct record_token token = {.params = params, .enrolled_s = NOW};

    assert_int_equal(keeper_seal(b.keeper, sid, NULL, 20, &blob, &seed), 0);
    memcpy(token.blob, blob.data, blob.len);
    token.blob_len = blob.len;
    assert_int_equal(totp_code(&params, &seed, NOW / PERIOD, code), 0);
    assert_int_equal(
        person_change(b.store, sid, "alice@corp.example.com", NOW, add_token, &token), 0);
    fed_secret_done(&blob);
    fed_secret_done(&seed);
}

static void
enrol(char code[TOTP_CODE_MAX + 1])
{
    enrol_digits(6, code);
}

/* A keeper and a store. */
static int
set_up(void **state)
{
    char where[256], why[STORE_WHY_MAX];

    (void)state;
    assert_int_equal(totp_init(), 0);
    assert_int_equal(fixture_make(NULL), 0);
    (void)snprintf(where, sizeof(where), "sqlite:%s/mfa.db", fixture_folder);
    b = (struct bridge){.conf = &fixture_conf, .keeper = fixture_keeper()};
    fixture_conf.mfa.window = 1;
    assert_int_equal(store_open(where, &b.store, why), 0);
    return 0;
}

static int
tear_down(void **state)
{
    (void)state;
    store_close(b.store);
    keeper_stop(b.keeper);
    return fixture_remove();
}

static int
check(const char *code, int64_t now_s, char *why)
{
    struct factor factor;

    why[0] = '\0';
    return factor_check(
        &b, sid, (const unsigned char *)code, strlen(code), FACTOR_CODE, now_s, &factor, why);
}

static int
use_now(const char *code, int64_t now_s)
{
    struct factor factor;
    char why[BRIDGE_WHY_MAX] = "";
    size_t left;
    int r = factor_check(
        &b, sid, (const unsigned char *)code, strlen(code), FACTOR_CODE, now_s, &factor, why);

    return r != 0 ? r : factor_use(&b, sid, &factor, &left);
}

/* A difference of a day is told in seconds, and trying again does not shrink it. */
static void
test_a_clock_set_back_denies_and_is_named_i27(void **state)
{
    char code[TOTP_CODE_MAX + 1], why[BRIDGE_WHY_MAX];

    (void)state;
    enrol(code);
    assert_int_equal(check("000000", NOW, why), FED_E_DENIED);
    assert_null(strstr(why, "clock"));
    assert_int_equal(use_now(code, NOW), 0);
    assert_int_equal(check(code, NOW, why), FED_E_REPLAY);

    for (int i = 0; i < 3; i++) { /* however often it is tried, nothing resets */
        assert_int_equal(check(code, NOW - DAY, why), FED_E_DENIED);
        assert_non_null(strstr(why, "86400 s behind"));
    }
    assert_int_equal(check(code, NOW, why), FED_E_REPLAY);
}

/* ---- At the end of an answer ---- */

static int
check_end(const char *before, const char *code, struct factor *ret)
{
    char answer[128], why[BRIDGE_WHY_MAX] = "";

    (void)snprintf(answer, sizeof(answer), "%s%s", before, code);
    return factor_check(
        &b, sid, (const unsigned char *)answer, strlen(answer), FACTOR_AT_END, NOW, ret, why);
}

/* Another code than this one, as long. */
static const char *
other(const char *code)
{
    static char wrong[TOTP_CODE_MAX + 1];

    (void)snprintf(wrong, sizeof(wrong), "%s", code);
    wrong[0] = wrong[0] == '9' ? '0' : (char)(wrong[0] + 1);
    return wrong;
}

static void
test_each_token_knows_where_its_code_begins(void **state)
{
    char six[TOTP_CODE_MAX + 1], eight[TOTP_CODE_MAX + 1];
    static const char *const passwords[] = {"x", "hunter2", "ends in 12345678", "00000000", " "};
    struct factor f;

    (void)state;
    enrol_digits(6, six);
    enrol_digits(8, eight);
    for (size_t i = 0; i < sizeof(passwords) / sizeof(passwords[0]); i++) {
        assert_int_equal(check_end(passwords[i], other(six), &f), FED_E_DENIED);
        assert_int_equal(check_end(passwords[i], other(eight), &f), FED_E_DENIED);
        assert_int_equal(check_end(passwords[i], six, &f), 0);
        assert_int_equal(f.code_len, 6);
        assert_int_equal(check_end(passwords[i], eight, &f), 0);
        assert_int_equal(f.code_len, 8);
        assert_true(f.enrolled && !f.recovery);
    }
    /* A blank after it, or half of it. */
    assert_int_equal(check_end(six, " ", &f), FED_E_DENIED);
    assert_int_equal(check_end("hunter", six + 1, &f), FED_E_DENIED);
}

static void
test_a_code_with_no_password_before_it(void **state)
{
    char six[TOTP_CODE_MAX + 1];
    struct factor f;

    (void)state;
    enrol(six);
    assert_int_equal(check_end("", six, &f), FED_E_DENIED);
    assert_int_equal(check_end("", "", &f), FED_E_DENIED);
    assert_int_equal(check_end("", "1", &f), FED_E_DENIED);
}

static int
put_codes(struct record *record, void *arg)
{
    recovery_put(record, arg);
    return 0;
}

static void
test_a_recovery_code_at_the_end_i30(void **state)
{
    struct fed_secret text = FED_SECRET_INIT(RECOVERY_ALL_MAX);
    char six[TOTP_CODE_MAX + 1], code[RECOVERY_TEXT_SIZE], bare[RECOVERY_TEXT_SIZE];
    struct recovery_set set;
    struct factor f;
    size_t left;

    (void)state;
    enrol(six);
    assert_int_equal(recovery_make(&set, &text), 0);
    assert_int_equal(person_change(b.store, sid, NULL, NOW, put_codes, &set), 0);
    (void)snprintf(code, sizeof(code), "%.11s", fed_secret_str(&text));
    (void)snprintf(bare, sizeof(bare), "%.5s%.5s", code, code + 6);
    assert_int_equal(check_end("", code, &f), FED_E_DENIED);
    assert_int_equal(check_end("hunter2", bare, &f), FED_E_DENIED); /* not as it is shown */
    assert_int_equal(check_end("hunter2-", code, &f), 0);
    assert_true(f.recovery);
    assert_int_equal(f.code_len, 11);
    assert_int_equal(factor_use(&b, sid, &f, &left), 0);
    assert_int_equal(check_end("hunter2-", code, &f), FED_E_REPLAY);
    /* Something of that form in the password takes nothing from a code after it. */
    assert_int_equal(check_end(code, six, &f), 0);
    assert_int_equal(f.code_len, 6);
    fed_secret_done(&text);
}

static void
test_nobody_enrolled_has_no_code(void **state)
{
    struct factor f = {.code_len = 1};

    (void)state;
    /* Whether that will do is not the factor's to say (bridge/demand.h); nothing of the answer is taken for a code. */
    fixture_conf.mfa.required = CONF_MFA_ENROLLED;
    assert_int_equal(check_end("hunter2", "123456", &f), FED_E_NOT_ENROLLED);
    assert_int_equal(f.code_len, 1);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(
            test_a_clock_set_back_denies_and_is_named_i27, set_up, tear_down),
        cmocka_unit_test_setup_teardown(
            test_each_token_knows_where_its_code_begins, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_code_with_no_password_before_it, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_recovery_code_at_the_end_i30, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_nobody_enrolled_has_no_code, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
