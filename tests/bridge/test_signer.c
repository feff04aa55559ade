/*
 * A signer and its token: what it signs, and that whatever happens to the token or its library is over when it is over.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "bridge/jwk.h"
#include "bridge/signer.h"
#include "bridge/signing_key.h"
#include "tests/bridge/signer_fixture.h"

/* ---- What it signs ---- */

static EVP_PKEY *
file_key(const char *name)
{
    EVP_PKEY *key = NULL;
    char *path = fixture_path(name);
    char why[512] = "";

    if (signing_key_read(path, true, &key, why, sizeof(why)) != 0)
        fail_msg("%s", why);
    free(path);
    return key;
}

/* PKCS #1 v1.5 has no chance in it: what the token signs is what the file's key does, byte for byte. */
static void
test_signs_as_the_file_does(void **state)
{
    struct fed_secret ours = FED_SECRET_INIT(512), theirs = FED_SECRET_INIT(512);
    EVP_PKEY *key = file_key("saml.key");
    struct keeper *signer = signer_good();

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        fed_secret_clear(&theirs);
        assert_int_equal(keeper_sign(signer, "assertion", 9, &theirs), 0);
        assert_int_equal(signing_key_sign(key, "assertion", 9, &ours), 0);
        assert_true(fed_secret_equal(ours.data, ours.len, theirs.data, theirs.len));
    }
    assert_int_equal(signer_logins(), 1); /* one session for all of them */
    keeper_stop(signer);
    EVP_PKEY_free(key);
    fed_secret_done(&ours);
    fed_secret_done(&theirs);
}

static void
test_token_of_an_ec_key(void **state)
{
    struct fed_secret der = FED_SECRET_INIT(1024), raw = FED_SECRET_INIT(512);
    struct fed_secret wanted = FED_SECRET_INIT(1024);
    const struct signer_start start = {signer_uri("unit", "object=ec"), NULL, true};
    struct keeper *signer = NULL;
    EVP_PKEY *key = file_key("ec.key");
    char why[512];

    (void)state;
    assert_int_equal(signer_try(&start, &signer, why), 0);
    assert_string_equal(why, "");
    assert_int_equal(keeper_public(signer, &der), 0);
    assert_int_equal(signing_key_public(key, &wanted), 0);
    assert_true(fed_secret_equal(der.data, der.len, wanted.data, wanted.len));
    assert_int_equal(keeper_token(signer, "a.b", 3, &raw), 0);
    assert_int_equal(raw.len, 64);

    unsigned char *signature = NULL;
    ECDSA_SIG *both = ECDSA_SIG_new();
    assert_int_equal(
        ECDSA_SIG_set0(both, BN_bin2bn(raw.data, 32, NULL), BN_bin2bn(raw.data + 32, 32, NULL)), 1);
    int len = i2d_ECDSA_SIG(both, &signature);
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    assert_int_equal(EVP_DigestVerifyInit(ctx, NULL, EVP_sha256(), NULL, key), 1);
    assert_int_equal(
        EVP_DigestVerify(ctx, signature, (size_t)len, (const unsigned char *)"a.b", 3), 1);
    EVP_MD_CTX_free(ctx);
    ECDSA_SIG_free(both);
    OPENSSL_free(signature);
    EVP_PKEY_free(key);
    keeper_stop(signer);
    fed_secret_done(&der);
    fed_secret_done(&wanted);
    fed_secret_done(&raw);
}

/* Seeds and seals are the keeper's: whatever else is asked gets no answer, and the next question does. */
static void
test_answers_nothing_else(void **state)
{
    struct fed_secret blob = FED_SECRET_INIT(SEAL_BLOB_MAX), seed = FED_SECRET_INIT(TOTP_SEED_MAX);
    struct keeper *signer = signer_good();

    (void)state;
    assert_int_equal(keeper_seal(signer, "S-1-1-1", NULL, 20, &blob, &seed), FED_E_PROTO);
    assert_int_equal(keeper_wrap(signer, "S-1-1-1", "x", 1, &blob), FED_E_PROTO);
    assert_int_equal(signer_sign(signer), 0);
    keeper_stop(signer);
    fed_secret_done(&blob);
    fed_secret_done(&seed);
}

/* The way that the bridge takes, from the configuration on. */
static void
test_start_of_a_configuration(void **state)
{
    struct conf conf = {.n_roles = 0};
    struct keeper *signer = NULL;
    char why[512] = "";

    (void)state;
    assert_false(signer_wanted(&conf, SIGNER_SAML));
    conf.saml.key = fixture_conf.saml.key;
    assert_false(signer_wanted(&conf, SIGNER_SAML));
    conf.saml.key = strdup(signer_uri("unit", "id=%01"));
    assert_true(signer_wanted(&conf, SIGNER_SAML));
    conf.bridge.user = strdup("nobody");
    conf.bridge.signer_user = strdup("no-such-account-here");
    if (geteuid() == 0) {
        assert_int_equal(
            signer_start(&conf, SIGNER_SAML, NULL, &signer, why, sizeof(why)), FED_E_CONFIG);
        assert_non_null(strstr(why, "[saml] key: "));
        assert_non_null(strstr(why, "no-such-account-here"));
    }
    free(conf.bridge.signer_user);
    conf.bridge.signer_user = NULL;
    assert_int_equal(
        signer_start(&conf, SIGNER_SAML, fixture_conf.saml.certificate, &signer, why, sizeof(why)),
        0);
    assert_string_equal(why, "");
    assert_int_equal(signer_sign(signer), 0);
    keeper_stop(signer);
    free(conf.bridge.user);
    free(conf.saml.key);
}

