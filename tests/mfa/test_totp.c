/*
 * One-time codes: refusals, the window, and every row of RFC 6238 appendix B.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "mfa/totp.h"

static const char digits_of_rfc[] = "1234567890123456789012345678901234567890"
                                    "1234567890123456789012345678901234567890";

/* The appendix's seeds: its listing repeats the digits to the size of each hash. */
static size_t
rfc_seed_len(enum conf_algorithm algorithm)
{
    return algorithm == CONF_SHA1 ? 20 : algorithm == CONF_SHA256 ? 32 : 64;
}

static struct fed_secret
rfc_seed(enum conf_algorithm algorithm)
{
    struct fed_secret seed = FED_SECRET_INIT(TOTP_SEED_MAX);

    assert_int_equal(fed_secret_add(&seed, digits_of_rfc, rfc_seed_len(algorithm)), 0);
    return seed;
}

static struct totp_params
six_digits(unsigned window)
{
    return (struct totp_params){
        .digits = 6, .period_s = 30, .algorithm = CONF_SHA1, .window = window};
}

static const struct {
    int64_t time_s;
    uint64_t step;
    const char *code[3]; /* SHA-1, SHA-256, SHA-512 */
} rfc6238[] = {
    {59, 0x1, {"94287082", "46119246", "90693936"}},
    {1111111109, 0x23523EC, {"07081804", "68084774", "25091201"}},
    {1111111111, 0x23523ED, {"14050471", "67062674", "99943326"}},
    {1234567890, 0x273EF07, {"89005924", "91819424", "93441116"}},
    {2000000000, 0x3F940AA, {"69279037", "90698825", "38618901"}},
    {20000000000, 0x27BC86AA, {"65353130", "77737706", "47863826"}},
};

static void
test_rfc6238_appendix_b(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(rfc6238) / sizeof(rfc6238[0]); i++) {
        for (int a = CONF_SHA1; a <= CONF_SHA512; a++) {
            struct totp_params p = {
                .digits = 8, .period_s = 30, .algorithm = (enum conf_algorithm)a, .window = 0};
            struct fed_secret seed = rfc_seed(p.algorithm);
            char code[TOTP_CODE_MAX + 1];
            uint64_t step = 0;
            assert_int_equal(totp_code(&p, &seed, rfc6238[i].step, code), 0);
            assert_string_equal(code, rfc6238[i].code[a]);
            assert_int_equal(totp_check(&p, &seed, code, 8, rfc6238[i].time_s, &step), 0);
            assert_int_equal(step, rfc6238[i].step);
            fed_secret_done(&seed);
        }
    }
}

/* I-29: what is not exactly the digits is a refusal, an empty code first of all. */
static void
test_malformed_codes_are_refused_i29(void **state)
{
    static const struct {
        const char *code;
        size_t len;
    } bad[] = {
        {"", 0}, {"0", 1}, {"08180", 5}, {"0818044", 7}, {"081804\n", 7}, {" 081804", 7},
        {"08180\0", 6}, {"08180a", 6}, {"+81804", 6}, {"-81804", 6}, {"8180 4", 6},
        {"081804081804", 12},
        {"\331\240\331\241\331\242", 6}, /* Arabic-Indic digits are digits, but not ASCII */
    };
    struct totp_params p = six_digits(1);
    struct fed_secret seed = rfc_seed(CONF_SHA1);
    uint64_t step = 77;

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_int_equal(
            totp_check(&p, &seed, bad[i].code, bad[i].len, 1111111109, &step), FED_E_DENIED);
    assert_int_equal(totp_check(&p, &seed, NULL, 0, 1111111109, &step), FED_E_DENIED);
    assert_int_equal(step, 77); /* untouched on failure */
    assert_int_equal(totp_check(&p, &seed, "081804", 6, 1111111109, &step), 0);
    fed_secret_done(&seed);
}

/* I-28: the window counts steps either side, both edges in, one further out; more than 2 is refused. */
static void
test_window_is_exact_and_capped_i28(void **state)
{
    struct fed_secret seed = rfc_seed(CONF_SHA1);
    const uint64_t now_step = 0x23523EC;
    char code[TOTP_CODE_MAX + 1];

    (void)state;
    for (unsigned window = 0; window <= TOTP_WINDOW_MAX; window++) {
        struct totp_params p = six_digits(window);
        for (int off = -4; off <= 4; off++) {
            uint64_t step = 0;
            bool inside = off >= -(int)window && off <= (int)window;
            assert_int_equal(totp_code(&p, &seed, now_step + (uint64_t)(int64_t)off, code), 0);
            /* The first and the last second of the step. */
            for (int64_t second = 0; second < 30; second += 29) {
                int r = totp_check(&p, &seed, code, 6, (int64_t)now_step * 30 + second, &step);
                assert_int_equal(r, inside ? 0 : FED_E_DENIED);
                if (inside)
                    assert_int_equal(step, now_step + (uint64_t)(int64_t)off);
            }
        }
    }
    struct totp_params wide = six_digits(TOTP_WINDOW_MAX + 1);
    uint64_t step;
    assert_int_equal(totp_check(&wide, &seed, "081804", 6, 1111111109, &step), FED_E_INVALID);
    fed_secret_done(&seed);
}

