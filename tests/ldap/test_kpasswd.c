/*
 * Changing a password by Kerberos: with MIT's services, with somebody in between who changes what they say, and with services that
 * say what none would. With AD's it is proved in the lab (tests/e2e/test_expired_alone.py).
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ldap/kpasswd.h"

#include "ldap/kpasswd_reply.h"
#include "ldap/why.h"
#include "tests/ldap/kpasswd_relay.h"
#include "tests/ldap/krb5kdc.h"
#include "tests/ldap/one_answer.h"

enum { UNKNOWN = 6, ETYPES = 14, REVOKED = 18, KEY_EXPIRED = 23, PREAUTH_FAILED = 24, SKEW = 37 };

#define OLD "old secret 42"
#define NEW "Br\xc3\xa4nd-new secret 77"

static char text[WHY_MAX], why[WHY_MAX];

static int
change_at(const char *name, const char *old_password, const char *new_password,
    const struct kdc *tickets, const struct kdc *passwords, int ms)
{
    struct fed_secret old = FED_SECRET_INIT(512), new = FED_SECRET_INIT(512);
    struct kpasswd k = {.domain = "corp.example.com",
        .name = name,
        .old_password = &old,
        .new_password = &new,
        .tickets = *tickets,
        .passwords = *passwords};

    assert_int_equal(fed_secret_add_str(&old, old_password), 0);
    assert_int_equal(fed_secret_add_str(&new, new_password), 0);
    why[0] = '\0';
    int r = kpasswd_change(&k, clock_mono_ms() + ms, text, why);
    fed_secret_done(&old);
    fed_secret_done(&new);
    assert_true(r == 0 || why[0] != '\0');
    return r;
}

static int
change(const char *name, const char *old_password, const char *new_password)
{
    return change_at(name, old_password, new_password, &krb5kdc.at, &krb5kdc.passwords, 5000);
}

static void
says(const char *where, const char *what)
{
    if (strstr(where, what) == NULL)
        fail_msg("\"%s\" is not in \"%s\"", what, where);
}

/* Wrong passwords that the service has counted. */
static bool
has_failures(const char *name, unsigned n)
{
    char words[256];

    (void)snprintf(words, sizeof(words),
        "kadmin.local getprinc %s | grep -q 'Failed password attempts: %u$'", name, n);
    return krb5kdc_shell(words) == 0;
}

/* ---- Tickets that are none ---- */

static void
refused_with(unsigned code, time_t stime, int error, const char *in_why)
{
    unsigned char answer[128];
    struct service s;

    service_start(&s, answer, error_answer(code, stime, answer));
    assert_int_equal(change_at("alice", OLD, NEW, &s.kdc, &krb5kdc.passwords, 5000), error);
    says(why, in_why);
    /* I-6: whatever is answered, one request is the one that may prove the password. */
    assert_in_range(s.asked, 1, 2);
    service_stop(&s);
}

static void
a_refused_ticket_is_no_success(void **state)
{
    (void)state;
    refused_with(UNKNOWN, time(NULL), FED_E_DIRECTORY, "no ticket");
    refused_with(REVOKED, time(NULL), FED_E_DIRECTORY, "no ticket");
    refused_with(KEY_EXPIRED, time(NULL), FED_E_DIRECTORY, "no ticket");
    says(text, "this host could not do that");
    refused_with(ETYPES, time(NULL), FED_E_DIRECTORY, "no AES key");
    refused_with(PREAUTH_FAILED, time(NULL), FED_E_DENIED, "not that of \"alice\"");
    refused_with(SKEW, time(NULL) + 6005, FED_E_CLOCK, "seconds behind the domain controller's");
    says(text, "this host could not do that");
}