/* ---- What comes and goes ---- */

/* The daemon was restarted, the token was out for a moment: nobody notices. */
static void
test_lost_session_is_opened_again(void **state)
{
    struct keeper *signer = signer_good();

    (void)state;
    signer_fault("lost");
    assert_int_equal(signer_sign(signer), 0);
    assert_int_equal(signer_logins(), 2);
    keeper_stop(signer);
}

static void
test_killed_child_comes_back(void **state)
{
    struct keeper *signer = signer_good();
    pid_t child = signer_child(signer);

    (void)state;
    assert_int_equal(kill(child, SIGKILL), 0);
    assert_int_equal(signer_sign(signer), 0);
    assert_int_not_equal(signer_child(signer), child);
    assert_true(signer_child(signer) > 0);
    keeper_stop(signer);
}

static void
test_crashing_library_is_tried_once_more(void **state)
{
    struct keeper *signer = signer_good();

    (void)state;
    signer_fault("crash");
    assert_int_equal(signer_sign(signer), FED_E_KEEPER);
    assert_int_equal(signer_logins(), 2);
    (void)signer_sign(signer); /* at once, by what was learned */
    assert_int_equal(signer_logins(), 2);
    signer_fault("");
    signer_wait_until_it_signs(signer);
    keeper_stop(signer);
}

static void
assert_slow_then_quick(struct keeper *signer)
{
    int64_t begin_ms = clock_mono_ms();

    assert_int_equal(signer_sign(signer), FED_E_KEEPER);
    assert_in_range(clock_mono_ms() - begin_ms, SIGNER_PATIENCE_MS, SIGNER_PATIENCE_MS + 2000);
    begin_ms = clock_mono_ms();
    assert_int_equal(signer_sign(signer), FED_E_KEEPER);
    assert_in_range(clock_mono_ms() - begin_ms, 0, SIGNER_TEST_PAUSE_MS);
}

/* A library that hangs costs its patience once, not each of those who wait. */
static void
test_hanging_library_is_given_up_on(void **state)
{
    struct keeper *signer = signer_good();

    (void)state;
    signer_fault("hang");
    assert_slow_then_quick(signer);
    signer_fault("");
    signer_wait_until_it_signs(signer);
    assert_int_equal(kill(signer_child(signer), SIGSTOP), 0);
    assert_slow_then_quick(signer);
    signer_wait_until_it_signs(signer);
    keeper_stop(signer);
}

static void
test_library_that_hangs_at_its_start(void **state)
{
    const struct signer_start start = {signer_uri("unit", "object=saml"), "saml.crt", false};
    struct keeper *signer = NULL;
    char why[512];

    (void)state;
    signer_fault("hang-start");
    assert_int_equal(signer_try(&start, &signer, why), 0);
    assert_non_null(strstr(why, "has not answered in time"));
    signer_fault("");
    signer_wait_until_it_signs(signer);
    keeper_stop(signer);
}

static void
test_token_that_is_pulled_out_comes_back(void **state)
{
    char *token = fixture_path("tokens"), *away = fixture_path("away");
    struct keeper *signer = signer_good();

    (void)state;
    assert_int_equal(rename(token, away), 0);
    assert_int_equal(kill(signer_child(signer), SIGKILL), 0);
    assert_int_equal(signer_sign(signer), FED_E_KEEPER);
    assert_int_equal(rename(away, token), 0);
    signer_wait_until_it_signs(signer);
    keeper_stop(signer);
    free(token);
    free(away);
}

/* The signer itself is gone: its child with it, and the question has an answer. */
static void
test_lost_signer_is_an_error(void **state)
{
    struct keeper *signer = signer_good();
    pid_t child = signer_child(signer);
    int64_t end_ms = clock_mono_ms() + 2000;

    (void)state;
    assert_int_equal(kill(keeper_pid(signer), SIGKILL), 0);
    assert_int_equal(signer_sign(signer), FED_E_KEEPER);
    while (kill(child, 0) == 0) {
        char path[64], state_of[64] = "";
        (void)snprintf(path, sizeof(path), "/proc/%d/stat", child);
        int fd = open(path, O_RDONLY | O_CLOEXEC);
        if (fd < 0 || (read(fd, state_of, sizeof(state_of) - 1) > 0 && strstr(state_of, ") Z")))
            end_ms = INT64_MAX;
        if (fd >= 0)
            (void)close(fd);
        if (end_ms == INT64_MAX)
            break;
        assert_true(clock_mono_ms() < end_ms);
        (void)usleep(10000);
    }
    keeper_stop(signer);
}

#define TEST(name) cmocka_unit_test_setup(name, signer_set_up)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_lost_session_is_opened_again),
        TEST(test_killed_child_comes_back),
        TEST(test_crashing_library_is_tried_once_more),
        TEST(test_hanging_library_is_given_up_on),
        TEST(test_library_that_hangs_at_its_start),
        TEST(test_token_that_is_pulled_out_comes_back),
        TEST(test_lost_signer_is_an_error),
        TEST(test_answers_nothing_else),
        TEST(test_signs_as_the_file_does),
        TEST(test_token_of_an_ec_key),
        TEST(test_start_of_a_configuration),
    };

    return cmocka_run_group_tests(tests, signer_make_token, signer_remove_token);
}
