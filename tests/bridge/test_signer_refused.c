/*
 * A signer whose token, key, PIN or library is not what it should be: what it refuses, what it says, and that a wrong PIN
 * costs one try however often the service is started.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <dlfcn.h>
#include <seccomp.h>

#include "tests/bridge/signer_fixture.h"

/* It starts, and says this of its token. */
static void
assert_words(const struct signer_start *start, const char *wanted)
{
    struct keeper *signer = NULL;
    char why[512];

    assert_int_equal(signer_try(start, &signer, why), 0);
    if (strstr(why, wanted) == NULL)
        fail_msg("\"%s\" does not say \"%s\"", why, wanted);
    assert_int_equal(signer_sign(signer), FED_E_KEEPER);
    keeper_stop(signer);
}

/* It does not start, and says why. */
static void
assert_refused(const char *uri, const char *wanted)
{
    const struct signer_start start = {uri, NULL, false};
    struct keeper *signer = NULL;
    char why[512];

    assert_int_equal(signer_try(&start, &signer, why), FED_E_CONFIG);
    if (strstr(why, wanted) == NULL)
        fail_msg("\"%s\" does not say \"%s\"", why, wanted);
}

/* ---- The PIN ---- */

/* A service that is started again and again must not use up the tries: one, and then none until somebody has logged in. */
static void
test_wrong_pin_costs_one_try(void **state)
{
    const struct signer_start start = {signer_uri("unit", "object=saml"), "saml.crt", false};
    struct keeper *signer = NULL;
    char why[512];

    (void)state;
    fixture_write("unit.pin", 0600, "000000\n");
    assert_int_equal(signer_try(&start, &signer, why), 0);
    assert_non_null(strstr(why, "token \"unit\" refuses the PIN of \""));
    assert_non_null(strstr(why, "unit.pin\""));
    assert_null(strstr(why, "000000"));
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(signer_sign(signer), FED_E_KEEPER);
    assert_int_equal(signer_logins(), 1);
    keeper_stop(signer);
    for (size_t i = 0; i < 3; i++)
        assert_words(&start, "was given a wrong PIN last");
    fixture_write("unit.pin", 0600, "123456\n");
    assert_words(&start, "was given a wrong PIN last");
    assert_int_equal(signer_logins(), 1);

    assert_int_equal(signer_tool("pkcs11-tool --module /usr/lib/softhsm/libsofthsm2.so "
                                 "--token-label unit --login --pin 123456 --list-objects"),
        0);
    signer_give_token();
    keeper_stop(signer_good());
    assert_int_equal(signer_logins(), 2);
}

/* Somebody else's slip stops nothing that is known to be right. */
static void
test_proven_pin_is_used_again(void **state)
{
    struct keeper *signer = signer_good();

    (void)state;
    assert_int_not_equal(signer_tool("pkcs11-tool --module /usr/lib/softhsm/libsofthsm2.so "
                                     "--token-label unit --login --pin 1111 --list-objects"),
        0);
    signer_give_token();
    assert_int_equal(kill(signer_child(signer), SIGKILL), 0);
    assert_int_equal(signer_sign(signer), 0);
    assert_int_equal(signer_logins(), 2);
    keeper_stop(signer);
}

static void
test_last_try_is_never_spent(void **state)
{
    const struct signer_start start = {signer_uri("unit", "object=saml"), "saml.crt", false};
    struct keeper *signer = signer_good();

    (void)state;
    signer_fault("final");
    assert_words(&start, "one try left");
    assert_int_equal(kill(signer_child(signer), SIGKILL), 0);
    assert_int_equal(
        signer_sign(signer), FED_E_KEEPER); /* not even where it is known to be right */
    signer_fault("locked");
    assert_words(&start, "has locked its PIN");
    assert_int_equal(signer_logins(), 1);
    signer_fault("");
    signer_wait_until_it_signs(signer);
    keeper_stop(signer);
}

/* A key that wants the PIN each time would be given an empty one, or stop at a terminal: it is given none. */
static void
test_nobody_is_asked_for_a_pin(void **state)
{
    const struct signer_start start = {signer_uri("unit", "object=again"), NULL, false};
    struct keeper *signer = NULL;
    char why[512];

    (void)state;
    assert_int_equal(
        signer_tool(
            "pkcs11-tool --module /usr/lib/softhsm/libsofthsm2.so --token-label unit --login "
            "--pin 123456 --keypairgen --key-type rsa:2048 --label again --id 09 "
            "--always-auth"),
        0);
    signer_give_token();
    assert_int_equal(signer_try(&start, &signer, why), 0);
    assert_string_equal(why, "");
    assert_int_equal(signer_sign(signer), FED_E_KEEPER);
    assert_int_equal(
        signer_logins(), 2); /* to the token, once more after the failure; to the key never */
    keeper_stop(signer);
    keeper_stop(signer_good()); /* and no try was lost */
}

