/*
 * The word use: the role of the whole session, for the endpoint and for every call that names none.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef BRIDGE_LOGIN_USE_H
#define BRIDGE_LOGIN_USE_H

#include "bridge/login/options.h"

/* Takes o->role, or the one that is picked. Every shell of the session sees it at once. */
enum outcome use_run(const struct options *o);

#endif
