/*
 * AD's sub-codes of a refused bind and the PAM codes they become (I-11): the table of pam_awsfed(8) is what the
 * code says, line by line.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ldap/account.h"
#include "pam_awsfed/verdict.c"

static const struct {
    enum addata code;
    const char *meaning;
} codes[] = {
    {ADDATA_NO_SUCH_USER, "no such user"},
    {ADDATA_BAD_PASSWORD, "wrong password"},
    {ADDATA_RESTRICTION, "account restriction"},
    {ADDATA_HOURS, "not at this hour"},
    {ADDATA_WORKSTATION, "not from this host"},
    {ADDATA_PASSWORD_EXPIRED, "password expired"},
    {ADDATA_DISABLED, "account disabled"},
    {ADDATA_TOO_MANY_SIDS, "too many groups"},
    {ADDATA_ACCOUNT_EXPIRED, "account expired"},
    {ADDATA_MUST_CHANGE, "password must change"},
    {ADDATA_LOCKED, "account locked"},
    {ADDATA_NONE, "anything else"},
};

static const char *
pam_name(int code)
{
    switch (code) {
    case PAM_SUCCESS:
        return "PAM_SUCCESS";
    case PAM_AUTH_ERR:
        return "PAM_AUTH_ERR";
    case PAM_PERM_DENIED:
        return "PAM_PERM_DENIED";
    case PAM_NEW_AUTHTOK_REQD:
        return "PAM_NEW_AUTHTOK_REQD";
    case PAM_AUTHTOK_ERR:
        return "PAM_AUTHTOK_ERR";
    default:
        fail_msg("a PAM code that the table has no name for: %d", code);
        return "";
    }
}

/*
 * One line. A right password that has expired passes the first phase, with the second factor, and the account phase
 * asks for another (I-13); after any other code there is no account phase.
 */
static void
write_line(size_t i, char *to, size_t size)
{
    int error = addata_error(codes[i].code);
    bool expired = error == FED_E_PASSWORD_EXPIRED;
    char number[16] = "-";

    if (codes[i].code != ADDATA_NONE)
        (void)snprintf(number, sizeof(number), "%x", (unsigned)codes[i].code);
    (void)snprintf(to, size, "%-4s %-20s %-15s %-20s %s\n", number, codes[i].meaning,
        pam_name(expired ? PAM_SUCCESS : verdict_code(VERDICT_AUTH, error)),
        expired ? pam_name(verdict_code(VERDICT_ACCOUNT, error)) : "-",
        pam_name(verdict_code(VERDICT_PASSWORD, error)));
}

/* I-11 */
static void
the_manual_has_the_table(void **state)
{
    static char page[65536], table[4096];
    FILE *file = fopen("conf/man/pam_awsfed.8", "r");
    size_t n;
    (void)state;

    assert_non_null(file);
    n = fread(page, 1, sizeof(page) - 1, file);
    page[n] = '\0';
    assert_int_equal(fclose(file), 0);
    for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++)
        write_line(i, table + strlen(table), sizeof(table) - strlen(table));
    if (strstr(page, table) == NULL)
        fail_msg("pam_awsfed(8) should have:\n%s", table);
}

/* I-12: who does not exist, who is locked, and whose password is wrong are the same to whoever asks. */
static void
three_codes_look_alike(void **state)
{
    (void)state;

    assert_int_equal(addata_error(ADDATA_NO_SUCH_USER), addata_error(ADDATA_BAD_PASSWORD));
    assert_int_equal(addata_error(ADDATA_LOCKED), addata_error(ADDATA_BAD_PASSWORD));
    assert_int_equal(addata_error(ADDATA_NONE), FED_E_DENIED);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_manual_has_the_table),
        cmocka_unit_test(three_codes_look_alike),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
