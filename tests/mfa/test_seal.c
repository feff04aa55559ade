/*
 * Sealed seeds: whatever is torn, changed, swapped or of another key does not open.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "mfa/seal.h"

static const char alice[] = "S-1-5-21-1004336348-1177238915-682003330-1104";
static const char bob[] = "S-1-5-21-1004336348-1177238915-682003330-1105";

struct fixture {
    struct fed_secret key, other_key, seed, blob, opened;
};

static int
set_up(void **state)
{
    static struct fixture f;

    f.key = FED_SECRET_INIT(SEAL_KEY_SIZE);
    f.other_key = FED_SECRET_INIT(SEAL_KEY_SIZE);
    f.seed = FED_SECRET_INIT(256);
    f.blob = FED_SECRET_INIT(SEAL_BLOB_MAX);
    f.opened = FED_SECRET_INIT(256);
    for (unsigned i = 0; i < SEAL_KEY_SIZE; i++) {
        assert_int_equal(fed_secret_add_byte(&f.key, (unsigned char)i), 0);
        assert_int_equal(fed_secret_add_byte(&f.other_key, (unsigned char)(i + 1)), 0);
    }
    assert_int_equal(fed_secret_add_str(&f.seed, "twenty bytes of seed"), 0);
    assert_int_equal(seal_close(&f.key, alice, &f.seed, &f.blob), 0);
    assert_int_equal(fed_secret_add_str(&f.opened, "untouched"), 0);
    *state = &f;
    return 0;
}

static int
tear_down(void **state)
{
    struct fixture *f = *state;

    fed_secret_done(&f->key);
    fed_secret_done(&f->other_key);
    fed_secret_done(&f->seed);
    fed_secret_done(&f->blob);
    fed_secret_done(&f->opened);
    return 0;
}

static void
assert_refused(
    struct fixture *f, const struct fed_secret *key, const char *sid, const void *blob, size_t len)
{
    assert_int_equal(seal_open(key, sid, blob, len, &f->opened), FED_E_CRYPTO);
    assert_string_equal(fed_secret_str(&f->opened), "untouched");
}

/* I-34: a blob copied to another person's row does not open. */
static void
test_blob_of_another_person_i34(void **state)
{
    struct fixture *f = *state;

    assert_refused(f, &f->key, bob, f->blob.data, f->blob.len);
    assert_refused(f, &f->key, "", f->blob.data, f->blob.len);
    assert_refused(
        f, &f->key, "S-1-5-21-1004336348-1177238915-682003330-110", f->blob.data, f->blob.len);
    assert_int_equal(seal_open(&f->key, alice, f->blob.data, f->blob.len, &f->opened), 0);
    assert_true(fed_secret_equal(f->opened.data, f->opened.len, f->seed.data, f->seed.len));
}

static void
test_every_flipped_bit_i34(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(f->blob.len, SEAL_OVERHEAD + f->seed.len);
    for (size_t i = 0; i < f->blob.len; i++) {
        for (unsigned bit = 0; bit < 8; bit++) {
            f->blob.data[i] ^= (unsigned char)(1U << bit);
            assert_refused(f, &f->key, alice, f->blob.data, f->blob.len);
            f->blob.data[i] ^= (unsigned char)(1U << bit);
        }
    }
}

static void
test_every_other_length(void **state)
{
    struct fixture *f = *state;
    unsigned char longer[SEAL_BLOB_MAX + 64] = {0};

    memcpy(longer, f->blob.data, f->blob.len);
    for (size_t len = 0; len <= sizeof(longer); len++)
        if (len != f->blob.len)
            assert_refused(f, &f->key, alice, longer, len);
    assert_refused(f, &f->key, alice, NULL, 0);
}

static void
test_another_key(void **state)
{
    struct fixture *f = *state;

    assert_refused(f, &f->other_key, alice, f->blob.data, f->blob.len);
    /* Even with the other key's id pasted in. */
    struct fed_secret other = FED_SECRET_INIT(SEAL_BLOB_MAX);
    assert_int_equal(seal_close(&f->other_key, alice, &f->seed, &other), 0);
    memcpy(f->blob.data, other.data, 5);
    assert_refused(f, &f->other_key, alice, f->blob.data, f->blob.len);
    fed_secret_done(&other);

    struct fed_secret no_key = FED_SECRET_INIT(8);
    assert_refused(f, &no_key, alice, f->blob.data, f->blob.len);
    assert_int_equal(seal_close(&no_key, alice, &f->seed, &f->opened), FED_E_CRYPTO);
}

