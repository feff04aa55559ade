/*
 * What is left in memory. The needles are made by a child and read back masked, so that the only
 * plain copies in a searched process are those that the code under test made.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sys/mman.h>

#include <cmocka.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>

#include "bridge/keeper_box.h"
#include "tests/base/skip.h"
#include "tests/bridge/keeper_fixture.h"

enum { NEEDLE = 32, MASK = 0xa5, WINDOW = 1024 * 1024 };

/* ---- Searching ---- */

static size_t
count_in(const unsigned char *hay, size_t len, const unsigned char *masked)
{
    const unsigned char first = masked[0] ^ MASK;
    size_t found = 0;

    for (size_t i = 0; i + NEEDLE <= len; i++) {
        if (hay[i] != first)
            continue;
        size_t n = 1;
        while (n < NEEDLE && (hay[i + n] ^ MASK) == masked[n])
            n++;
        found += n == NEEDLE;
    }
    return found;
}

/* Search the writable memory of a process. The window has pages of its own and is left out. */
static size_t
count_in_process(pid_t pid, const unsigned char *masked)
{
    static unsigned char *window;
    char path[64], line[512];
    size_t found = 0;

    if (window == NULL)
        window = mmap(NULL, WINDOW, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    assert_true(window != MAP_FAILED && madvise(window, WINDOW, MADV_DONTFORK) == 0);
    (void)snprintf(path, sizeof(path), "/proc/%d/mem", pid);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    (void)snprintf(path, sizeof(path), "/proc/%d/maps", pid);
    FILE *maps = fopen(path, "r");
    assert_true(fd >= 0 && maps != NULL);
    while (fgets(line, sizeof(line), maps) != NULL) {
        char *end;
        uint64_t from = strtoull(line, &end, 16), to = strtoull(end + 1, &end, 16);
        if (end[2] != 'w' || (pid == getpid() && from == (uint64_t)(uintptr_t)window))
            continue;
        /* Overlapping windows, so that no needle lies across two. */
        for (uint64_t at = from; at < to; at += WINDOW - NEEDLE) {
            size_t len = to - at < WINDOW ? (size_t)(to - at) : WINDOW;
            ssize_t n = pread(fd, window, len, (off_t)at);
            if (n > 0)
                found += count_in(window, (size_t)n, masked);
            if (len < WINDOW)
                break;
        }
    }
    explicit_bzero(window, WINDOW);
    (void)fclose(maps);
    (void)close(fd);
    return found;
}

/* ---- Needles: of the seal key, of the signing key's first prime, and one for passwords ---- */

static unsigned char seal_needle[NEEDLE], prime_needle[NEEDLE], word_needle[NEEDLE];

static void
write_needle(FILE *f, const unsigned char *plain)
{
    for (size_t i = 0; i < NEEDLE; i++)
        (void)fputc(plain[i] ^ MASK, f);
}

static void
make_needles(void)
{
    unsigned char bytes[256], seal[NEEDLE];
    char hex[3] = "";
    char *seal_path = fixture_path("seal.key"), *key_path = fixture_path("saml.key");
    BIGNUM *p = NULL;

    FILE *out = fixture_file("needles", 0600), *f = fopen(seal_path, "r");
    if (f == NULL)
        abort();
    for (size_t i = 0; i < NEEDLE; i++) {
        if (fread(hex, 1, 2, f) != 2)
            abort();
        seal[i] = (unsigned char)strtoul(hex, NULL, 16);
    }
    (void)fclose(f);
    write_needle(out, seal);

    if ((f = fopen(key_path, "r")) == NULL)
        abort();
    EVP_PKEY *key = PEM_read_PrivateKey(f, NULL, NULL, NULL);
    (void)fclose(f);
    if (key == NULL || EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_RSA_FACTOR1, &p) != 1)
        abort();
    /* As OpenSSL has it in memory on a little-endian machine: least significant byte first. */
    if (BN_bn2lebinpad(p, bytes, 128) != 128)
        abort();
    write_needle(out, bytes + 32);
    if (RAND_bytes(bytes, NEEDLE) != 1)
        abort();
    write_needle(out, bytes);
    if (fclose(out) != 0)
        abort();
}

static int
set_up(void **state)
{
    char *path;

    (void)state;
    (void)fixture_make(make_needles);
    path = fixture_path("needles");
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    assert_int_equal(read(fd, seal_needle, NEEDLE), NEEDLE);
    assert_int_equal(read(fd, prime_needle, NEEDLE), NEEDLE);
    assert_int_equal(read(fd, word_needle, NEEDLE), NEEDLE);
    (void)close(fd);
    free(path);
    return 0;
}

