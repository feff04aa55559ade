/*
 * Standing of accounts and reasons of refusal, by tables.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "ldap/account.h"

#define NOW_S 1800000000 /* 2027 */
#define NT(s) (((int64_t)(s) + 11644473600) * 10000000)

static const struct account good = {
    .has_control = true,
    .has_expires = true,
    .has_sid = true,
    .control = 0x200,
    .expires_nt = INT64_MAX,
    .password_expires_nt = INT64_MAX,
    .password_set_nt = NT(NOW_S - 86400),
};

/* I-15 */
static void
a_missing_attribute_denies(void **state)
{
    struct account account = good;
    (void)state;

    assert_int_equal(account_check(&account, NOW_S), 0);
    account.has_control = false;
    assert_int_equal(account_check(&account, NOW_S), FED_E_RESTRICTED);
    account = good;
    account.has_expires = false;
    assert_int_equal(account_check(&account, NOW_S), FED_E_RESTRICTED);
    account = good;
    account.has_sid = false;
    assert_int_equal(account_check(&account, NOW_S), FED_E_RESTRICTED);
    account = (struct account){0};
    assert_int_equal(account_check(&account, NOW_S), FED_E_RESTRICTED);
}

/* Friday 15 January 2027, 08:00 UTC, is hour 128 of a week that begins on Sunday. */
static void
logon_hours_are_utc_from_sunday_on(void **state)
{
    struct account account = good;
    (void)state;

    account.has_hours = true;
    assert_int_equal(account_check(&account, NOW_S), FED_E_RESTRICTED);
    account.hours[16] = 1;
    assert_int_equal(account_check(&account, NOW_S), 0);
    assert_int_equal(account_check(&account, NOW_S + 3599), 0);
    assert_int_equal(account_check(&account, NOW_S + 3600), FED_E_RESTRICTED);
    assert_int_equal(account_check(&account, NOW_S - 1), FED_E_RESTRICTED);
    assert_int_equal(account_check(&account, NOW_S + 7 * 86400), 0);
    memset(account.hours, 0xff, sizeof(account.hours));
    account.hours[16] = 0xfe;
    assert_int_equal(account_check(&account, NOW_S), FED_E_RESTRICTED);
    assert_int_equal(account_check(&account, -1), FED_E_RESTRICTED);
}

static void
workstations_are_this_host_or_not(void **state)
{
    static const struct {
        const char *workstations, *host;
        int error;
    } table[] = {
        {"", "jump.corp.example.com", 0},
        {"", "", 0},
        {"JUMP", "jump.corp.example.com", 0},
        {"PC1,jump", "JUMP", 0},
        {"PC1, JUMP", "jump", 0},
        {"PC1", "jump", FED_E_RESTRICTED},
        {"JUMP2,JUM", "jump", FED_E_RESTRICTED},
        {",", "jump", FED_E_RESTRICTED},
        {"JUMP", "", FED_E_RESTRICTED},
        {"JUMPHOSTOFBERLI", "jumphostofberlin.corp.example.com", 0},
        {"JUMPHOSTOFBERLIN", "jumphostofberlin", FED_E_RESTRICTED},
    };
    struct account account = good;
    (void)state;

    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        (void)snprintf(
            account.workstations, sizeof(account.workstations), "%s", table[i].workstations);
        if (account_check_host(&account, table[i].host) != table[i].error)
            fail_msg("row %zu", i);
    }
}

static void
expiry_is_told_a_week_ahead(void **state)
{
    struct account account = good;
    (void)state;

    assert_int_equal(account_password_days(&account, NOW_S), -1);
    account.password_expires_nt = NT(NOW_S + 7 * 86400);
    assert_int_equal(account_password_days(&account, NOW_S), -1);
    account.password_expires_nt = NT(NOW_S + 7 * 86400 - 1);
    assert_int_equal(account_password_days(&account, NOW_S), 6);
    account.password_expires_nt = NT(NOW_S + 1);
    assert_int_equal(account_password_days(&account, NOW_S), 0);
    account.control |= 0x10000;
    assert_int_equal(account_password_days(&account, NOW_S), -1);
    account.control = good.control;
    account.password_expires_nt = NT(NOW_S);
    assert_int_equal(account_password_days(&account, NOW_S), -1);
    account.password_expires_nt = INT64_MIN;
    assert_int_equal(account_password_days(&account, NOW_S), -1);
}

