/*
 * Channel bindings: which hash goes into them (RFC 5929 section 4.1).
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ldap/binding.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

static const char prefix[] = "tls-server-end-point:";

/* A certificate of a key's own, signed with a hash; NULL = the key's way has none of its own. */
static size_t
make_certificate(EVP_PKEY *key, const EVP_MD *hash, unsigned char **ret)
{
    X509 *certificate = X509_new();

    assert_non_null(key);
    assert_non_null(certificate);
    assert_int_equal(X509_set_pubkey(certificate, key), 1);
    assert_non_null(X509_gmtime_adj(X509_getm_notBefore(certificate), 0));
    assert_non_null(X509_gmtime_adj(X509_getm_notAfter(certificate), 3600));
    assert_true(X509_sign(certificate, key, hash) > 0);
    *ret = NULL;
    int len = i2d_X509(certificate, ret);
    assert_true(len > 0);
    X509_free(certificate);
    EVP_PKEY_free(key);
    return (size_t)len;
}

static void
expect_hash(const EVP_MD *signed_with, const EVP_MD *bound_with)
{
    unsigned char *der, binding[BINDING_MAX], digest[EVP_MAX_MD_SIZE];
    size_t len = make_certificate(EVP_EC_gen("P-256"), signed_with, &der), binding_len = 0;
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
    size_t len = make_certificate(EVP_EC_gen("P-256"), EVP_sha256(), &der), binding_len = 0;
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
    size_t len = make_certificate(EVP_PKEY_Q_keygen(NULL, NULL, "ED25519"), NULL, &der);
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