static void
test_two_seals_differ(void **state)
{
    struct fixture *f = *state;
    struct fed_secret again = FED_SECRET_INIT(SEAL_BLOB_MAX);

    assert_int_equal(seal_close(&f->key, alice, &f->seed, &again), 0);
    assert_int_equal(again.len, f->blob.len);
    assert_memory_equal(again.data, f->blob.data, 5);
    assert_memory_not_equal(again.data + 5, f->blob.data + 5, 12);
    assert_memory_not_equal(again.data + 17, f->blob.data + 17, f->seed.len);
    fed_secret_done(&again);
}

static void
test_sizes_of_seeds(void **state)
{
    struct fixture *f = *state;
    struct fed_secret blob = FED_SECRET_INIT(SEAL_BLOB_MAX), seed = FED_SECRET_INIT(256);

    assert_int_equal(seal_close(&f->key, alice, &seed, &blob), FED_E_CRYPTO);
    assert_int_equal(fed_secret_resize(&seed, 129), 0);
    assert_int_equal(seal_close(&f->key, alice, &seed, &blob), FED_E_TOO_BIG);
    assert_int_equal(blob.len, 0);
    assert_int_equal(fed_secret_resize(&seed, 128), 0);
    assert_int_equal(seal_close(&f->key, alice, &seed, &blob), 0);
    assert_int_equal(seal_open(&f->key, alice, blob.data, blob.len, &f->opened), 0);
    assert_int_equal(f->opened.len, 128);
    fed_secret_done(&blob);
    fed_secret_done(&seed);
}

static void
test_key_file_text(void **state)
{
    static const char good[] = "000102030405060708090a0b0c0d0e0f101112131415161718191A1B1C1D1E1F";
    static const char *const bad[] = {"", "00", "0x0102030405060708090a0b0c0d0e0f1011121314151617",
        "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1g",
        "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f2",
        "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f\n;",
        "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f\n00",
        ("000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f\n"
         "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f\n"),
        " 000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"};
    struct fixture *f = *state;
    struct fed_secret key = FED_SECRET_INIT(SEAL_KEY_SIZE);

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_int_equal(seal_key_parse(bad[i], strlen(bad[i]), &key), FED_E_CONFIG);
    assert_int_equal(seal_key_parse(good, 63, &key), FED_E_CONFIG);
    assert_int_equal(seal_key_parse(good, 65, &key), FED_E_CONFIG); /* the NUL is not white space */
    assert_int_equal(key.len, 0);
    assert_int_equal(seal_key_parse(good, 64, &key), 0);
    assert_true(fed_secret_equal(key.data, key.len, f->key.data, f->key.len));
    fed_secret_done(&key);
}

/* As openssl rand -base64 32 and head -c 32 /dev/urandom write keys; a password that happens to be as long is none. */
static void
test_key_file_in_other_forms(void **state)
{
    static const char base64[] = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n";
    static const char *const bad[] = {"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8",
        "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8A",
        "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh==",
        "=AECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=",
        "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8= x", "correct horse battery staple 32b",
        "0123456789abcdef0123456789abcde\n", "p\303\244ssw\303\266rter sind keine 32 Byte\n"};
    struct fixture *f = *state;
    struct fed_secret key = FED_SECRET_INIT(SEAL_KEY_SIZE);
    unsigned char drawn[SEAL_KEY_SIZE];

    assert_int_equal(seal_key_parse(base64, sizeof(base64) - 1, &key), 0);
    assert_true(fed_secret_equal(key.data, key.len, f->key.data, f->key.len));
    fed_secret_clear(&key);
    assert_int_equal(seal_key_parse(f->key.data, f->key.len, &key), 0);
    assert_true(fed_secret_equal(key.data, key.len, f->key.data, f->key.len));
    fed_secret_clear(&key);
    memset(drawn, 'a', sizeof(drawn)); /* no control character in it, and no UTF-8 */
    drawn[7] = 0xfe;
    assert_int_equal(seal_key_parse(drawn, sizeof(drawn), &key), 0);
    fed_secret_clear(&key);
    for (size_t len = 0; len < f->key.len; len++)
        assert_int_equal(seal_key_parse(f->key.data, len, &key), FED_E_CONFIG);
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_int_equal(seal_key_parse(bad[i], strlen(bad[i]), &key), FED_E_CONFIG);
    assert_int_equal(strlen(bad[sizeof(bad) / sizeof(bad[0]) - 1]), SEAL_KEY_SIZE);
    assert_int_equal(key.len, 0);
    fed_secret_done(&key);
}

