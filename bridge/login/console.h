/*
 * The word console: an address that signs its reader in to the AWS console.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef BRIDGE_LOGIN_CONSOLE_H
#define BRIDGE_LOGIN_CONSOLE_H

#include "bridge/login/options.h"

/*
 * Prints the address, or with o->open gives it to the person's browser. It is a secret for 15 minutes: it is in no argument
 * of any process, since those can be read by everybody on the host.
 */
enum outcome console_run(const struct options *o);

#endif
