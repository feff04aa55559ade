/*
 * awsfed-admin mfa import --format pskc: hardware tokens, their owners, and the key that opens their file.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef BRIDGE_ADMIN_MFA_PSKC_H
#define BRIDGE_ADMIN_MFA_PSKC_H

#include "mfa/import.h"

struct mfa_pskc {
    const char *owners;   /* the CSV of serial,user; required */
    const char *key_file; /* NULL: asked on the terminal, when it is wanted */
};

/* The tokens of a file's bytes into the list, what is wrong with them among its errors. 0, FED_E_NOMEM, FED_E_TOO_BIG. */
FED_MUST_USE int mfa_pskc_take(struct import_list *list, const struct mfa_pskc *options,
    const char *path, const struct fed_secret *bytes);

#endif
