/*
 * Channel bindings: which hash goes into them (RFC 5929 section 4.1).
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ldap/binding.h"

#include <string.h>

#include "tests/ldap/certificate.h"

static const char prefix[] = "tls-server-end-point:";

static void
expect_hash(const EVP_MD *signed_with, const EVP_MD *bound_with)
{
    unsigned char *der, binding[BINDING_MAX], digest[EVP_MAX_MD_SIZE];
    size_t len = certificate_make(EVP_EC_gen("P-256"), signed_with, &der), binding_len = 0;
    unsigned n;

    assert_int_equal(EVP_Digest(der, len, digest, &n, bound_with, NULL), 1);
    assert_int_equal(binding_of_certificate(der, len, binding, &binding_len), 0);
    assert_int_equal(binding_len, strlen(prefix) + n);
    assert_memory_equal(binding, prefix, strlen(prefix));
    assert_memory_equal(binding + strlen(prefix), digest, n);
    OPENSSL_free(der);
}

static void
test_no_certificate(void **state)
{
    unsigned char *der, binding[BINDING_MAX];
    size_t len = certificate_make(EVP_EC_gen("P-256"), EVP_sha256(), &der), binding_len = 0;
    (void)state;

    assert_int_equal(binding_of_certificate("", 0, binding, &binding_len), FED_E_TLS);
    assert_int_equal(binding_of_certificate("junk", 4, binding, &binding_len), FED_E_TLS);
    assert_int_equal(binding_of_certificate(der, len - 1, binding, &binding_len), FED_E_TLS);
    OPENSSL_free(der);
}

static void
test_the_signature_s_hash(void **state)
{
    (void)state;
    expect_hash(EVP_sha256(), EVP_sha256());
    expect_hash(EVP_sha384(), EVP_sha384());
    expect_hash(EVP_sha512(), EVP_sha512());
    expect_hash(EVP_sha1(), EVP_sha256());
}

static void
test_a_signature_without_one(void **state)
{
    unsigned char *der, binding[BINDING_MAX];
    size_t len = certificate_make(EVP_PKEY_Q_keygen(NULL, NULL, "ED25519"), NULL, &der);
    size_t binding_len = 7;
    (void)state;

    assert_int_equal(binding_of_certificate(der, len, binding, &binding_len), 0);
    assert_int_equal(binding_len, 0);
    OPENSSL_free(der);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_no_certificate),
        cmocka_unit_test(test_the_signature_s_hash),
        cmocka_unit_test(test_a_signature_without_one),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
