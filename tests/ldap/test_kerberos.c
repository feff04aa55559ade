/*
 * The Kerberos identity: its keytab as a file, and what a Kerberos service may answer. What it is good for is proved in
 * the lab, by a real one (tests/e2e/test_keytab.py).
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ldap/kerberos.h"

#include <arpa/inet.h>
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "ldap/why.h"
#include "tests/ldap/keytab_file.h"
#include "tests/ldap/one_answer.h"

#define REALM ONE_ANSWER_REALM

enum { UNKNOWN = 6, ETYPES = 14, REVOKED = 18, KEY_EXPIRED = 23, PREAUTH_FAILED = 24, SKEW = 37 };

static char folder[64], path[96], why[WHY_MAX];
static struct conf_domain conf = {
    .name = (char *)"corp.example.com", .service_bind = CONF_SERVICE_GSSAPI, .keytab = path};

/* ---- The identity ---- */

static void
write_keytab(unsigned version)
{
    struct keytab_row row = {"JUMP$", REALM, version, 18, 32};
    struct keytab_file file;
    FILE *out = fopen(path, "r+"); /* in its place, as libkrb5 writes */

    if (out == NULL)
        out = fopen(path, "w");
    assert_non_null(out);
    keytab_start(&file);
    keytab_add(&file, &row);
    assert_int_equal(fwrite(file.bytes, 1, file.len, out), file.len);
    assert_int_equal(fclose(out), 0);
    assert_int_equal(chmod(path, 0600), 0);
}

static struct kerberos *
identity(void)
{
    struct kerberos *k = NULL;

    assert_int_equal(kerberos_new(&conf, &k, why), 0);
    return k;
}

static int
take(struct kerberos *k, const struct kdc *kdc, int ms)
{
    struct kerberos_ticket *ticket = NULL;

    why[0] = '\0';
    return kerberos_take(k, "dc1.corp.example.com", kdc, clock_mono_ms() + ms, &ticket, why);
}

static void
says(const char *text)
{
    if (strstr(why, text) == NULL)
        fail_msg("\"%s\" is not in \"%s\"", text, why);
}

static void
answered(const void *answer, size_t len, int error, const char *text)
{
    struct kerberos *k = identity();
    struct service s;

    service_start(&s, answer, len);
    assert_int_equal(take(k, &s.kdc, 5000), error);
    says(text);
    service_stop(&s);
    kerberos_free(k);
}

static void
refused_with(unsigned code, int error, const char *text)
{
    unsigned char answer[128];

    answered(answer, error_answer(code, time(NULL), answer), error, text);
}

/* ---- The file (I-66) ---- */

static void
not_taken(const char *text)
{
    struct kerberos *k = NULL;

    assert_int_equal(kerberos_new(&conf, &k, why), FED_E_CONFIG);
    assert_null(k);
    says(path);
    says(text);
}

static void
test_the_file(void **state)
{
    char link[128];
    (void)state;

    (void)unlink(path);
    not_taken("does not exist");
    FILE *out = fopen(path, "w");
    assert_non_null(out);
    assert_int_equal(fclose(out), 0);
    assert_int_equal(chmod(path, 0600), 0);
    not_taken("empty");
    write_keytab(1);
    assert_int_equal(chmod(path, 0644), 0);
    not_taken("chmod 600");
    assert_int_equal(chmod(path, 0622), 0);
    not_taken("chmod 600");
    (void)snprintf(link, sizeof(link), "%s.real", path);
    assert_int_equal(rename(path, link), 0);
    assert_int_equal(symlink(link, path), 0);
    not_taken("symbolic link");
    assert_int_equal(unlink(path), 0);
    assert_int_equal(unlink(link), 0);
    out = fopen(path, "w");
    assert_non_null(out);
    assert_true(fputs("a password, say\n", out) >= 0);
    assert_int_equal(fclose(out), 0);
    assert_int_equal(chmod(path, 0600), 0);
    not_taken("not a keytab");
    assert_int_equal(unlink(path), 0);
}

/* ---- The answers ---- */

static void
test_refusals_in_plain_words(void **state)
{
    /*
     * They come in the clear, from whoever sits in between. Only the one that counts as a wrong password is the end (FED_E_DENIED);
     * after the others the next controller is asked.
     */
    (void)state;
    write_keytab(3);
    refused_with(UNKNOWN, FED_E_NOT_FOUND, "is no account of the domain: join it again");
    refused_with(PREAUTH_FAILED, FED_E_DENIED, "(version 3)");
    refused_with(PREAUTH_FAILED, FED_E_DENIED, "its password was changed: \"adcli update\"");
    refused_with(REVOKED, FED_E_NOT_FOUND, "is disabled or locked");
    refused_with(KEY_EXPIRED, FED_E_NOT_FOUND, "expired");
    refused_with(ETYPES, FED_E_NOT_FOUND, "msDS-SupportedEncryptionTypes");
    refused_with(60, FED_E_DIRECTORY, "Kerberos: ");
}

/* One controller's word against ours: it is not FED_E_DENIED, which would end the matter for all of them. */
static void
test_clocks_that_differ(void **state)
{
    unsigned char answer[128];
    (void)state;

    write_keytab(3);
    answered(answer, error_answer(SKEW, time(NULL) + 6005, answer), FED_E_CLOCK, "clock is 600");
    says("seconds behind the domain controller's");
    answered(answer, error_answer(SKEW, time(NULL) - 6005, answer), FED_E_CLOCK, "clock is 600");
    says("seconds ahead of the domain controller's");
}