static void
what_is_no_answer_is_none(void **state)
{
    static const struct {
        const char *bytes;
        size_t len;
    } table[] = {
        {"", 0},
        {"\0\0\0\0", 4},
        {"\x7f\xff\xff\xffx", 5},
        {"\0\0\0\4junk", 8},
        {"\0\0\0\2\x6b\0", 6},
        {"\0\0\0\2\x7e\0", 6},
    };
    (void)state;

    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        struct service s;
        service_start(&s, table[i].bytes, table[i].len);
        assert_int_equal(
            change_at("alice", OLD, NEW, &s.kdc, &krb5kdc.passwords, 5000), FED_E_DIRECTORY);
        says(text, "this host could not do that");
        assert_int_equal(s.asked, 1);
        service_stop(&s);
    }
}

/* KRB-ERROR 25: more is wanted, keys are to be made as these bytes of ETYPE-INFO2 say. */
static size_t
wants_key(const char *info, size_t len, unsigned char ret[256])
{
    size_t sizes[] = {len, len + 2, len + 2 + 2 + 5, 0, 0};
    static const char timestamp[] = "\x30\x09\xa1\x03\x02\x01\x02\xa2\x02\x04";
    unsigned char plain[128];
    size_t n = error_answer(25, time(NULL), plain);

    /* SEQUENCE OF { { [1] 19, [2] OCTETS of info }, { [1] 2, [2] OCTETS of nothing } } in OCTETS in [12] */
    sizes[3] = sizes[2] + 2 + sizeof(timestamp);
    sizes[4] = sizes[3] + 2;
    memcpy(ret, plain, n);
    unsigned char *p = ret + n;
    *p++ = 0xac, *p++ = (unsigned char)(sizes[4] + 2);
    *p++ = 0x04, *p++ = (unsigned char)sizes[4];
    *p++ = 0x30, *p++ = (unsigned char)sizes[3];
    *p++ = 0x30, *p++ = (unsigned char)sizes[2];
    memcpy(p, "\xa1\x03\x02\x01\x13", 5);
    p += 5;
    *p++ = 0xa2, *p++ = (unsigned char)sizes[1];
    *p++ = 0x04, *p++ = (unsigned char)sizes[0];
    memcpy(p, info, len);
    p += len;
    memcpy(p, timestamp, sizeof(timestamp)); /* its last byte is the length of nothing */
    p += sizeof(timestamp);
    size_t all = (size_t)(p - ret) - 4;
    /* The two lengths in front of error_answer's fields, in their long form. */
    memmove(ret + 4 + 6, ret + 8, all - 4);
    memcpy(ret + 4, "\x7e\x81", 2);
    ret[6] = (unsigned char)(all - 4 + 3);
    memcpy(ret + 7, "\x30\x81", 2);
    ret[9] = (unsigned char)(all - 4);
    all += 2;
    memcpy(ret, "\0\0\0", 3);
    ret[3] = (unsigned char)all;
    return all + 4;
}

/* A forged wish for a weak key, or for one that takes minutes to make, is not fulfilled: nothing made of the password is sent. */
static void
no_key_is_made_as_nobody_should(void **state)
{
    static const struct {
        const char *info, *in_why;
        size_t len;
    } table[] = {
        /* rc4-hmac alone; des-cbc-md5 alone */
        {"\x30\x07\x30\x05\xa0\x03\x02\x01\x17", "", 9},
        {"\x30\x07\x30\x05\xa0\x03\x02\x01\x03", "", 9},
        /* aes256 of one round; of sixteen million */
        {"\x30\x0f\x30\x0d\xa0\x03\x02\x01\x12\xa2\x06\x04\x04\0\0\0\1", "as no domain", 17},
        {"\x30\x0f\x30\x0d\xa0\x03\x02\x01\x12\xa2\x06\x04\x04\0\xff\xff\xff", "as no domain", 17},
    };
    unsigned char answer[256];
    (void)state;

    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        struct service s;
        int64_t start = clock_mono_ms();
        service_start(&s, answer, wants_key(table[i].info, table[i].len, answer));
        assert_int_equal(
            change_at("alice", OLD, NEW, &s.kdc, &krb5kdc.passwords, 5000), FED_E_DIRECTORY);
        says(why, table[i].in_why);
        assert_int_equal(s.asked, 1);
        assert_true(clock_mono_ms() - start < 2000);
        service_stop(&s);
    }
    /* And so it can be told from what is right: by the second request. */
    struct service s;
    service_start(&s, answer,
        wants_key("\x30\x0f\x30\x0d\xa0\x03\x02\x01\x12\xa2\x06\x04\x04\0\0\x10\0", 17, answer));
    assert_int_not_equal(change_at("alice", OLD, NEW, &s.kdc, &krb5kdc.passwords, 5000), 0);
    assert_int_equal(s.asked, 2);
    service_stop(&s);
}

