/*
 * awsfed-login recovery-codes: ten new recovery codes.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef BRIDGE_LOGIN_RECOVERY_H
#define BRIDGE_LOGIN_RECOVERY_H

#include "bridge/login/options.h"

enum outcome recovery_run(const struct options *o);

#endif
