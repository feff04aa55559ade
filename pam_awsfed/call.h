/*
 * One call of the module by libpam: how it is configured, for whom, and whether it is any of our
 * business. Every function of the module begins here, so all six agree on it (I-42).
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PAM_AWSFED_CALL_H
#define PAM_AWSFED_CALL_H

#include <stdbool.h>

#include <security/pam_modules.h>

#include "base/err.h"
#include "base/module_options.h"
#include "base/text.h"
#include "pam_awsfed/verdict.h"

struct call {
    pam_handle_t *pamh;
    struct module_options options;
    enum verdict_phase phase;
    bool silent; /* PAM_SILENT, or the option quiet: prompts only */
    bool valid;  /* PAM_USER may be looked up at all (I-19) */
    char
        user[TEXT_NAME_MAX + 1]; /* a copy: the application may set PAM_USER while it converses. Not
                                       valid: "-", which the bridge refuses as it does any bad name */
    char shown[TEXT_NAME_MAX + 1]; /* PAM_USER, cleaned, for the log */
};

/*
 * Begin a call. PAM_USER is read and never set; only the auth phase may ask for it.
 * Returns true to go on. False: *ret_code is the answer: PAM_IGNORE for local users (I-23, the only one in
 * the module, I-43), or the phase's code for a bad option (I-50) or for no user name at all.
 */
FED_MUST_USE bool call_begin(struct call *call, pam_handle_t *pamh, enum verdict_phase phase,
    int flags, int argc, const char **argv, int *ret_code);

/* The outcome of a call that had no need of the bridge, or could not ask it: one log line, and the PAM code. */
int call_refuse(const struct call *call, int error, const char *why);

/* A line for the option debug; nothing secret ever. */
void call_debug(const struct call *call, const char *format, ...) FED_PRINTF(2, 3);

#endif
