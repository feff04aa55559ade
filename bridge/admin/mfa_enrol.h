/*
 * The words of awsfed-admin mfa that print secrets: written once, by write(2), and kept nowhere.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef BRIDGE_ADMIN_MFA_ENROL_H
#define BRIDGE_ADMIN_MFA_ENROL_H

#include "bridge/admin/ask.h"

/* argv[0] is the word; returns an exit status. */
int mfa_enrol(const struct admin *admin, int argc, char **argv);
int mfa_recovery_codes(const struct admin *admin, int argc, char **argv);

#endif
