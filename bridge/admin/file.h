/*
 * A file whole, into memory that is wiped.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef BRIDGE_ADMIN_FILE_H
#define BRIDGE_ADMIN_FILE_H

#include "base/err.h"
#include "base/secret.h"

/*
 * Read a regular file, by its path from a folder (AT_FDCWD: from here); a link at its end is refused.
 *   ret   initialised by the caller, with its limit; replaced
 * 0, FED_E_SYSTEM, FED_E_INVALID (not a file), FED_E_TOO_BIG, FED_E_NOMEM.
 */
FED_MUST_USE int file_read(int folder, const char *path, struct fed_secret *ret);

#endif
