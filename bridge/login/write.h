/*
 * The word write: keys in the credentials file, for tools that know nothing else.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef BRIDGE_LOGIN_WRITE_H
#define BRIDGE_LOGIN_WRITE_H

#include "bridge/login/options.h"

/*
 * Gets credentials and writes them to the profile o->profile. Lines of the profile that are no credentials stay;
 * a long-term key is never replaced.
 */
enum outcome write_run(const struct options *o);

#endif
