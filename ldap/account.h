/*
 * What an entry of AD says about its person's standing: may this account log in at all?
 * Pure functions on values that were read; no network. Any thread.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef LDAP_ACCOUNT_H
#define LDAP_ACCOUNT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "ldap/sid.h"

/* AD's sub-code of a refused bind, "… data 52e, …" in the diagnostic message (I-11). */
enum addata {
    ADDATA_NONE = 0, /* no code, or one we do not know */
    ADDATA_NO_SUCH_USER = 0x525,
    ADDATA_BAD_PASSWORD = 0x52e,
    ADDATA_RESTRICTION = 0x52f,
    ADDATA_HOURS = 0x530,
    ADDATA_WORKSTATION = 0x531,
    ADDATA_PASSWORD_EXPIRED = 0x532,
    ADDATA_DISABLED = 0x533,
    ADDATA_TOO_MANY_SIDS = 0x568,
    ADDATA_ACCOUNT_EXPIRED = 0x701,
    ADDATA_MUST_CHANGE = 0x773,
    ADDATA_LOCKED = 0x775,
};

/* Find the sub-code in a diagnostic message of len bytes (no NUL needed); any bytes are safe. */
enum addata addata_parse(const char *diagnostic, size_t len);

/*
 * The code as one of our errors, FED_E_DENIED for what must look like a wrong password (525, 52e, 775,
 * unknown; I-12). FED_E_PASSWORD_EXPIRED for 532 and 773: AD says those only to the right password.
 */
int addata_error(enum addata code);

enum {
    ACCOUNT_HOURS_SIZE = 21,          /* logonHours: a bit an hour, from Sunday 00:00 UTC on */
    ACCOUNT_WORKSTATIONS_SIZE = 1088, /* userWorkstations: AD allows 1,024 characters */
    ACCOUNT_WARNING_DAYS = 7,
};

/* Unix seconds as 100 ns since 1601, kept within its range. */
int64_t account_nt_time(int64_t unix_s);

/* The state as read in one base search; NT times are 100 ns since 1601, as in AD. */
struct account {
    bool has_control, has_expires, has_sid; /* was the attribute there (I-15) */
    uint32_t control;                       /* userAccountControl */
    uint32_t computed;                      /* msDS-User-Account-Control-Computed, 0 when absent */
    int64_t expires_nt;                     /* accountExpires; 0 and INT64_MAX = never */
    int64_t password_expires_nt; /* msDS-UserPasswordExpiryTimeComputed; INT64_MAX = never */
    int64_t password_set_nt;     /* pwdLastSet; 0 = must change */
    struct sid sid;
    bool has_hours;
    uint8_t hours[ACCOUNT_HOURS_SIZE];
    char workstations[ACCOUNT_WORKSTATIONS_SIZE]; /* names with commas between; "" = any */
};

/*
 * May the account log in at now_s (Unix seconds)? 0, FED_E_DISABLED, FED_E_EXPIRED, FED_E_DIRECTORY_LOCKED,
 * FED_E_PASSWORD_EXPIRED, or FED_E_RESTRICTED (an attribute that must be there is not; smart card
 * required; not a normal user account; not an hour of logonHours). Checked in this order: missing, type, disabled,
 * expired, hours, locked, password.
 */
FED_MUST_USE int account_check(const struct account *account, int64_t now_s);

/*
 * May the account log in on this host? userWorkstations has NetBIOS names, so the first label of host's name
 * is compared, without regard to case, and only as much of it as a NetBIOS name has room for. 0 or FED_E_RESTRICTED.
 */
FED_MUST_USE int account_check_host(const struct account *account, const char *host);

/*
 * Whole days until the password expires (0 = today), -1 when that is more than ACCOUNT_WARNING_DAYS away, was
 * already, or never is.
 */
int account_password_days(const struct account *account, int64_t now_s);

#endif
