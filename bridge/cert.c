/*
 * The signing certificate: PEM and X.509 by OpenSSL, files by hand, because a key must never be
 * readable by others, overwritten, or half there.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "bridge/cert.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/text.h"
#include "base/write.h"
#include "conf/keyfile.h"

/* ---- Reading ---- */

static int
complain(char *why, const char *path, const char *what)
{
    (void)snprintf(why, CERT_WHY_MAX, "\"%.300s\": %s", path, what);
    return FED_E_CONFIG;
}

static int
to_seconds(const ASN1_TIME *from, int64_t *ret_s)
{
    struct tm tm;

    if (ASN1_TIME_to_tm(from, &tm) != 1)
        return FED_E_CONFIG;
    *ret_s = (int64_t)timegm(&tm);
    return 0;
}

static int
encode(X509 *x, struct fed_secret *ret)
{
    unsigned char *der = NULL;
    int len = i2d_X509(x, &der);
    int r = FED_E_CONFIG;

    /* EVP_EncodeBlock writes a NUL after the text, for which fed_secret has room. */
    if (len > 0 && (r = fed_secret_resize(ret, ((size_t)len + 2) / 3 * 4)) == 0)
        (void)EVP_EncodeBlock(ret->data, der, len);
    OPENSSL_free(der);
    return r;
}

static int
examine(X509 *x, const char *path, struct cert *ret, char *why)
{
    EVP_PKEY *key = X509_get0_pubkey(x);

    if (key == NULL || !EVP_PKEY_is_a(key, "RSA") || EVP_PKEY_get_bits(key) < CERT_KEY_BITS_LEAST)
        return complain(why, path,
            "its key is not RSA of 2048 bits or more, as AWS wants: awsfed-admin saml init makes "
            "one");
    if (to_seconds(X509_get0_notBefore(x), &ret->not_before_s) != 0 ||
        to_seconds(X509_get0_notAfter(x), &ret->not_after_s) != 0)
        return complain(why, path, "its dates cannot be read: make a new one");
    int r = encode(x, &ret->der_b64);
    return r == FED_E_TOO_BIG || r == FED_E_CONFIG
               ? complain(why, path, "too large a certificate: is this the right file?")
               : r;
}

int
cert_read(const char *path, struct cert *ret, char *why)
{
    struct fed_secret pem = FED_SECRET_INIT(CERT_FILE_MAX);
    struct cert cert = {.der_b64 = FED_SECRET_INIT(CERT_B64_MAX)};
    BIO *bio = NULL;
    X509 *x = NULL, *second = NULL;

    int r = keyfile_read(path, false, &pem, why, CERT_WHY_MAX);
    if (r != 0)
        goto out;
    r = FED_E_NOMEM;
    if ((bio = BIO_new_mem_buf(pem.data, (int)pem.len)) == NULL)
        goto out;
    x = PEM_read_bio_X509(bio, NULL, NULL, NULL);
    if (x == NULL) {
        r = complain(why, path, "no certificate in PEM form: name the certificate's file");
        goto out;
    }
    second = PEM_read_bio_X509(bio, NULL, NULL, NULL);
    if (second != NULL) {
        r = complain(why, path, "more than one certificate: keep the one of the signing key");
        goto out;
    }
    r = examine(x, path, &cert, why);
    if (r == 0) {
        *ret = cert;
        cert.der_b64 = FED_SECRET_INIT(0);
    }
out:
    ERR_clear_error(); /* looking for a second certificate leaves one, which TLS would take for its own */
    cert_done(&cert);
    X509_free(second);
    X509_free(x);
    BIO_free(bio);
    fed_secret_done(&pem);
    return r;
}

void
cert_done(struct cert *cert)
{
    if (cert != NULL)
        fed_secret_done(&cert->der_b64);
}

int64_t
cert_days_left(const struct cert *cert, int64_t now_s)
{
    int64_t left = cert->not_after_s - now_s;

    return left >= 0 ? left / 86400 : -((-left + 86399) / 86400);
}

/* ---- Making ---- */

static int
add_extension(X509 *x, int nid, const char *value)
{
    X509_EXTENSION *e = X509V3_EXT_conf_nid(NULL, NULL, nid, value);
    int ok = e != NULL && X509_add_ext(x, e, -1) == 1;

    X509_EXTENSION_free(e);
    return ok;
}

/* 159 random bits and a positive sign, RFC 5280 section 4.1.2.2. */
static int
set_serial(X509 *x)
{
    BIGNUM *n = BN_new();
    int ok = n != NULL && BN_rand(n, 159, BN_RAND_TOP_ANY, BN_RAND_BOTTOM_ANY) == 1 &&
             BN_to_ASN1_INTEGER(n, X509_get_serialNumber(x)) != NULL;

    BN_free(n);
    return ok;
}

