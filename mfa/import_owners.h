/*
 * Whose hardware token is whose: a CSV of serial number and user, a line each; a first line "serial,user" is passed over.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef MFA_IMPORT_OWNERS_H
#define MFA_IMPORT_OWNERS_H

#include "mfa/import.h"

struct import_owner {
    char serial[RECORD_LABEL_MAX];
    char user[STORE_NAME_MAX];
    unsigned line;
    bool taken; /* a token of that number was found */
};

struct import_owners {
    struct import_owner *items; /* in order of serial */
    size_t n;
};

/* Read one; any bytes are safe. Errors go into the list. Free with import_owners_done, whatever is returned. 0 or FED_E_NOMEM. */
FED_MUST_USE int import_owners_read(struct import_owners *owners, struct import_list *list,
    const char *file, const void *data, size_t len);
void import_owners_done(struct import_owners *owners);

/* Whose a serial number is; NULL when nobody's. */
struct import_owner *import_owners_find(struct import_owners *owners, const char *serial);

/* An error for each whose token was not found. 0 or FED_E_NOMEM. */
FED_MUST_USE int import_owners_check(
    const struct import_owners *owners, struct import_list *list, const char *file);

#endif
