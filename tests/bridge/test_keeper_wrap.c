/*
 * The keeper's two questions about whole records.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "bridge/keeper_wire.h"
#include "tests/bridge/keeper_fixture.h"

static const char alice[] = "S-1-5-21-1-2-3-1104";

static int
set_up_group(void **state)
{
    (void)state;
    return totp_init() + fixture_make(NULL);
}

static int
tear_down_group(void **state)
{
    (void)state;
    return fixture_remove();
}

/* A record goes in and comes out for its person alone, and a seed's blob is no record (I-34). */
static void
test_wrap_and_unwrap_i34(void **state)
{
    static unsigned char record[SEAL_RECORD_MAX + 1];
    struct fed_secret wrapped = FED_SECRET_INIT(KEEPER_TEXT_MAX);
    struct fed_secret got = FED_SECRET_INIT(KEEPER_TEXT_MAX);
    struct fed_secret blob = FED_SECRET_INIT(SEAL_BLOB_MAX), seed = FED_SECRET_INIT(TOTP_SEED_MAX);
    struct keeper *keeper = fixture_keeper();

    (void)state;
    memset(record, 7, sizeof(record));
    assert_int_equal(keeper_wrap(keeper, alice, "", 0, &wrapped), FED_E_INVALID);
    assert_int_equal(keeper_wrap(keeper, "", record, 10, &wrapped), FED_E_INVALID);
    assert_int_equal(
        keeper_wrap(keeper, alice, record, SEAL_RECORD_MAX + 1, &wrapped), FED_E_INVALID);
    assert_int_equal(keeper_wrap(keeper, alice, record, SEAL_RECORD_MAX, &wrapped), 0);
    assert_int_equal(keeper_unwrap(keeper, "S-1-5-21-1-2-3-1105", wrapped.data, wrapped.len, &got),
        FED_E_CRYPTO);
    assert_int_equal(keeper_unwrap(keeper, alice, wrapped.data, wrapped.len, &got), 0);
    assert_int_equal(got.len, SEAL_RECORD_MAX);
    assert_memory_equal(got.data, record, got.len);
    wrapped.data[wrapped.len - 1] ^= 1;
    assert_int_equal(keeper_unwrap(keeper, alice, wrapped.data, wrapped.len, &got), FED_E_CRYPTO);
    /* The way to a seed in the clear would be to have its blob unwrapped. */
    assert_int_equal(keeper_seal(keeper, alice, NULL, 20, &blob, &seed), 0);
    assert_int_equal(keeper_unwrap(keeper, alice, blob.data, blob.len, &got), FED_E_CRYPTO);
    fed_secret_done(&wrapped);
    fed_secret_done(&got);
    fed_secret_done(&blob);
    fed_secret_done(&seed);
    keeper_stop(keeper);
}

/* A piece opens in its place alone, and is neither a record nor a seed (I-34). */
static void
test_pack_and_unpack_i34(void **state)
{
    static const char place[] = "parcel 0123456789abcdef0123456789abcdef 1795305600 1 person";
    struct fed_secret packed = FED_SECRET_INIT(KEEPER_TEXT_MAX);
    struct fed_secret got = FED_SECRET_INIT(KEEPER_TEXT_MAX);
    struct fed_secret blob = FED_SECRET_INIT(SEAL_BLOB_MAX), seed = FED_SECRET_INIT(TOTP_SEED_MAX);
    struct keeper *keeper = fixture_keeper();

    (void)state;
    assert_int_equal(keeper_pack(keeper, place, "", 0, &packed), FED_E_INVALID);
    assert_int_equal(keeper_pack(keeper, place, "piece", 5, &packed), 0);
    assert_int_equal(keeper_unpack(keeper, "parcel", packed.data, packed.len, &got), FED_E_CRYPTO);
    assert_int_equal(keeper_unwrap(keeper, place, packed.data, packed.len, &got), FED_E_CRYPTO);
    assert_int_equal(keeper_unpack(keeper, place, packed.data, packed.len, &got), 0);
    assert_string_equal(fed_secret_str(&got), "piece");
    assert_int_equal(keeper_seal(keeper, alice, NULL, 20, &blob, &seed), 0);
    assert_int_equal(keeper_unpack(keeper, alice, blob.data, blob.len, &got), FED_E_CRYPTO);
    fed_secret_done(&packed);
    fed_secret_done(&got);
    fed_secret_done(&blob);
    fed_secret_done(&seed);
    keeper_stop(keeper);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_wrap_and_unwrap_i34), cmocka_unit_test(test_pack_and_unpack_i34)};

    return cmocka_run_group_tests(tests, set_up_group, tear_down_group);
}
