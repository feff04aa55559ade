/*
 * The signing certificate: files that are refused, pairs that are made and never overwrite (I-66).
 * SPDX-License-Identifier: Apache-2.0
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include "bridge/cert.h"

#define NOW INT64_C(1795298400)

static char folder[] = "/tmp/awsfed-cert-XXXXXX";
static char key_path[64], cert_path[64], other_path[64];

static int
set_up(void **state)
{
    (void)state;
    if (mkdtemp(folder) == NULL)
        return -1;
    (void)snprintf(key_path, sizeof(key_path), "%s/saml.key", folder);
    (void)snprintf(cert_path, sizeof(cert_path), "%s/saml.crt", folder);
    (void)snprintf(other_path, sizeof(other_path), "%s/other", folder);
    return 0;
}

static int
wipe_files(void **state)
{
    (void)state;
    (void)unlink(key_path);
    (void)unlink(cert_path);
    (void)unlink(other_path);
    return 0;
}

static int
tear_down(void **state)
{
    return wipe_files(state) | rmdir(folder);
}

static void
write_text(const char *path, const char *text)
{
    FILE *f = fopen(path, "w");

    assert_non_null(f);
    assert_true(fputs(text, f) >= 0);
    assert_int_equal(fclose(f), 0);
    assert_int_equal(chmod(path, 0644), 0);
}

static void
assert_untouched(const char *path)
{
    char text[16] = "";
    FILE *f = fopen(path, "r");

    assert_non_null(f);
    assert_non_null(fgets(text, sizeof(text), f));
    assert_string_equal(text, "mine");
    (void)fclose(f);
}

static void
never_overwrites(void **state)
{
    char why[CERT_WHY_MAX];
    (void)state;

    write_text(key_path, "mine");
    assert_int_equal(cert_create(key_path, cert_path, "x", NOW, why), FED_E_EXISTS);
    assert_non_null(strstr(why, key_path));
    assert_untouched(key_path);
    assert_int_equal(access(cert_path, F_OK), -1);
    assert_int_equal(unlink(key_path), 0);

    write_text(cert_path, "mine"); /* the second is there: the first must not be left behind */
    assert_int_equal(cert_create(key_path, cert_path, "x", NOW, why), FED_E_EXISTS);
    assert_non_null(strstr(why, cert_path));
    assert_untouched(cert_path);
    assert_int_equal(access(key_path, F_OK), -1);
}

static void
never_follows_a_link(void **state)
{
    char why[CERT_WHY_MAX];
    struct stat st;
    (void)state;

    assert_int_equal(symlink(other_path, key_path), 0); /* dangling */
    assert_int_equal(cert_create(key_path, cert_path, "x", NOW, why), FED_E_EXISTS);
    assert_int_equal(access(other_path, F_OK), -1);
    assert_int_equal(lstat(key_path, &st), 0);
    assert_true(S_ISLNK(st.st_mode));
}

static void
one_path_for_both_is_refused(void **state)
{
    char why[CERT_WHY_MAX];
    (void)state;

    assert_int_equal(cert_create(key_path, key_path, "x", NOW, why), FED_E_EXISTS);
    assert_int_equal(access(key_path, F_OK), -1);
}

static void
names_a_missing_folder(void **state)
{
    char why[CERT_WHY_MAX], missing[128];
    (void)state;

    (void)snprintf(missing, sizeof(missing), "%s/no folder/k", folder);
    assert_int_equal(cert_create(missing, cert_path, "x", NOW, why), FED_E_SYSTEM);
    assert_non_null(strstr(why, missing));
    assert_int_equal(access(cert_path, F_OK), -1);
    assert_int_equal(cert_create(key_path, cert_path, "", NOW, why), FED_E_INVALID);
    assert_int_equal(cert_create(key_path, cert_path, "\xff", NOW, why), FED_E_INVALID);
}

static EVP_PKEY *
read_key(const char *path)
{
    FILE *f = fopen(path, "r");
    EVP_PKEY *key = f != NULL ? PEM_read_PrivateKey(f, NULL, NULL, NULL) : NULL;

    if (f != NULL)
        (void)fclose(f);
    return key;
}

