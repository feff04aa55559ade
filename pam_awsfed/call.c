/*
 * The common beginning of the six functions.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "pam_awsfed/call.h"

#include <stdarg.h>
#include <string.h>
#include <syslog.h>

#include <security/pam_ext.h>

#include "base/wire.h"
#include "pam_awsfed/local.h"

/* use_first_pass never prompts for anything, a name included (I-49), nor does any phase but auth (I-45). */
static const char *
user_name(const struct call *call)
{
    const void *item = NULL;
    const char *name = NULL;

    if (call->phase == VERDICT_AUTH && call->options.pass != OPTIONS_PASS_USE)
        return pam_get_user(call->pamh, &name, NULL) == PAM_SUCCESS ? name : NULL;
    return pam_get_item(call->pamh, PAM_USER, &item) == PAM_SUCCESS ? item : NULL;
}

static void
set_user(struct call *call, const char *name)
{
    call->valid = text_check_name(name) == 0;
    (void)text_clean(call->shown, sizeof(call->shown), name);
    memcpy(call->user, call->valid ? name : "-", call->valid ? strlen(name) + 1 : 2);
}

bool
call_begin(struct call *call, pam_handle_t *pamh, enum verdict_phase phase, int flags, int argc,
    const char **argv, int *ret_code)
{
    const char *bad = NULL, *problem = NULL, *name;
    char clean[128];

    *call = (struct call){.pamh = pamh, .phase = phase};
    int options_error = module_options_parse(argc, argv, &call->options, &bad);
    call->silent = ((unsigned)flags & PAM_SILENT) != 0 || call->options.quiet;

    if ((name = user_name(call)) == NULL) {
        *ret_code = call_refuse(call, FED_E_NAME, "no user name");
        return false;
    }
    set_user(call, name);
    /* Local users first: with a typing mistake in the PAM file they are the ones who can mend it. */
    bool local = local_is_user(call->options.socket, name, &problem);
    if (problem != NULL)
        pam_syslog(pamh, LOG_ERR, "%s beside %s is not believed: %s; only root counts as local",
            LOCAL_FILE, call->options.socket, problem);
    if (local) {
        call_debug(call, "\"%s\" is a local user: not our business", call->shown);
        *ret_code = PAM_IGNORE;
        return false;
    }
    if (options_error != 0) {
        pam_syslog(pamh, LOG_ERR,
            "unknown or malformed option \"%s\": correct the pam_awsfed line of this PAM service",
            text_clean(clean, sizeof(clean), bad));
        *ret_code = verdict_code(phase, options_error);
        return false;
    }
    return true;
}

int
call_refuse(const struct call *call, int error, const char *why)
{
    pam_syslog(call->pamh, LOG_NOTICE, "user \"%s\": refused: %s (%s)", call->shown, why,
        fed_error_name(error));
    return verdict_code(call->phase, error);
}

void
call_debug(const struct call *call, const char *format, ...)
{
    va_list ap;

    if (!call->options.debug)
        return;
    va_start(ap, format);
    pam_vsyslog(call->pamh, LOG_DEBUG, format, ap);
    va_end(ap);
}