static void
no_service_and_no_answer(void **state)
{
    struct service mute, gone;
    int64_t start = clock_mono_ms();
    (void)state;

    service_start(&mute, NULL, 0);
    service_start(&gone, NULL, 0);
    service_stop(&gone);
    assert_int_equal(change_at("alice", OLD, NEW, &mute.kdc, &gone.kdc, 300), FED_E_DIRECTORY);
    says(why, "no answer in time");
    assert_true(clock_mono_ms() - start < 2000);
    assert_int_equal(change_at("alice", OLD, NEW, &gone.kdc, &mute.kdc, 5000), FED_E_DIRECTORY);
    says(why, "Connection refused");
    /* Tickets are to be had, and nobody changes passwords: it is known that nothing was. */
    assert_int_equal(change_at("alice", OLD, NEW, &krb5kdc.at, &gone.kdc, 5000), FED_E_DIRECTORY);
    says(text, "this host could not do that");
    assert_int_equal(change_at("alice", OLD, NEW, &krb5kdc.at, &mute.kdc, 1000), FED_E_DIRECTORY);
    says(text, "did not say whether your password was changed");
    service_stop(&mute);
}

/* I-6: one count for one wrong password; nothing comes to who changes passwords. */
static void
a_wrong_password_is_counted_once(void **state)
{
    struct service s;
    (void)state;

    service_start(&s, "", 0);
    assert_true(has_failures("wanda", 0));
    assert_int_equal(
        change_at("wanda", "not the one", NEW, &krb5kdc.at, &s.kdc, 5000), FED_E_DENIED);
    says(text,
        "this host could not do that"); /* it was proved to be right before: the name is at fault */
    assert_true(has_failures("wanda", 1));
    assert_int_equal(s.asked, 0);
    service_stop(&s);
}

static void
an_account_without_aes(void **state)
{
    (void)state;
    assert_int_equal(change("rick", OLD, NEW), FED_E_DIRECTORY);
    says(why, "no AES key");
}

/* ---- Somebody in between ---- */

static int
change_through(struct relay *relay, const char *old_password, const char *new_password)
{
    assert_int_equal(pthread_create(&relay->thread, NULL, relay_pass_on, relay), 0);
    int r = change_at("tom", old_password, new_password, &krb5kdc.at, &relay->kdc, 5000);
    assert_int_equal(pthread_join(relay->thread, NULL), 0);
    return r;
}

/* What was not written for this very request by who knows its key is no success, whatever it says; nor is it said that all is as it was. */
static void
a_forged_answer_is_no_success(void **state)
{
    char passwords[2][32] = {OLD};
    struct relay relay;
    (void)state;

    relay_open(&relay);
    /* What is passed on as it is, is taken; and kept for later. */
    (void)snprintf(passwords[1], sizeof(passwords[1]), "tampered secret");
    assert_int_equal(change_through(&relay, passwords[0], passwords[1]), 0);
    for (int manner = FLIP_FIRST; manner <= CUT; manner++) {
        memcpy(passwords[0], passwords[1], sizeof(passwords[0]));
        (void)snprintf(passwords[1], sizeof(passwords[1]), "tampered secret %d", manner);
        relay.manner = (enum manner)manner;
        int r = change_through(&relay, passwords[0], passwords[1]);
        if (r != FED_E_DIRECTORY)
            fail_msg("manner %d: %s: %s", manner, fed_error_name(r), why);
        says(text, "did not say whether your password was changed");
    }
    (void)close(relay.fd);
}

