/*
 * Files that hold a key or a password: opened without following a link, checked on the descriptor,
 * read into a secret (I-32, I-66).
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef CONF_KEYFILE_H
#define CONF_KEYFILE_H

#include <stdbool.h>

#include "base/err.h"
#include "base/secret.h"

/*
 * Read a whole file of root's. Refused: a symbolic link, not a regular file, an owner other than
 * root (or the effective user), group or world write; where secret, world read as well, and group
 * read unless the group is root. An empty file, and one over the limit of ret, is refused too.
 *   ret     initialised by the caller, with its limit; replaced
 *   why     on failure "\"PATH\": what: remedy", NUL-terminated, cut to why_size
 * Returns 0, FED_E_CONFIG, FED_E_NOMEM.
 */
FED_MUST_USE int keyfile_read(
    const char *path, bool secret, struct fed_secret *ret, char *why, size_t why_size);

/*
 * The same in two steps, for a file that others rewrite in its place: opened while we are root, and read again, with
 * the same checks of what it is by then, after we have given that up.
 *   ret_fd  close-on-exec, the caller closes it
 */
FED_MUST_USE int keyfile_open(const char *path, int *ret_fd, char *why, size_t why_size);
FED_MUST_USE int keyfile_read_open(
    int fd, const char *path, bool secret, struct fed_secret *ret, char *why, size_t why_size);

#endif
