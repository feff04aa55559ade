/*
 * The six functions that libpam calls. Everything they know about the person they ask the bridge;
 * from one call to the next they keep nothing but two variables in the PAM environment (env.h).
 * SPDX-License-Identifier: Apache-2.0
 */
#include <security/pam_modules.h>

#include "pam_awsfed/call.h"
#include "pam_awsfed/login.h"
#include "pam_awsfed/password.h"
#include "pam_awsfed/session.h"

#define EXPORT __attribute__((visibility("default")))

EXPORT int
pam_sm_authenticate(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
    struct call call;
    int code;

    if (!call_begin(&call, pamh, VERDICT_AUTH, flags, argc, argv, &code))
        return code;
    return login_authenticate(&call);
}

/*
 * There is no credential to set: the ticket is the session's (open_session). What matters is agreement with
 * authenticate (I-42), as libpam runs setcred along the path that authenticate took, and programs call it
 * twice, with every flag, and after publickey without any authenticate. So: ignored for the same people, an
 * error for what authenticate can never accept, and success otherwise, which grants nothing, since an
 * application sets credentials only for somebody it has let in.
 */
EXPORT int
pam_sm_setcred(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
    struct call call;
    int code;

    /* The account phase's way of beginning, which prompts for nothing. */
    if (!call_begin(&call, pamh, VERDICT_ACCOUNT, flags, argc, argv, &code))
        return code == PAM_IGNORE || code == PAM_USER_UNKNOWN ? code : PAM_CRED_ERR;
    return call.valid ? PAM_SUCCESS : PAM_USER_UNKNOWN;
}

EXPORT int
pam_sm_acct_mgmt(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
    struct call call;
    int code;

    if (!call_begin(&call, pamh, VERDICT_ACCOUNT, flags, argc, argv, &code))
        return code;
    return login_account(&call);
}

EXPORT int
pam_sm_open_session(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
    struct fed_secret receipt;
    struct call call;
    int code;

    session_take_receipt(pamh, &receipt);
    if (call_begin(&call, pamh, VERDICT_SESSION, flags, argc, argv, &code))
        code = session_open(&call, &receipt);
    fed_secret_done(&receipt);
    return code;
}

EXPORT int
pam_sm_close_session(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
    struct call call;
    int code;

    if (!call_begin(&call, pamh, VERDICT_SESSION, flags, argc, argv, &code))
        return code;
    return session_close(&call);
}

EXPORT int
pam_sm_chauthtok(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
    struct call call;
    int code;

    if (!call_begin(&call, pamh, VERDICT_PASSWORD, flags, argc, argv, &code))
        return code;
    /* The first of libpam's two rounds: asking the bridge now would spend the one-time code. */
    if (((unsigned)flags & PAM_PRELIM_CHECK) != 0)
        return PAM_SUCCESS;
    return password_change(&call);
}