/* I-34: a ring opens what each of its keys sealed, for that person alone, and seals with the first. */
static void
test_a_ring_of_keys_i34(void **state)
{
    static const char text[] = "ff0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f \n"
                               "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f\n";
    struct fixture *f = *state;
    struct fed_secret ring = FED_SECRET_INIT(SEAL_KEYS_MAX * SEAL_KEY_SIZE);
    struct fed_secret seed = FED_SECRET_INIT(128), old = FED_SECRET_INIT(SEAL_BLOB_MAX);
    struct fed_secret new = FED_SECRET_INIT(SEAL_BLOB_MAX);

    assert_int_equal(seal_key_parse(text, sizeof(text) - 1, &ring), 0);
    assert_int_equal(ring.len, 2 * SEAL_KEY_SIZE);
    assert_int_equal(fed_secret_add_str(&seed, "twenty bytes of seed"), 0);
    assert_int_equal(seal_close(&f->key, alice, &seed, &old), 0);
    assert_int_equal(seal_open(&ring, "S-1-5-21-9", old.data, old.len, &f->opened), FED_E_CRYPTO);
    assert_int_equal(seal_open(&ring, alice, old.data, old.len, &f->opened), 0);
    assert_memory_equal(f->opened.data, seed.data, seed.len);
    assert_false(seal_is_current(&ring, old.data, old.len));
    assert_int_equal(seal_close(&ring, alice, &seed, &new), 0);
    assert_true(seal_is_current(&ring, new.data, new.len));
    assert_int_equal(seal_open(&f->key, alice, new.data, new.len, &f->opened), FED_E_CRYPTO);
    fed_secret_done(&ring);
    fed_secret_done(&seed);
    fed_secret_done(&old);
    fed_secret_done(&new);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

/* Records are sealed by the same key, and neither kind opens as the other. */
static void
test_records_and_seeds_are_kept_apart_i34(void **state)
{
    struct fixture *f = *state;
    struct fed_secret record = FED_SECRET_INIT(SEAL_RECORD_MAX + 1);
    struct fed_secret sealed = FED_SECRET_INIT(SEAL_OVERHEAD + SEAL_RECORD_MAX);
    struct fed_secret got = FED_SECRET_INIT(SEAL_RECORD_MAX);

    assert_int_equal(seal_close_record(&f->key, alice, &record, &sealed), FED_E_CRYPTO); /* empty */
    assert_int_equal(fed_secret_resize(&record, SEAL_RECORD_MAX + 1), 0);
    memset(record.data, 'r', record.len);
    assert_int_equal(seal_close_record(&f->key, alice, &record, &sealed), FED_E_TOO_BIG);
    assert_int_equal(fed_secret_resize(&record, SEAL_RECORD_MAX), 0);
    assert_int_equal(seal_close_record(&f->key, alice, &record, &sealed), 0);
    assert_int_equal(
        seal_open_record(&f->other_key, alice, sealed.data, sealed.len, &got), FED_E_CRYPTO);
    assert_int_equal(
        seal_open_record(&f->key, "S-1-5-21-1-2-3-1105", sealed.data, sealed.len, &got),
        FED_E_CRYPTO);
    for (size_t len = 0; len < sealed.len; len += 97)
        assert_int_equal(seal_open_record(&f->key, alice, sealed.data, len, &got), FED_E_CRYPTO);
    assert_int_equal(seal_open_record(&f->key, alice, sealed.data, sealed.len, &got), 0);
    assert_true(fed_secret_equal(got.data, got.len, record.data, record.len));

    /* As long as a seed, so that nothing but its kind tells it from one. */
    fed_secret_clear(&sealed);
    assert_int_equal(seal_close_record(&f->key, alice, &f->seed, &sealed), 0);
    assert_refused(f, &f->key, alice, sealed.data, sealed.len);
    assert_int_equal(
        seal_open_record(&f->key, alice, f->blob.data, f->blob.len, &got), FED_E_CRYPTO);
    sealed.data[0] = 1;
    assert_refused(f, &f->key, alice, sealed.data, sealed.len);
    fed_secret_done(&record);
    fed_secret_done(&sealed);
    fed_secret_done(&got);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_blob_of_another_person_i34),
        TEST(test_every_flipped_bit_i34),
        TEST(test_every_other_length),
        TEST(test_another_key),
        TEST(test_two_seals_differ),
        TEST(test_records_and_seeds_are_kept_apart_i34),
        TEST(test_sizes_of_seeds),
        TEST(test_key_file_text),
        TEST(test_key_file_in_other_forms),
        TEST(test_a_ring_of_keys_i34),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
