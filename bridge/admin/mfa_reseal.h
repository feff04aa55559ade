/*
 * awsfed-admin mfa reseal.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef BRIDGE_ADMIN_MFA_RESEAL_H
#define BRIDGE_ADMIN_MFA_RESEAL_H

#include "bridge/admin/words.h"

admin_word mfa_reseal;

#endif
