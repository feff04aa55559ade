/*
 * AD's reason for refusing a bind, taken out of its diagnostic message and made one of our errors.
 * One table: a code that is not in it is a wrong password to everybody.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ldap/account.h"

#include <string.h>

/*
 * 525, 52e and 775 must not be told apart by the person (I-12): the first two tell strangers who
 * exists, and 775 comes whether or not the password was right. AD says the others only to
 * the right password.
 */
static const struct {
    enum addata code;
    int error;
} codes[] = {
    {ADDATA_NO_SUCH_USER, FED_E_DENIED},
    {ADDATA_BAD_PASSWORD, FED_E_DENIED},
    {ADDATA_RESTRICTION, FED_E_RESTRICTED},
    {ADDATA_HOURS, FED_E_RESTRICTED},
    {ADDATA_WORKSTATION, FED_E_RESTRICTED},
    {ADDATA_PASSWORD_EXPIRED, FED_E_PASSWORD_EXPIRED},
    {ADDATA_DISABLED, FED_E_DISABLED},
    {ADDATA_TOO_MANY_SIDS, FED_E_RESTRICTED},
    {ADDATA_ACCOUNT_EXPIRED, FED_E_EXPIRED},
    {ADDATA_MUST_CHANGE, FED_E_PASSWORD_EXPIRED},
    {ADDATA_LOCKED, FED_E_DENIED},
};

static int
hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

/*
 * "80090308: LdapErr: DSID-0C09041C, comment: AcceptSecurityContext error, data 52e, v4563", with a
 * NUL after it from some servers.
 */
enum addata
addata_parse(const char *diagnostic, size_t len)
{
    static const char mark[] = ", data ";
    const size_t mark_len = sizeof(mark) - 1;
    const char *end, *p;
    unsigned value = 0;
    size_t digits = 0;

    if (diagnostic == NULL)
        return ADDATA_NONE;
    p = memmem(diagnostic, len, mark, mark_len);
    if (p == NULL)
        return ADDATA_NONE;
    end = diagnostic + len;
    for (p += mark_len; p < end && digits < 4 && hex_digit(*p) >= 0; p++, digits++)
        value = value << 4 | (unsigned)hex_digit(*p);
    if (digits == 0 || (p < end && *p != ',' && *p != '\0'))
        return ADDATA_NONE;
    for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++)
        if ((unsigned)codes[i].code == value)
            return codes[i].code;
    return ADDATA_NONE;
}

int
addata_error(enum addata code)
{
    for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++)
        if (codes[i].code == code)
            return codes[i].error;
    return FED_E_DENIED;
}
