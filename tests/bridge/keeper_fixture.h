/*
 * Keys, a configuration and a keeper for the keeper's tests. The keys are made in a child process,
 * so that a test may look for them in its own memory.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef TESTS_BRIDGE_KEEPER_FIXTURE_H
#define TESTS_BRIDGE_KEEPER_FIXTURE_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include "bridge/keeper.h"
#include "mfa/seal.h"
#include "tests/folder.h"

enum { FIXTURE_NOBODY = 65534 };

static char fixture_folder[FOLDER_SIZE];
static struct conf fixture_conf;

static inline char *
fixture_path(const char *name)
{
    char *path = malloc(256);

    assert_non_null(path);
    (void)snprintf(path, 256, "%s/%s", fixture_folder, name);
    return path;
}

static inline FILE *
fixture_file(const char *name, mode_t mode)
{
    char *path = fixture_path(name);
    FILE *f = fopen(path, "w");

    if (f == NULL || chmod(path, mode) != 0)
        abort();
    free(path);
    return f;
}

static inline void
fixture_write(const char *name, mode_t mode, const char *text)
{
    FILE *f = fixture_file(name, mode);

    if (fputs(text, f) < 0 || fclose(f) != 0)
        abort();
}

/* NAME.key and NAME.crt, self-signed. */
static inline void
fixture_pair(const char *name, EVP_PKEY *key, const char *password)
{
    char file[64];
    X509 *x = X509_new();

    if (key == NULL || x == NULL || X509_set_pubkey(x, key) != 1 ||
        X509_gmtime_adj(X509_getm_notBefore(x), 0) == NULL ||
        X509_gmtime_adj(X509_getm_notAfter(x), 3600) == NULL ||
        X509_sign(x, key, EVP_sha256()) == 0)
        abort();
    (void)snprintf(file, sizeof(file), "%s.crt", name);
    FILE *f = fixture_file(file, 0644);
    if (PEM_write_X509(f, x) != 1 || fclose(f) != 0)
        abort();
    (void)snprintf(file, sizeof(file), "%s.key", name);
    f = fixture_file(file, 0600);
    const EVP_CIPHER *cipher = password != NULL ? EVP_aes_256_cbc() : NULL;
    int len = password != NULL ? (int)strlen(password) : 0;
    if (PEM_write_PKCS8PrivateKey(f, key, cipher, password, len, NULL, NULL) != 1 || fclose(f) != 0)
        abort();
    X509_free(x);
    EVP_PKEY_free(key);
}

/* A seal key as its file has it. */
static inline void
fixture_seal_key(const char *name, mode_t mode)
{
    unsigned char key[32];
    FILE *f = fixture_file(name, mode);

    if (RAND_bytes(key, sizeof(key)) != 1)
        abort();
    for (size_t i = 0; i < sizeof(key); i++)
        (void)fprintf(f, "%02x", key[i]);
    (void)fputs("\n", f);
    if (fclose(f) != 0)
        abort();
}

/* The folder with seal.key, saml.key and saml.crt, and what more adds, all made in a child. */
static inline int
fixture_make(void (*more)(void))
{
    int status;

    assert_int_equal(folder_make(fixture_folder), 0);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        fixture_seal_key("seal.key", 0600);
        fixture_pair("saml", EVP_RSA_gen(2048), NULL);
        if (more != NULL)
            more();
        _exit(0);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
    fixture_conf.mfa.seal_key = fixture_path("seal.key");
    fixture_conf.saml.key = fixture_path("saml.key");
    fixture_conf.saml.certificate = fixture_path("saml.crt");
    return 0;
}

static inline int
fixture_remove(void)
{
    free(fixture_conf.mfa.seal_key);
    free(fixture_conf.saml.key);
    free(fixture_conf.saml.certificate);
    memset(&fixture_conf, 0, sizeof(fixture_conf));
    return folder_remove(fixture_folder);
}

static inline uid_t
fixture_uid(void)
{
    return geteuid() == 0 ? FIXTURE_NOBODY : geteuid();
}

static inline gid_t
fixture_gid(void)
{
    return geteuid() == 0 ? FIXTURE_NOBODY : getegid();
}

static inline struct keeper *
fixture_keeper(void)
{
    struct keeper *keeper = NULL;
    char why[512] = "";

    if (keeper_start(&fixture_conf, fixture_uid(), fixture_gid(), &keeper, why, sizeof(why)) != 0)
        fail_msg("%s", why);
    return keeper;
}

#endif
