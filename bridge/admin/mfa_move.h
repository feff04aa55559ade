/*
 * awsfed-admin mfa export, and import --format sealed: everybody from one store to another (mfa/parcel.h).
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef BRIDGE_ADMIN_MFA_MOVE_H
#define BRIDGE_ADMIN_MFA_MOVE_H

#include "bridge/admin/mfa_arrive.h"
#include "bridge/admin/words.h"

admin_word mfa_export;

/* The parcel at a->path, "-" being standard input; a's other choices are made. An exit status. */
int mfa_import_sealed(const struct admin *admin, struct mfa_arrive *a);

#endif