/* Two steps of one window with the same code: rare, so looked for. The latest must be given. */
static void
test_latest_of_equal_codes(void **state)
{
    struct totp_params p = six_digits(2);
    struct fed_secret seed = rfc_seed(CONF_SHA1);
    char codes[5][TOTP_CODE_MAX + 1];
    bool found = false;

    (void)state;
    for (uint64_t step = 1000; step < 2000000 && !found; step++) {
        assert_int_equal(totp_code(&p, &seed, step, codes[step % 5]), 0);
        for (uint64_t back = 1; back <= 4 && step >= 1004 && !found; back++) {
            if (strcmp(codes[step % 5], codes[(step - back) % 5]) != 0)
                continue;
            uint64_t middle = step - back / 2, got = 0;
            if (step > middle + 2 || step - back + 2 < middle)
                continue;
            assert_int_equal(
                totp_check(&p, &seed, codes[step % 5], 6, (int64_t)middle * 30, &got), 0);
            assert_int_equal(got, step);
            found = true;
        }
    }
    assert_true(found);
    fed_secret_done(&seed);
}

static void
test_parameters_are_checked(void **state)
{
    struct fed_secret seed = rfc_seed(CONF_SHA1), small = FED_SECRET_INIT(TOTP_SEED_MAX);
    struct totp_params p;
    uint64_t step = 0;
    char code[TOTP_CODE_MAX + 1] = "x";

    (void)state;
    assert_int_equal(fed_secret_add(&small, digits_of_rfc, TOTP_SEED_MIN - 1), 0);
    p = six_digits(1);
    assert_int_equal(totp_check(&p, &small, "123456", 6, 1000000, &step), FED_E_INVALID);
    assert_int_equal(totp_check(&p, &seed, "123456", 6, -1, &step), FED_E_INVALID);
    assert_int_equal(totp_check(&p, &seed, "123456", 6, 29, &step), FED_E_INVALID);
    assert_int_equal(totp_code(&p, &seed, UINT64_MAX, code), FED_E_INVALID);
    p.digits = 5;
    assert_int_equal(totp_code(&p, &seed, 1, code), FED_E_INVALID);
    p.digits = 9;
    assert_int_equal(totp_code(&p, &seed, 1, code), FED_E_INVALID);
    p = six_digits(1);
    p.period_s = 0;
    assert_int_equal(totp_check(&p, &seed, "123456", 6, 1000000, &step), FED_E_INVALID);
    p = six_digits(1);
    p.algorithm = (enum conf_algorithm)7;
    assert_int_equal(totp_code(&p, &seed, 1, code), FED_E_INVALID);
    assert_string_equal(code, "x");
    fed_secret_done(&seed);
    fed_secret_done(&small);
}

static void
test_uri_is_percent_encoded(void **state)
{
    struct totp_params p = six_digits(1);
    struct fed_secret seed = rfc_seed(CONF_SHA1), uri = FED_SECRET_INIT(512);

    (void)state;
    assert_int_equal(
        totp_uri(&p, &seed, "Ex & Co: caf\303\251", "alice@corp.example.com", &uri), 0);
    assert_string_equal(fed_secret_str(&uri),
        "otpauth://totp/Ex%20%26%20Co%3A%20caf%C3%A9:alice%40corp.example.com"
        "?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=Ex%20%26%20Co%3A%20caf%C3%A9"
        "&algorithm=SHA1&digits=6&period=30");
    fed_secret_done(&uri);

    /* Too small a buffer: an error, and what was in it before is still there. */
    struct fed_secret tight = FED_SECRET_INIT(60);
    assert_int_equal(fed_secret_add_str(&tight, "before"), 0);
    assert_int_equal(totp_uri(&p, &seed, "Issuer", "alice", &tight), FED_E_TOO_BIG);
    assert_string_equal(fed_secret_str(&tight), "before");
    fed_secret_done(&tight);
    fed_secret_done(&seed);
}

static void
test_base32_has_no_padding(void **state)
{
    struct fed_secret seed = FED_SECRET_INIT(64), text = FED_SECRET_INIT(64);

    (void)state;
    assert_int_equal(fed_secret_add(&seed, "foobarfoobarfoobar", 16), 0);
    assert_int_equal(totp_base32(&seed, &text), 0);
    assert_string_equal(fed_secret_str(&text), "MZXW6YTBOJTG633CMFZGM33PMI");
    fed_secret_done(&seed);
    fed_secret_done(&text);
}

static int
set_up(void **state)
{
    (void)state;
    return totp_init();
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_malformed_codes_are_refused_i29),
        cmocka_unit_test(test_window_is_exact_and_capped_i28),
        cmocka_unit_test(test_latest_of_equal_codes),
        cmocka_unit_test(test_parameters_are_checked),
        cmocka_unit_test(test_rfc6238_appendix_b),
        cmocka_unit_test(test_uri_is_percent_encoded),
        cmocka_unit_test(test_base32_has_no_padding),
    };

    return cmocka_run_group_tests(tests, set_up, NULL);
}