/* All of it but the signature. key needs its public half only. */
static X509 *
describe(EVP_PKEY *key, const char *common_name, int64_t now_s)
{
    X509 *x = X509_new();

    if (x == NULL)
        return NULL;
    X509_NAME *name = X509_get_subject_name(x);
    if (X509_set_version(x, X509_VERSION_3) == 1 && set_serial(x) &&
        ASN1_TIME_set(X509_getm_notBefore(x), (time_t)now_s - 86400) != NULL &&
        ASN1_TIME_adj(X509_getm_notAfter(x), (time_t)now_s, CERT_DAYS, 0) != NULL &&
        X509_NAME_add_entry_by_txt(
            name, "CN", MBSTRING_UTF8, (const unsigned char *)common_name, -1, -1, 0) == 1 &&
        X509_set_issuer_name(x, name) == 1 && X509_set_pubkey(x, key) == 1 &&
        add_extension(x, NID_basic_constraints, "critical,CA:FALSE") &&
        add_extension(x, NID_key_usage, "critical,digitalSignature"))
        return x;
    X509_free(x);
    return NULL;
}

/* Key and certificate as PEM; memory BIOs of OpenSSL 3 wipe themselves. */
static int
make_pair(const char *name, int64_t now_s, BIO *key_pem, BIO *certificate_pem)
{
    EVP_PKEY *key = EVP_RSA_gen(CERT_KEY_BITS);
    X509 *x = key != NULL ? describe(key, name, now_s) : NULL;
    int ok = x != NULL && X509_sign(x, key, EVP_sha256()) > 0 &&
             PEM_write_bio_PKCS8PrivateKey(key_pem, key, NULL, NULL, 0, NULL, NULL) == 1 &&
             PEM_write_bio_X509(certificate_pem, x) == 1;

    X509_free(x);
    EVP_PKEY_free(key);
    return ok ? 0 : FED_E_CRYPTO;
}

static int
cannot(char *why, const char *what, const char *path)
{
    int e = errno;

    (void)snprintf(why, CERT_WHY_MAX, "\"%.300s\": cannot %s: %s%s", path, what, strerror(e),
        e == EEXIST   ? "; move the old file away first if it is really to be replaced"
        : e == ENOENT ? "; make its folder first"
                      : "");
    return e == EEXIST ? FED_E_EXISTS : FED_E_SYSTEM;
}

static int
create(const char *path, mode_t mode, int *ret_fd, char *why)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode);

    if (fd < 0)
        return cannot(why, "create", path);
    *ret_fd = fd;
    return 0;
}

/* The mode again: the caller's umask has taken bits from it. */
static int
fill(int fd, const char *path, mode_t mode, BIO *pem, char *why)
{
    char *data;
    long len = BIO_get_mem_data(pem, &data);

    if (fchmod(fd, mode) != 0 || write_all(fd, data, (size_t)len) != 0 || fsync(fd) != 0)
        return cannot(why, "write", path);
    return 0;
}

/* A new name is on disk only when its folder is. */
static int
sync_folder(const char *path, char *why)
{
    const char *slash = strrchr(path, '/');
    char *folder = slash == NULL   ? strdup(".")
                   : slash == path ? strdup("/")
                                   : strndup(path, (size_t)(slash - path));
    int fd = folder != NULL ? open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
    int r = fd >= 0 && fsync(fd) == 0 ? 0 : cannot(why, "sync the folder of", path);

    if (fd >= 0)
        (void)close(fd);
    free(folder);
    return r;
}

/* Both names are taken first, so that one that is taken already costs no other. */
static int
write_pair(const char *key_path, const char *certificate_path, BIO *key_pem, BIO *certificate_pem,
    char *why)
{
    int key_fd = -1, certificate_fd = -1;
    int r = create(key_path, 0600, &key_fd, why);

    if (r == 0)
        r = create(certificate_path, 0644, &certificate_fd, why);
    if (r == 0)
        r = fill(key_fd, key_path, 0600, key_pem, why);
    if (r == 0)
        r = fill(certificate_fd, certificate_path, 0644, certificate_pem, why);
    if (r == 0)
        r = sync_folder(key_path, why);
    if (r == 0)
        r = sync_folder(certificate_path, why);
    if (r != 0 && key_fd >= 0)
        (void)unlink(key_path);
    if (r != 0 && certificate_fd >= 0)
        (void)unlink(certificate_path);
    if (key_fd >= 0)
        (void)close(key_fd);
    if (certificate_fd >= 0)
        (void)close(certificate_fd);
    return r;
}

/* One new file, all of it or none. */
static int
write_new(const char *path, mode_t mode, BIO *pem, char *why)
{
    int fd = -1;
    int r = create(path, mode, &fd, why);

    if (r != 0)
        return r;
    if ((r = fill(fd, path, mode, pem, why)) == 0)
        r = sync_folder(path, why);
    if (r != 0)
        (void)unlink(path);
    (void)close(fd);
    return r;
}