static void
makes_a_pair(void **state)
{
    char why[CERT_WHY_MAX] = "";
    struct cert cert;
    struct stat st;
    unsigned char der[8192];
    const unsigned char *p = der;
    (void)state;

    mode_t old = umask(0177); /* the modes do not depend on it */
    assert_int_equal(cert_create(key_path, cert_path, "awsfed \xc3\xa9", NOW, why), 0);
    (void)umask(old);
    assert_int_equal(stat(key_path, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0600);
    assert_int_equal(stat(cert_path, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0644);

    assert_int_equal(cert_read(cert_path, &cert, why), 0);
    assert_int_equal(cert.not_before_s, NOW - 86400);
    assert_int_equal(cert.not_after_s, NOW + (int64_t)CERT_DAYS * 86400);
    assert_int_equal(strlen(fed_secret_str(&cert.der_b64)), cert.der_b64.len);
    assert_null(strpbrk(fed_secret_str(&cert.der_b64), "\r\n "));
    int n = EVP_DecodeBlock(der, cert.der_b64.data, (int)cert.der_b64.len);
    assert_true(n > 0);
    X509 *x = d2i_X509(NULL, &p, n);
    EVP_PKEY *key = read_key(key_path);
    assert_non_null(x);
    assert_non_null(key);
    assert_int_equal(EVP_PKEY_get_bits(key), 3072);
    assert_int_equal(X509_check_private_key(x, key), 1);
    assert_int_equal(X509_verify(x, key), 1);
    EVP_PKEY_free(key);
    X509_free(x);
    cert_done(&cert);
}

static void
counts_days(void **state)
{
    const struct cert cert = {.not_after_s = NOW};
    (void)state;

    assert_int_equal(cert_days_left(&cert, NOW - 86400), 1);
    assert_int_equal(cert_days_left(&cert, NOW - 86399), 0);
    assert_int_equal(cert_days_left(&cert, NOW), 0);
    assert_int_equal(cert_days_left(&cert, NOW + 1), -1);
    assert_int_equal(cert_days_left(&cert, NOW + 86401), -2);
}

static void
assert_unreadable(const char *path)
{
    struct cert cert = {.not_after_s = 42};
    char why[CERT_WHY_MAX] = "";

    assert_int_equal(cert_read(path, &cert, why), FED_E_CONFIG);
    assert_int_equal(cert.not_after_s, 42);
    assert_non_null(strstr(why, path));
}

/* A self-signed certificate of any key, as PEM in a file. */
static void
write_certificate(const char *path, EVP_PKEY *key, int times)
{
    X509 *x = X509_new();
    FILE *f = fopen(path, "w");

    assert_non_null(f);
    assert_non_null(key);
    X509_gmtime_adj(X509_getm_notBefore(x), 0);
    X509_gmtime_adj(X509_getm_notAfter(x), 3600);
    X509_set_pubkey(x, key);
    assert_true(X509_sign(x, key, EVP_sha256()) > 0);
    for (int i = 0; i < times; i++)
        assert_int_equal(PEM_write_X509(f, x), 1);
    assert_int_equal(fclose(f), 0);
    assert_int_equal(chmod(path, 0644), 0);
    X509_free(x);
}

static void
refuses_what_is_no_certificate_for_aws(void **state)
{
    EVP_PKEY *small = EVP_RSA_gen(1024), *ec = EVP_EC_gen("P-256"), *good = EVP_RSA_gen(2048);
    struct cert cert;
    char why[CERT_WHY_MAX];
    (void)state;

    assert_unreadable(cert_path); /* not there */
    write_text(cert_path, "");
    assert_unreadable(cert_path);
    write_text(cert_path, "no PEM\n");
    assert_unreadable(cert_path);
    write_text(cert_path, "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
    assert_unreadable(cert_path);
    write_certificate(cert_path, small, 1);
    assert_unreadable(cert_path);
    write_certificate(cert_path, ec, 1);
    assert_unreadable(cert_path);
    write_certificate(cert_path, good, 2);
    assert_unreadable(cert_path);
    write_certificate(cert_path, good, 1);
    assert_int_equal(chmod(cert_path, 0666), 0);
    assert_unreadable(cert_path);
    assert_int_equal(chmod(cert_path, 0644), 0);
    assert_int_equal(cert_read(cert_path, &cert, why), 0);
    cert_done(&cert);
    assert_int_equal(symlink(cert_path, other_path), 0);
    assert_unreadable(other_path);
    EVP_PKEY_free(good);
    EVP_PKEY_free(ec);
    EVP_PKEY_free(small);
}

/* A key alone is of the other's kind, never takes a file's place, and is nobody else's to read. */
static void
makes_a_key_of_the_same_kind(void **state)
{
    EVP_PKEY *like[] = {EVP_EC_gen("P-256"), EVP_RSA_gen(2048)};
    char why[CERT_WHY_MAX] = "", missing[128];
    struct stat st;
    (void)state;

    (void)snprintf(missing, sizeof(missing), "%s/no folder/k", folder);
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(cert_create_key(missing, like[i], why), FED_E_SYSTEM);
        assert_int_equal(cert_create_key(key_path, like[i], why), 0);
        assert_int_equal(stat(key_path, &st), 0);
        assert_int_equal(st.st_mode & 07777, 0600);
        EVP_PKEY *key = read_key(key_path);
        assert_non_null(key);
        assert_int_equal(EVP_PKEY_get_base_id(key), EVP_PKEY_get_base_id(like[i]));
        assert_int_equal(EVP_PKEY_get_bits(key), i == 0 ? 256 : CERT_KEY_BITS);
        assert_int_equal(EVP_PKEY_eq(key, like[i]), 0);
        assert_int_equal(cert_create_key(key_path, like[i], why), FED_E_EXISTS);
        EVP_PKEY *same = read_key(key_path);
        assert_int_equal(EVP_PKEY_eq(key, same), 1);
        EVP_PKEY_free(same);
        EVP_PKEY_free(key);
        EVP_PKEY_free(like[i]);
        assert_int_equal(unlink(key_path), 0);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(never_overwrites, wipe_files),
        cmocka_unit_test_teardown(never_follows_a_link, wipe_files),
        cmocka_unit_test_teardown(one_path_for_both_is_refused, wipe_files),
        cmocka_unit_test_teardown(names_a_missing_folder, wipe_files),
        cmocka_unit_test_teardown(refuses_what_is_no_certificate_for_aws, wipe_files),
        cmocka_unit_test_teardown(makes_a_pair, wipe_files),
        cmocka_unit_test_teardown(makes_a_key_of_the_same_kind, wipe_files),
        cmocka_unit_test(counts_days),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
