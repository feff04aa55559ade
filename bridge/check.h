/*
 * The files that a configuration names, checked offline, for awsfed-bridge --check and awsfed-admin check.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef BRIDGE_CHECK_H
#define BRIDGE_CHECK_H

#include "conf/conf.h"

/*
 * Key files, certificates, service passwords and ca-files: owner, mode, form, and whether key and certificate belong
 * together (I-66); of a key in a token, what the token says: it is given its PIN once, if that cannot be the last try. One
 * line for each fault into faults, and into notes for what will become one: a certificate near its end. Both
 * initialised by the caller. Blocks on files, and on a token a few seconds at most; as root it sees what the bridge will see.
 */
void check_files(const struct conf *conf, struct conf_errors *faults, struct conf_errors *notes);

#endif