static int
check_name(const char *name, char *why)
{
    size_t len = strlen(name);

    if (len >= 1 && len <= 64 && text_is_utf8(name, len))
        return 0;
    (void)snprintf(why, CERT_WHY_MAX, "the certificate's name must have 1 to 64 bytes");
    return FED_E_INVALID;
}

int
cert_create(
    const char *key_path, const char *certificate_path, const char *name, int64_t now_s, char *why)
{
    int r = check_name(name, why);
    if (r != 0)
        return r;
    BIO *key_pem = BIO_new(BIO_s_secmem()), *certificate_pem = BIO_new(BIO_s_mem());
    r = key_pem == NULL || certificate_pem == NULL
            ? FED_E_CRYPTO
            : make_pair(name, now_s, key_pem, certificate_pem);
    if (r != 0)
        (void)snprintf(why, CERT_WHY_MAX, "OpenSSL cannot make a key");
    else
        r = write_pair(key_path, certificate_path, key_pem, certificate_pem, why);
    BIO_free(certificate_pem);
    BIO_free(key_pem);
    return r;
}

/* ---- Making one for a key that is not ours to hold ---- */

/*
 * X509_sign with the key elsewhere. OpenSSL has readers for these three fields and no writers, but they are the
 * certificate's own, which nobody else has seen yet; that it verifies is checked afterwards.
 */
static int
sign_elsewhere(X509 *x, EVP_PKEY *key, cert_sign *sign, void *arg)
{
    struct fed_secret signature = FED_SECRET_INIT(CERT_SIGNATURE_MAX);
    const ASN1_BIT_STRING *bits;
    const X509_ALGOR *outer;
    unsigned char *tbs = NULL;
    int r = FED_E_CRYPTO;

    X509_get0_signature(&bits, &outer, x);
    ASN1_OBJECT *how = OBJ_nid2obj(NID_sha256WithRSAEncryption);
    if (X509_ALGOR_set0((X509_ALGOR *)X509_get0_tbs_sigalg(x), how, V_ASN1_NULL, NULL) != 1 ||
        X509_ALGOR_set0((X509_ALGOR *)outer, how, V_ASN1_NULL, NULL) != 1)
        return r;
    int len = i2d_re_X509_tbs(x, &tbs);
    if (len <= 0 || (r = sign(arg, tbs, (size_t)len, &signature)) != 0)
        goto out;
    r = FED_E_CRYPTO;
    if (ASN1_BIT_STRING_set((ASN1_BIT_STRING *)bits, signature.data, (int)signature.len) != 1)
        goto out;
    /* No unused bits, or the encoder would cut zeroes at the end (X509_sign does the same). */
    ((ASN1_BIT_STRING *)bits)->flags &= ~(ASN1_STRING_FLAG_BITS_LEFT | 0x07);
    ((ASN1_BIT_STRING *)bits)->flags |= ASN1_STRING_FLAG_BITS_LEFT;
    if (X509_verify(x, key) == 1)
        r = 0;

out:
    OPENSSL_free(tbs);
    fed_secret_done(&signature);
    return r;
}

int
cert_create_for(const struct cert_key *key, const char *certificate_path, const char *name,
    int64_t now_s, char *why)
{
    const unsigned char *der = key->public_der;

    int r = check_name(name, why);
    if (r != 0)
        return r;
    EVP_PKEY *public = d2i_PUBKEY(NULL, &der, (long)key->public_len);
    X509 *x = public != NULL ? describe(public, name, now_s) : NULL;
    BIO *pem = BIO_new(BIO_s_mem());
    (void)snprintf(why, CERT_WHY_MAX, "the token's key cannot sign a certificate");
    r = x != NULL && pem != NULL ? sign_elsewhere(x, public, key->sign, key->arg) : FED_E_CRYPTO;
    if (r == 0)
        r = PEM_write_bio_X509(pem, x) == 1 ? write_new(certificate_path, 0644, pem, why)
                                            : FED_E_CRYPTO;
    ERR_clear_error();
    BIO_free(pem);
    X509_free(x);
    EVP_PKEY_free(public);
    return r;
}

int
cert_create_key(const char *path, const EVP_PKEY *like, char *why)
{
    bool is_ec = EVP_PKEY_get_base_id(like) == EVP_PKEY_EC;
    EVP_PKEY *key = is_ec ? EVP_EC_gen("P-256") : EVP_RSA_gen(CERT_KEY_BITS);
    BIO *pem = BIO_new(BIO_s_secmem());
    int r = FED_E_CRYPTO;

    if (key == NULL || pem == NULL ||
        PEM_write_bio_PKCS8PrivateKey(pem, key, NULL, NULL, 0, NULL, NULL) != 1)
        (void)snprintf(why, CERT_WHY_MAX, "OpenSSL cannot make a key");
    else
        r = write_new(path, 0600, pem, why);
    BIO_free(pem);
    EVP_PKEY_free(key);
    return r;
}