static void
test_answers_that_are_none(void **state)
{
    unsigned char answer[128];
    size_t len = error_answer(UNKNOWN, time(NULL), answer);
    (void)state;

    write_keytab(3);
    answered("", 0, FED_E_DIRECTORY, "the Kerberos service (port ");
    answered("\0\0", 2, FED_E_DIRECTORY, "the Kerberos service (port ");
    answered("\0\0\0\0", 4, FED_E_DIRECTORY, "cannot be one");
    answered("\x80\0\0\1x", 5, FED_E_DIRECTORY, "cannot be one");
    answered("\0\0\0\4junk", 8, FED_E_DIRECTORY, "Kerberos: ");
    answered(answer, len - 1, FED_E_DIRECTORY, "the Kerberos service (port "); /* cut */
    answer[3]--;
    answered(answer, len - 1, FED_E_DIRECTORY, "Kerberos: "); /* cut, and said to be whole */
}

static void
test_nobody_listens(void **state)
{
    struct service s;
    (void)state;

    write_keytab(3);
    struct kerberos *k = identity();
    service_start(&s, NULL, 0);
    service_stop(&s);
    assert_int_equal(take(k, &s.kdc, 5000), FED_E_DIRECTORY);
    says("Connection refused");
    kerberos_free(k);
}

/* One that takes the question and never answers costs what the caller had to spend, however many wait. */
struct waiter {
    struct kerberos *k;
    const struct kdc *kdc;
    int result;
    pthread_t thread;
};

static void *
wait_in_line(void *arg)
{
    struct waiter *w = arg;
    struct kerberos_ticket *ticket = NULL;
    char own_why[WHY_MAX];

    w->result = kerberos_take(
        w->k, "dc1.corp.example.com", w->kdc, clock_mono_ms() + 300, &ticket, own_why);
    return NULL;
}

static void
test_no_answer(void **state)
{
    struct waiter waiters[8];
    struct service s;
    int64_t start = clock_mono_ms();
    (void)state;

    write_keytab(3);
    struct kerberos *k = identity();
    service_start(&s, NULL, 0);
    for (size_t i = 0; i < 8; i++) {
        waiters[i] = (struct waiter){.k = k, .kdc = &s.kdc};
        assert_int_equal(pthread_create(&waiters[i].thread, NULL, wait_in_line, &waiters[i]), 0);
    }
    for (size_t i = 0; i < 8; i++) {
        assert_int_equal(pthread_join(waiters[i].thread, NULL), 0);
        assert_int_equal(waiters[i].result, FED_E_DIRECTORY);
    }
    assert_true(clock_mono_ms() - start < 2000);
    service_stop(&s);
    kerberos_free(k);
}

/* ---- A file that others rewrite ---- */

/* In its place, as adcli does: the next ticket is asked for with the new key, and the file need not be opened for that. */
static void
test_rewritten(void **state)
{
    unsigned char answer[128];
    struct service s;
    (void)state;

    write_keytab(3);
    struct kerberos *k = identity();
    write_keytab(4);
    service_start(&s, answer, error_answer(PREAUTH_FAILED, time(NULL), answer));
    assert_int_equal(take(k, &s.kdc, 5000), FED_E_DENIED);
    says("(version 4)");
    /* Half written: what was read before holds. */
    assert_int_equal(truncate(path, 20), 0);
    assert_int_equal(take(k, &s.kdc, 5000), FED_E_DENIED);
    says("(version 4)");
    /* Open to others by now: no longer trusted. */
    write_keytab(5);
    assert_int_equal(chmod(path, 0666), 0);
    assert_int_equal(take(k, &s.kdc, 5000), FED_E_DENIED);
    says("(version 4)");
    /* Another file of that name: this one will not change any more, and whoever asks is told. */
    assert_int_equal(unlink(path), 0);
    write_keytab(6);
    assert_int_equal(take(k, &s.kdc, 5000), FED_E_DENIED);
    says("was replaced since the start: restart awsfed-bridge");
    service_stop(&s);
    kerberos_free(k);
}

/* I-56: what the environment says of Kerberos changes nothing; here it would lead to files that are not there. */
static void
test_environment(void **state)
{
    static const char *const names[] = {
        "KRB5_CONFIG", "KRB5CCNAME", "KRB5_KTNAME", "KRB5_CLIENT_KTNAME", "KRB5_KDC_PROFILE"};
    unsigned char answer[128];
    char trace[128];
    (void)state;

    (void)snprintf(trace, sizeof(trace), "%s/trace", folder);
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        assert_int_equal(setenv(names[i], "/nonexistent/hostile", 1), 0);
    assert_int_equal(setenv("KRB5_TRACE", trace, 1), 0);
    write_keytab(3);
    answered(answer, error_answer(UNKNOWN, time(NULL), answer), FED_E_NOT_FOUND,
        "\"JUMP$@CORP.EXAMPLE.COM\" is no account");
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        assert_int_equal(unsetenv(names[i]), 0);
    assert_int_equal(unsetenv("KRB5_TRACE"), 0);
    assert_int_equal(access(trace, F_OK), -1);
}

static int
set_up(void **state)
{
    (void)state;
    (void)snprintf(folder, sizeof(folder), "/tmp/awsfed-kerberos-XXXXXX");
    if (mkdtemp(folder) == NULL)
        return -1;
    (void)snprintf(path, sizeof(path), "%s/host.keytab", folder);
    return 0;
}

static int
tear_down(void **state)
{
    (void)state;
    (void)unlink(path);
    return rmdir(folder);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_file),
        cmocka_unit_test(test_refusals_in_plain_words),
        cmocka_unit_test(test_clocks_that_differ),
        cmocka_unit_test(test_answers_that_are_none),
        cmocka_unit_test(test_nobody_listens),
        cmocka_unit_test(test_no_answer),
        cmocka_unit_test(test_rewritten),
        cmocka_unit_test(test_environment),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
