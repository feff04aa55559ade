/*
 * The asking side of sts_server.py: starts it with throw-away certificates, tells it what to answer.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef TESTS_BRIDGE_STS_SERVER_H
#define TESTS_BRIDGE_STS_SERVER_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "base/err.h"

static struct {
    pid_t pid;
    FILE *to, *from;
    char folder[32], ca_file[64], endpoint[64];
} server;

/* The names of every region that a test asks for by proxy. */
#define SERVER_NAMES                                                                               \
    "IP:127.0.0.1,DNS:sts.eu-central-1.amazonaws.com,DNS:sts.eu-west-1.amazonaws.com,"             \
    "DNS:sts.us-east-1.amazonaws.com,DNS:sts.cn-north-1.amazonaws.com.cn"

static inline void
server_extend(X509 *x, X509 *issuer, int nid, const char *value)
{
    X509V3_CTX ctx;

    X509V3_set_ctx(&ctx, issuer, x, NULL, NULL, 0);
    X509_EXTENSION *e = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
    assert_non_null(e);
    assert_int_equal(X509_add_ext(x, e, -1), 1);
    X509_EXTENSION_free(e);
}

/* A certificate by an authority, or an authority's own (issuer NULL). */
static inline X509 *
server_certificate(const char *name, EVP_PKEY *key, X509 *issuer, EVP_PKEY *issuer_key,
    const char *names, long ends_s)
{
    static long serial = 1;
    X509 *x = X509_new();
    X509_NAME *subject = X509_get_subject_name(x);

    X509_set_version(x, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(x), serial++);
    X509_gmtime_adj(X509_getm_notBefore(x), -7200);
    X509_gmtime_adj(X509_getm_notAfter(x), ends_s);
    X509_NAME_add_entry_by_txt(
        subject, "CN", MBSTRING_UTF8, (const unsigned char *)name, -1, -1, 0);
    X509_set_issuer_name(x, issuer != NULL ? X509_get_subject_name(issuer) : subject);
    X509_set_pubkey(x, key);
    server_extend(x, issuer != NULL ? issuer : x, NID_basic_constraints,
        issuer != NULL ? "critical,CA:FALSE" : "critical,CA:TRUE");
    if (names != NULL)
        server_extend(x, issuer, NID_subject_alt_name, names);
    assert_true(X509_sign(x, issuer_key, EVP_sha256()) > 0);
    return x;
}

static inline void
server_write_pem(const char *name, EVP_PKEY *key, X509 *x)
{
    char path[64];

    (void)snprintf(path, sizeof(path), "%s/%s.pem", server.folder, name);
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    if (key != NULL)
        assert_int_equal(PEM_write_PrivateKey(f, key, NULL, NULL, 0, NULL, NULL), 1);
    assert_int_equal(PEM_write_X509(f, x), 1);
    assert_int_equal(fclose(f), 0);
}

/* ca.pem, and good, othername, expired by it; stranger by an authority that nobody
 * trusts, forged by one that has taken the trusted one's name. */
static inline void
server_make_certificates(void)
{
    EVP_PKEY *ca_key = EVP_EC_gen("P-256"), *key = EVP_EC_gen("P-256");
    X509 *ca = server_certificate("ca", ca_key, NULL, ca_key, NULL, 3600);
    X509 *other = server_certificate("other", key, NULL, key, NULL, 3600);
    X509 *forger = server_certificate("ca", key, NULL, key, NULL, 3600);
    const struct {
        const char *name, *names;
        X509 *issuer;
        EVP_PKEY *issuer_key;
        long ends_s;
    } all[] = {{"good", SERVER_NAMES, ca, ca_key, 3600},
        {"othername", "DNS:sts.example.com,IP:127.0.0.2", ca, ca_key, 3600},
        {"expired", SERVER_NAMES, ca, ca_key, -3600}, {"stranger", SERVER_NAMES, other, key, 3600},
        {"forged", SERVER_NAMES, forger, key, 3600}};

    server_write_pem("ca", NULL, ca);
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
        X509 *x = server_certificate(
            "server", key, all[i].issuer, all[i].issuer_key, all[i].names, all[i].ends_s);
        server_write_pem(all[i].name, key, x);
        X509_free(x);
    }
    X509_free(forger);
    X509_free(other);
    X509_free(ca);
    EVP_PKEY_free(key);
    EVP_PKEY_free(ca_key);
}

/* Send a line, get the line that answers it. */
static inline const char *server_ask(const char *format, ...) FED_PRINTF(1, 2);

static inline const char *
server_ask(const char *format, ...)
{
    static char line[200000];
    va_list ap;

    va_start(ap, format);
    assert_true(vfprintf(server.to, format, ap) > 0);
    va_end(ap);
    assert_true(fputc('\n', server.to) != EOF);
    assert_int_equal(fflush(server.to), 0);
    assert_non_null(fgets(line, sizeof(line), server.from));
    line[strcspn(line, "\n")] = '\0';
    return line;
}

#define server_tell(...) assert_string_equal(server_ask(__VA_ARGS__), "ok")

static inline int
server_start(void **state)
{
    int in[2], out[2];
    (void)state;

    (void)snprintf(server.folder, sizeof(server.folder), "/tmp/awsfed-sts-XXXXXX");
    if (mkdtemp(server.folder) == NULL || pipe(in) != 0 || pipe(out) != 0)
        return -1;
    (void)snprintf(server.ca_file, sizeof(server.ca_file), "%s/ca.pem", server.folder);
    server_make_certificates();
    server.pid = fork();
    if (server.pid == 0) {
        (void)dup2(in[0], STDIN_FILENO);
        (void)dup2(out[1], STDOUT_FILENO);
        (void)close(in[1]);
        (void)close(out[0]);
        execl("/usr/bin/python3", "python3", "tests/bridge/sts_server.py", server.folder,
            (char *)NULL);
        _exit(127);
    }
    (void)close(in[0]);
    (void)close(out[1]);
    server.to = fdopen(in[1], "w");
    server.from = fdopen(out[0], "r");
    char port[16] = "";
    if (server.pid < 0 || fgets(port, sizeof(port), server.from) == NULL)
        return -1;
    port[strcspn(port, "\n")] = '\0';
    (void)snprintf(server.endpoint, sizeof(server.endpoint), "https://127.0.0.1:%s", port);
    return 0;
}

static inline int
server_stop(void **state)
{
    static const char *const names[] = {"ca", "good", "othername", "expired", "stranger", "forged"};
    char path[64];
    int status;
    (void)state;

    (void)fclose(server.to); /* the server ends with its standard input */
    (void)fclose(server.from);
    (void)waitpid(server.pid, &status, 0);
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        (void)snprintf(path, sizeof(path), "%s/%s.pem", server.folder, names[i]);
        (void)unlink(path);
    }
    return rmdir(server.folder);
}

#endif