static void
each_state_has_its_error(void **state)
{
    static const struct {
        uint32_t control, computed;
        int64_t expires_nt, password_expires_nt, password_set_nt;
        int error;
    } table[] = {
        {0x200, 0, INT64_MAX, INT64_MAX, 1, 0},
        {0x200, 0, 0, INT64_MAX, 1, 0},
        {0x202, 0, INT64_MAX, INT64_MAX, 1, FED_E_DISABLED},
        {0x1000, 0, INT64_MAX, INT64_MAX, 1, FED_E_RESTRICTED}, /* a workstation's account */
        {0x2000, 0, INT64_MAX, INT64_MAX, 1, FED_E_RESTRICTED},
        {0x1200, 0, INT64_MAX, INT64_MAX, 1, FED_E_RESTRICTED},
        {0, 0, INT64_MAX, INT64_MAX, 1, FED_E_RESTRICTED},
        {0x40200, 0, INT64_MAX, INT64_MAX, 1, FED_E_RESTRICTED}, /* smart card required */
        {0x200, 0, NT(NOW_S), INT64_MAX, 1, FED_E_EXPIRED},
        {0x200, 0, NT(NOW_S) + 1, INT64_MAX, 1, 0},
        {0x200, 0, 1, INT64_MAX, 1, FED_E_EXPIRED},
        {0x200, 0, -1, INT64_MAX, 1, FED_E_EXPIRED},
        {0x200, 0x10, INT64_MAX, INT64_MAX, 1, FED_E_DIRECTORY_LOCKED},
        {0x210, 0, INT64_MAX, INT64_MAX, 1, FED_E_DIRECTORY_LOCKED},
        {0x200, 0x800000, INT64_MAX, INT64_MAX, 1, FED_E_PASSWORD_EXPIRED},
        {0x10200, 0x800000, INT64_MAX, INT64_MAX, 1, FED_E_PASSWORD_EXPIRED},
        {0x200, 0, INT64_MAX, INT64_MAX, 0, FED_E_PASSWORD_EXPIRED}, /* must change */
        {0x200, 0, INT64_MAX, NT(NOW_S), 1, FED_E_PASSWORD_EXPIRED},
        {0x200, 0, INT64_MAX, NT(NOW_S) + 1, 1, 0},
        {0x200, 0, INT64_MAX, 0, 1, FED_E_PASSWORD_EXPIRED},
        {0x10200, 0, INT64_MAX, 0, 0, 0}, /* the password never expires */
        /* Of several reasons the first in the header's order. */
        {0x202, 0x800010, 1, 0, 0, FED_E_DISABLED},
        {0x200, 0x800010, 1, 0, 0, FED_E_EXPIRED},
        {0x200, 0x800010, 0, 0, 0, FED_E_DIRECTORY_LOCKED},
        {0x40202, 0x800010, 1, 0, 0, FED_E_RESTRICTED},
    };
    (void)state;

    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        struct account account = good;
        account.control = table[i].control;
        account.computed = table[i].computed;
        account.expires_nt = table[i].expires_nt;
        account.password_expires_nt = table[i].password_expires_nt;
        account.password_set_nt = table[i].password_set_nt;
        if (account_check(&account, NOW_S) != table[i].error)
            fail_msg("row %zu: %s", i, fed_error_name(account_check(&account, NOW_S)));
    }
}