/* ---- What is not there, or not right ---- */

static void
test_token_and_key_that_are_not_there(void **state)
{
    const struct {
        const char *token, *key, *certificate, *words;
    } cases[] = {
        {"elsewhere", "object=saml", NULL, "sees only \"unit\""},
        {"unit", "object=nothing", NULL, "the key is not in token \"unit\", which has only"},
        {"unit", "object=twin", NULL, "more than one private key"},
        {"unit", "object=small", NULL, "not RSA of 2048 to 4096 bits"},
        {"unit", "object=ec", NULL, "not RSA of 2048 to 4096 bits"},
        {"unit", "object=saml", "other.crt", "not the key of the certificate"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const struct signer_start start = {
            signer_uri(cases[i].token, cases[i].key), cases[i].certificate, false};
        assert_words(&start, cases[i].words);
    }
    /* A label that fits two and an id that fits one of them. */
    const struct signer_start start = {
        signer_uri("unit", "object=twin;id=%05"), "other.crt", false};
    struct keeper *signer = NULL;
    char why[512];
    assert_int_equal(signer_try(&start, &signer, why), 0);
    assert_string_equal(why, "");
    keeper_stop(signer);
}

static void
test_no_pin_for_a_token_that_wants_one(void **state)
{
    char uri[512];
    const struct signer_start start = {uri, NULL, false};

    (void)state;
    (void)snprintf(
        uri, sizeof(uri), "pkcs11:token=unit;object=saml?module-path=%s/hsm.so", fixture_folder);
    assert_words(&start, "add pin-source=file:");
    assert_int_equal(signer_logins(), 0);
}

/* I-66: files that may not be trusted stop the start. */
static void
test_pin_files_i66(void **state)
{
    char *path = fixture_path("unit.pin");

    (void)state;
    fixture_write("unit.pin", 0644, "123456\n");
    assert_refused(signer_uri("unit", "object=saml"), "readable by others");
    fixture_write("unit.pin", 0600, "123456\n654321\n");
    assert_refused(signer_uri("unit", "object=saml"), "not a PIN on one line");
    fixture_write("unit.pin", 0600, "\n");
    assert_refused(signer_uri("unit", "object=saml"), "an empty line");
    assert_int_equal(unlink(path), 0);
    assert_refused(signer_uri("unit", "object=saml"), "does not exist");
    assert_int_equal(signer_logins(), 0);
    free(path);
}

static const char *
uri_of_module(const char *path)
{
    static char uri[1024];

    (void)snprintf(uri, sizeof(uri),
        "pkcs11:token=unit;object=saml?module-path=%s&pin-source=file:%s/unit.pin", path,
        fixture_folder);
    return uri;
}

/* I-66: the library is code that we load. */
static void
test_modules_i66(void **state)
{
    char *module = fixture_path("hsm.so"), *text = fixture_path("saml.crt");
    Dl_info other;

    (void)state;
    assert_refused(uri_of_module("/no/such/library.so"), "No such file");
    assert_refused(uri_of_module(fixture_folder), "not a file");
    assert_refused(uri_of_module(text), "cannot be loaded");
    assert_int_not_equal(dladdr((void *)&seccomp_release, &other), 0);
    if (!KEEPER_BOX_SANITIZED)
        assert_refused(uri_of_module(other.dli_fname), "is not a PKCS#11 module");
    assert_int_equal(chmod(module, 0775), 0);
    assert_refused(uri_of_module(module), "writable by others than its owner");
    assert_int_equal(chmod(module, 0755), 0);
    assert_int_equal(chmod(fixture_folder, 0777), 0);
    assert_refused(uri_of_module(module), "writable by others than its owner");
    assert_int_equal(chmod(fixture_folder, 0755), 0);
    if (geteuid() == 0) {
        assert_int_equal(chown(module, FIXTURE_NOBODY, 0), 0);
        assert_refused(uri_of_module(module), "owned by uid 65534, not by root");
        assert_int_equal(chown(module, 0, 0), 0);
    }
    assert_int_equal(signer_logins(), 0);
    free(module);
    free(text);
}

#define TEST(name) cmocka_unit_test_setup(name, signer_set_up)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_wrong_pin_costs_one_try),
        TEST(test_last_try_is_never_spent),
        TEST(test_proven_pin_is_used_again),
        TEST(test_no_pin_for_a_token_that_wants_one),
        TEST(test_nobody_is_asked_for_a_pin),
        TEST(test_token_and_key_that_are_not_there),
        TEST(test_pin_files_i66),
        TEST(test_modules_i66),
    };

    return cmocka_run_group_tests(tests, signer_make_token, signer_remove_token);
}
