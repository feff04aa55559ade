/*
 * Files that a configuration names and that are not there: which key names each, and how it is made.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef BRIDGE_ABSENT_H
#define BRIDGE_ABSENT_H

#include <stdbool.h>

#include "conf/conf.h"

/* Is nothing there? Not of NULL, nor of the URI of a key in a token. */
bool absent_is(const char *path);

/* Add a line for each such file of a key, certificate, password or authority. Blocks on the file system. */
void absent_tell(const struct conf *conf, struct conf_errors *to);

#endif