static void
a_mad_clock_does_not_overflow(void **state)
{
    struct account account = good;
    (void)state;

    account.expires_nt = INT64_MAX - 1;
    assert_int_equal(account_check(&account, INT64_MAX), FED_E_EXPIRED);
    assert_int_equal(account_check(&account, INT64_MIN), 0);
    assert_int_equal(account_check(&good, INT64_MAX), 0);
}

/* I-11, I-12 */
static void
each_data_code_has_its_error(void **state)
{
    static const struct {
        const char *text;
        enum addata code;
        int error;
    } table[] = {
        {"525", ADDATA_NO_SUCH_USER, FED_E_DENIED},
        {"52e", ADDATA_BAD_PASSWORD, FED_E_DENIED},
        {"52E", ADDATA_BAD_PASSWORD, FED_E_DENIED},
        {"52f", ADDATA_RESTRICTION, FED_E_RESTRICTED},
        {"530", ADDATA_HOURS, FED_E_RESTRICTED},
        {"531", ADDATA_WORKSTATION, FED_E_RESTRICTED},
        {"532", ADDATA_PASSWORD_EXPIRED, FED_E_PASSWORD_EXPIRED},
        {"533", ADDATA_DISABLED, FED_E_DISABLED},
        {"568", ADDATA_TOO_MANY_SIDS, FED_E_RESTRICTED},
        {"701", ADDATA_ACCOUNT_EXPIRED, FED_E_EXPIRED},
        {"773", ADDATA_MUST_CHANGE, FED_E_PASSWORD_EXPIRED},
        {"775", ADDATA_LOCKED, FED_E_DENIED},
        {"0", ADDATA_NONE, FED_E_DENIED},
        {"534", ADDATA_NONE, FED_E_DENIED},
        {"57", ADDATA_NONE, FED_E_DENIED},
        {"5330", ADDATA_NONE, FED_E_DENIED},
        {"00533", ADDATA_NONE, FED_E_DENIED},
        {"533x", ADDATA_NONE, FED_E_DENIED},
        {"-533", ADDATA_NONE, FED_E_DENIED},
        {"", ADDATA_NONE, FED_E_DENIED},
    };
    char text[256];
    (void)state;

    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        enum addata code;
        int n = snprintf(text, sizeof(text),
            "80090308: LdapErr: DSID-0C09041C, comment: AcceptSecurityContext error, data %s, "
            "v4563",
            table[i].text);
        code = addata_parse(text, (size_t)n);
        if (code != table[i].code || addata_error(code) != table[i].error)
            fail_msg("%s: %x", text, (unsigned)code);
    }
    assert_int_equal(addata_error((enum addata)0x999), FED_E_DENIED);
}

static void
any_diagnostic_is_safe(void **state)
{
    static const char whole[] = "x, data 533, v";
    (void)state;

    assert_int_equal(addata_parse(NULL, 0), ADDATA_NONE);
    assert_int_equal(addata_parse("", 0), ADDATA_NONE);
    /* Cut anywhere: only with all its digits, and then nothing or a comma, is it the code. */
    for (size_t len = 0; len < sizeof(whole) - 1; len++)
        assert_int_equal(addata_parse(whole, len), len < 11 ? ADDATA_NONE : ADDATA_DISABLED);
    assert_int_equal(addata_parse(", data 533\0zzz", 14), ADDATA_DISABLED);
    assert_int_equal(addata_parse("a\0, data 533, b", 15), ADDATA_DISABLED);
    assert_int_equal(addata_parse("userdata 533,", 13), ADDATA_NONE);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_missing_attribute_denies),
        cmocka_unit_test(logon_hours_are_utc_from_sunday_on),
        cmocka_unit_test(workstations_are_this_host_or_not),
        cmocka_unit_test(expiry_is_told_a_week_ahead),
        cmocka_unit_test(each_state_has_its_error),
        cmocka_unit_test(a_mad_clock_does_not_overflow),
        cmocka_unit_test(each_data_code_has_its_error),
        cmocka_unit_test(any_diagnostic_is_safe),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
