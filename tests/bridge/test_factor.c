/*
 * The factor of a sign-in against a clock that was set back: refused, explained, and not healed by itself (I-27).
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

/* A keeper, a store, and somebody enrolled whose code of NOW is put into code. */
static void
enrol(char code[TOTP_CODE_MAX + 1])
{
    struct totp_params params = {.digits = 6, .period_s = PERIOD, .algorithm = CONF_SHA1};
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
        &b, sid, (const unsigned char *)code, strlen(code), false, now_s, &factor, why);
}

static int
use_now(const char *code, int64_t now_s)
{
    struct factor factor;
    char why[BRIDGE_WHY_MAX] = "";
    size_t left;
    int r = factor_check(
        &b, sid, (const unsigned char *)code, strlen(code), false, now_s, &factor, why);

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

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(
            test_a_clock_set_back_denies_and_is_named_i27, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