static int
tear_down(void **state)
{
    (void)state;
    return fixture_remove();
}

static int
add_unmasked(struct fed_secret *to, const unsigned char *masked)
{
    int r = 0;

    for (size_t i = 0; i < NEEDLE && r == 0; i++)
        r = fed_secret_add_byte(to, masked[i] ^ MASK);
    return r;
}

/* I-57: grown, copied, moved, shortened, and freed: nothing of it is left anywhere. */
static void
test_freed_secrets_are_wiped_i57(void **state)
{
    struct fed_secret a = FED_SECRET_INIT(64 * 1024), b, c = FED_SECRET_INIT(1024);

    (void)state;
    fed_secret_init_locked(&b, 64 * 1024);
    assert_int_equal(add_unmasked(&a, word_needle), 0);
    assert_true(count_in_process(getpid(), word_needle) > 0); /* the search works */
    for (int i = 0; i < 500; i++)
        assert_int_equal(fed_secret_add(&a, "and more, and more", 18), 0);
    assert_int_equal(fed_secret_add(&b, a.data, NEEDLE), 0);
    assert_int_equal(fed_secret_resize(&b, 40000), 0);
    assert_int_equal(fed_secret_set(&c, a.data, NEEDLE), 0);
    assert_int_equal(fed_secret_set(&c, "other", 5), 0);
    assert_int_equal(fed_secret_resize(&a, 4), 0);
    fed_secret_clear(&b);
    fed_secret_done(&a);
    fed_secret_done(&c);
    assert_int_equal(count_in_process(getpid(), word_needle), 0);
    fed_secret_done(&b);
}

/* I-62: the keys are in the keeper, and not in the process that started it and uses it. */
static void
test_keys_are_in_the_keeper_alone_i62(void **state)
{
    struct fed_secret blob = FED_SECRET_INIT(SEAL_BLOB_MAX), seed = FED_SECRET_INIT(TOTP_SEED_MAX);
    struct fed_secret signature = FED_SECRET_INIT(512);

    (void)state;
    struct keeper *keeper = fixture_keeper();
    assert_int_equal(keeper_seal(keeper, "S-1-1-1", NULL, 20, &blob, &seed), 0);
    assert_int_equal(keeper_sign(keeper, "abc", 3, &signature), 0);
    assert_int_equal(count_in_process(getpid(), seal_needle), 0);
    assert_int_equal(count_in_process(getpid(), prime_needle), 0);
    if (may_look_into_processes()) {
        assert_true(count_in_process(keeper_pid(keeper), seal_needle) > 0);
        assert_true(count_in_process(keeper_pid(keeper), prime_needle) > 0);
    }
    keeper_stop(keeper);
    fed_secret_done(&blob);
    fed_secret_done(&seed);
    fed_secret_done(&signature);
}

/* I-57: a seed that was sealed, and codes that were asked about, leave nothing with the asker. */
static void
test_questions_leave_nothing_i57(void **state)
{
    struct fed_secret blob = FED_SECRET_INIT(SEAL_BLOB_MAX), seed = FED_SECRET_INIT(TOTP_SEED_MAX);
    struct fed_secret back = FED_SECRET_INIT(TOTP_SEED_MAX);
    const struct totp_params params = {.digits = 6, .period_s = 30, .window = 1};
    uint64_t step;

    (void)state;
    struct keeper *keeper = fixture_keeper();
    assert_int_equal(add_unmasked(&seed, word_needle), 0);
    assert_int_equal(keeper_seal(keeper, "S-1-1-1", &seed, 0, &blob, &back), 0);
    assert_true(fed_secret_equal(seed.data, seed.len, back.data, back.len));
    assert_int_equal(keeper_verify(keeper, "S-1-1-1", blob.data, blob.len, &params, back.data,
                         back.len, 1000000000, &step),
        FED_E_DENIED);
    fed_secret_done(&seed);
    fed_secret_done(&back);
    assert_int_equal(count_in_process(getpid(), word_needle), 0);
    if (may_look_into_processes())
        assert_int_equal(count_in_process(keeper_pid(keeper), word_needle), 0);
    fed_secret_done(&blob);
    keeper_stop(keeper);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(void)
{
    if (KEEPER_BOX_SANITIZED) {
        print_message("skipped: a sanitizer keeps copies and maps terabytes\n");
        return 0;
    }
    const struct CMUnitTest tests[] = {
        TEST(test_freed_secrets_are_wiped_i57),
        TEST(test_keys_are_in_the_keeper_alone_i62),
        TEST(test_questions_leave_nothing_i57),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
