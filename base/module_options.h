/*
 * The words after pam_awsfed.so in a PAM service file, as the module takes them and awsfed-admin pam-lint judges them. One
 * that is not known, or not well formed, is an error and denies (I-50): a misspelt "factors" must never be a silent default.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef BASE_MODULE_OPTIONS_H
#define BASE_MODULE_OPTIONS_H

#include <stdbool.h>

#include "base/err.h"

/* Where passwords come from. */
enum options_pass {
    OPTIONS_PASS_ASK, /* always from a prompt */
    OPTIONS_PASS_TRY, /* try_first_pass: what an earlier module left, else from a prompt */
    OPTIONS_PASS_USE, /* use_first_pass: what an earlier module left; nothing is ever prompted for */
};

struct module_options {
    const char *socket; /* absolute; borrowed from argv, or CLIENT_SOCKET */
    unsigned factors;   /* bits of enum wire_factor; password and code by default */
    enum options_pass pass;
    bool append;       /* one prompt, whose answer is the password and the code right after it */
    bool forward_pass; /* leave the password for the modules that follow */
    bool quiet;        /* no text but prompts */
    bool debug;
};

/*
 * Read the words. ret_options is filled either way, with defaults where a word was refused, since
 * local users are told apart before the error is looked at: a typing mistake in a PAM file must not
 * shut the people out who could mend it (I-23).
 *   ret_bad   the first word refused, borrowed from argv or static; NULL on success
 * Returns 0 or FED_E_CONFIG.
 */
FED_MUST_USE int module_options_parse(
    int argc, const char **argv, struct module_options *ret_options, const char **ret_bad);

#endif
