/*
 * The table of PAM codes. The bridge tells why an account may not log in only where the directory
 * proved the password (I-12), so the module may pass that on; all else looks like a wrong password.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "pam_awsfed/verdict.h"

#include <stddef.h>

#include <security/_pam_types.h>

#include "base/err.h"

static const struct verdict_row {
    int error;
    int codes[4]; /* by enum verdict_phase */
} rows[] = {
    /*                        authenticate     acct_mgmt             session           chauthtok */
    {FED_OK, {PAM_SUCCESS, PAM_SUCCESS, PAM_SUCCESS, PAM_SUCCESS}},
    /* Try later: not "wrong", and the application need not go on asking (I-38). */
    {FED_E_LOCKED, {PAM_MAXTRIES, PAM_PERM_DENIED, PAM_SESSION_ERR, PAM_AUTHTOK_ERR}},
    /* A person of this host and not of the directory: "user_unknown=ignore" passes them on. */
    {FED_E_LOCAL_USER, {PAM_USER_UNKNOWN, PAM_USER_UNKNOWN, PAM_USER_UNKNOWN, PAM_USER_UNKNOWN}},
    /* At authentication an unknown user looks like a wrong password (I-35). */
    {FED_E_UNKNOWN_USER, {PAM_AUTH_ERR, PAM_USER_UNKNOWN, PAM_USER_UNKNOWN, PAM_USER_UNKNOWN}},
    {FED_E_NAME, {PAM_AUTH_ERR, PAM_USER_UNKNOWN, PAM_USER_UNKNOWN, PAM_USER_UNKNOWN}},
    /* Only the account phase may ask for a new password, after the second factor (I-13). */
    {FED_E_PASSWORD_EXPIRED,
        {PAM_AUTH_ERR, PAM_NEW_AUTHTOK_REQD, PAM_SESSION_ERR, PAM_AUTHTOK_ERR}},
    {FED_E_EXPIRED, {PAM_PERM_DENIED, PAM_ACCT_EXPIRED, PAM_SESSION_ERR, PAM_PERM_DENIED}},
    {FED_E_DISABLED, {PAM_PERM_DENIED, PAM_ACCT_EXPIRED, PAM_SESSION_ERR, PAM_PERM_DENIED}},
    {FED_E_RESTRICTED, {PAM_PERM_DENIED, PAM_PERM_DENIED, PAM_SESSION_ERR, PAM_PERM_DENIED}},
    {FED_E_NOT_LISTED, {PAM_PERM_DENIED, PAM_PERM_DENIED, PAM_SESSION_ERR, PAM_PERM_DENIED}},
    {FED_E_DIRECTORY_LOCKED, {PAM_PERM_DENIED, PAM_PERM_DENIED, PAM_SESSION_ERR, PAM_PERM_DENIED}},
    /* The module's own line in the PAM file is wrong (I-50). */
    {FED_E_CONFIG, {PAM_SERVICE_ERR, PAM_SERVICE_ERR, PAM_SESSION_ERR, PAM_SERVICE_ERR}},
};

/* No answer could be had. */
static const int unavailable[4] = {
    PAM_AUTHINFO_UNAVAIL, PAM_AUTHINFO_UNAVAIL, PAM_SESSION_ERR, PAM_AUTHTOK_ERR};

/* Everything else: no. */
static const int denied[4] = {PAM_AUTH_ERR, PAM_PERM_DENIED, PAM_SESSION_ERR, PAM_AUTHTOK_ERR};

int
verdict_code(enum verdict_phase phase, int error)
{
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        if (rows[i].error == error)
            return rows[i].codes[phase];
    }
    return fed_error_class(error) == FED_CLASS_UNAVAILABLE ? unavailable[phase] : denied[phase];
}
