/*
 * The word env: credentials as assignments for a shell, or as a file or object for tools.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef BRIDGE_LOGIN_ENV_H
#define BRIDGE_LOGIN_ENV_H

#include "bridge/login/options.h"

/*
 * Write the assignments (I-69), or with o->unset the lines that take them back, which need
 * no bridge. Signs in first where that helps and a person is there to be asked.
 */
enum outcome env_run(const struct options *o);

#endif