/* ---- Changes ---- */

static void
what_the_rules_refuse(void **state)
{
    (void)state;
    assert_int_equal(change("alice", OLD, "short"), FED_E_PASSWORD_REFUSED);
    says(text, "too short");
    assert_int_equal(change("alice", OLD, OLD), FED_E_PASSWORD_REFUSED);
    assert_true(text[0] != '\0');
}

/* An expired password and one that has to be changed; afterwards the new one is it, byte for byte. */
static void
an_expired_password_is_changed(void **state)
{
    (void)state;
    assert_int_equal(change("alice", OLD, NEW), 0);
    assert_string_equal(text, "");
    assert_int_equal(change("alice", OLD, "Another one 78"), FED_E_DENIED);
    assert_int_equal(change("alice", NEW, "Another one 78"), 0);
    assert_int_equal(change("erna", OLD, NEW), 0);
    assert_true(has_failures("erna", 0));
}

/* The heap of this process, as it lies there. */
static bool
heap_has(const char *head, const char *tail)
{
    char line[256], needle[64];
    FILE *maps = fopen("/proc/self/maps", "r");
    bool found = false;

    assert_non_null(maps);
    while (fgets(line, sizeof(line), maps) != NULL) {
        char *end;
        if (strstr(line, "[heap]") == NULL)
            continue;
        const char *from = (const char *)(uintptr_t)strtoull(line, &end, 16);
        const char *to = (const char *)(uintptr_t)strtoull(end + 1, NULL, 16);
        size_t n = (size_t)snprintf(needle, sizeof(needle), "%s%s", head, tail);
        found = found || memmem(from, (size_t)(to - from), needle, n) != NULL;
        explicit_bzero(needle, sizeof(needle));
    }
    (void)fclose(maps);
    return found;
}

/* I-57: neither password lies about afterwards, in what libkrb5 freed either. */
static void
nothing_is_left_of_the_passwords(void **state)
{
    char *canary = strdup("canary of a heap");
    (void)state;

    assert_non_null(canary);
    /* Under the sanitizers and valgrind the heap is none of the system's. */
    if (!heap_has("canary of", " a heap")) {
        free(canary);
        skip();
    }
    assert_int_equal(change("heap", "Left-behind-old 1", "Left-behind-new 2"), 0);
    assert_false(heap_has("Left-behind", "-old 1"));
    assert_false(heap_has("Left-behind", "-new 2"));
    free(canary);
}

static int
set_up(void **state)
{
    (void)state;
    if (krb5kdc_make(
            "kadmin.local addpol -minlength 8 -history 2 strict && "
            "for n in alice tom wanda heap; do kadmin.local addprinc -pw '" OLD
            "' -policy strict +requires_preauth +needchange $n || exit 1; done && "
            "kadmin.local addprinc -pw '" OLD "' +requires_preauth -pwexpire yesterday erna && "
            "kadmin.local cpw -pw 'Left-behind-old 1' heap && "
            "kadmin.local modprinc -policy default heap; "
            "kadmin.local addprinc -e arcfour-hmac:normal -pw '" OLD
            "' +requires_preauth rick") != 0)
        return -1;
    if (setenv("KRB5_CONFIG", "/dev/null", 1) != 0)
        return -1;
    krb5kdc_start();
    krb5kdc_start_passwords();
    return 0;
}

static int
tear_down(void **state)
{
    (void)state;
    return krb5kdc_tear_down();
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_refused_ticket_is_no_success),
        cmocka_unit_test(what_is_no_answer_is_none),
        cmocka_unit_test(no_key_is_made_as_nobody_should),
        cmocka_unit_test(no_service_and_no_answer),
        cmocka_unit_test(a_wrong_password_is_counted_once),
        cmocka_unit_test(an_account_without_aes),
        cmocka_unit_test(a_forged_answer_is_no_success),
        cmocka_unit_test(what_the_rules_refuse),
        cmocka_unit_test(an_expired_password_is_changed),
        cmocka_unit_test(nothing_is_left_of_the_passwords),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
