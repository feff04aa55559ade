/*
 * Certificates for tests, each signed with a key of its own.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef TESTS_LDAP_CERTIFICATE_H
#define TESTS_LDAP_CERTIFICATE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

/*
 * One in DER, good for an hour; freed with OPENSSL_free.
 *   key    taken
 *   hash   NULL = the key's way of signing has none of its own
 */
static inline size_t
certificate_make(EVP_PKEY *key, const EVP_MD *hash, unsigned char **ret)
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

#endif
