/*
 * The standing of an account from its attributes, MS-ADTS 2.2.16 (userAccountControl bits) and
 * 3.1.1.4.5 (the computed ones). What is missing denies.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ldap/account.h"

#include <string.h>
#include <strings.h>

enum {
    UF_DISABLED = 0x2,
    UF_LOCKOUT = 0x10,
    UF_NORMAL = 0x200,
    UF_TRUSTS = 0x800 | 0x1000 | 0x2000, /* of a domain, a workstation, a domain controller */
    UF_PASSWORD_NEVER_EXPIRES = 0x10000,
    UF_SMARTCARD = 0x40000,
    UF_PASSWORD_EXPIRED = 0x800000,
};

#define NEVER_NT       INT64_MAX
#define EPOCH_GAP_S    INT64_C(11644473600) /* 1601 to 1970 */
#define NT_PER_S       INT64_C(10000000)
#define LAST_NT_UNIX_S (INT64_MAX / NT_PER_S - EPOCH_GAP_S)

/* Clocks past NT's range are treated as its end: then everything that can expire has. */
int64_t
account_nt_time(int64_t unix_s)
{
    if (unix_s > LAST_NT_UNIX_S)
        return NEVER_NT - 1;
    if (unix_s < -EPOCH_GAP_S)
        return 0;
    return (unix_s + EPOCH_GAP_S) * NT_PER_S;
}

static bool
password_expired(const struct account *account, int64_t now_nt)
{
    if ((account->computed & UF_PASSWORD_EXPIRED) != 0)
        return true;
    if ((account->control & UF_PASSWORD_NEVER_EXPIRES) != 0)
        return false;
    return account->password_set_nt == 0 || account->password_expires_nt <= now_nt;
}

/* The week of logonHours begins on Sunday; Unix time on a Thursday. A clock before 1970 is in no hour. */
static bool
in_hours(const struct account *account, int64_t now_s)
{
    int64_t hour;

    if (!account->has_hours)
        return true;
    if (now_s < 0)
        return false;
    hour = (now_s / 3600 + 4 * 24) % (7 * 24);
    return (account->hours[hour / 8] >> (hour % 8) & 1) != 0;
}

int
account_check(const struct account *account, int64_t now_s)
{
    int64_t now_nt = account_nt_time(now_s);

    if (!account->has_control || !account->has_expires || !account->has_sid)
        return FED_E_RESTRICTED;
    if ((account->control & UF_NORMAL) == 0 || (account->control & UF_TRUSTS) != 0 ||
        (account->control & UF_SMARTCARD) != 0)
        return FED_E_RESTRICTED;
    if ((account->control & UF_DISABLED) != 0)
        return FED_E_DISABLED;
    if (account->expires_nt != 0 && account->expires_nt <= now_nt)
        return FED_E_EXPIRED;
    if (!in_hours(account, now_s))
        return FED_E_RESTRICTED;
    if (((account->control | account->computed) & UF_LOCKOUT) != 0)
        return FED_E_DIRECTORY_LOCKED;
    if (password_expired(account, now_nt))
        return FED_E_PASSWORD_EXPIRED;
    return 0;
}

int
account_check_host(const struct account *account, const char *host)
{
    enum { NETBIOS_MAX = 15 };
    size_t len = strcspn(host, ".");

    if (account->workstations[0] == '\0')
        return 0;
    if (len > NETBIOS_MAX)
        len = NETBIOS_MAX;
    for (const char *p = account->workstations; len > 0;) {
        size_t n;
        p += strspn(p, ", ");
        n = strcspn(p, ", ");
        if (n == 0)
            break;
        if (n == len && strncasecmp(p, host, n) == 0)
            return 0;
        p += n;
    }
    return FED_E_RESTRICTED;
}

int
account_password_days(const struct account *account, int64_t now_s)
{
    const int64_t day_nt = NT_PER_S * 86400;
    int64_t now_nt = account_nt_time(now_s), end_nt = account->password_expires_nt;

    if ((account->control & UF_PASSWORD_NEVER_EXPIRES) != 0 || end_nt == NEVER_NT ||
        end_nt <= now_nt || (end_nt - now_nt) / day_nt >= ACCOUNT_WARNING_DAYS)
        return -1;
    return (int)((end_nt - now_nt) / day_nt);
}
