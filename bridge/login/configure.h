/*
 * The word configure: a profile a role in ~/.aws/config, so that every tool finds the roles by their names.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef BRIDGE_LOGIN_CONFIGURE_H
#define BRIDGE_LOGIN_CONFIGURE_H

#include "bridge/login/options.h"

/* Writes the block, or with o->diff shows what it would change and changes nothing. */
enum outcome configure_run(const struct options *o);

#endif
