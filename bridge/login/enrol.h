/*
 * awsfed-login enrol: set up an authenticator by oneself.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef BRIDGE_LOGIN_ENROL_H
#define BRIDGE_LOGIN_ENROL_H

#include "bridge/login/options.h"

enum outcome enrol_run(const struct options *o);

#endif
