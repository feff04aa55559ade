/*
 * awsfed-admin mfa import: people with the tokens they have, from another system's files.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef BRIDGE_ADMIN_MFA_IMPORT_H
#define BRIDGE_ADMIN_MFA_IMPORT_H

#include "bridge/admin/ask.h"

/* argv[0] is the word; returns an exit status. */
int mfa_import(const struct admin *admin, int argc, char **argv);

#endif
