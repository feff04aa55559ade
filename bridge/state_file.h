/*
 * Small files in the bridge's state folder, replaced as a whole or not at all, and believed only when nobody else can
 * have written them.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef BRIDGE_STATE_FILE_H
#define BRIDGE_STATE_FILE_H

#include <sys/types.h>

#include "base/err.h"
#include "base/secret.h"

enum { STATE_FILE_WHY_MAX = 256 };

/*
 * Read DIR/NAME. It must be a regular file with one name, of this owner and mode 0600 or less, and no link; all of that is asked of
 * the open descriptor.
 *   ret   initialised with its limit; a longer file is FED_E_TOO_BIG
 *   why   STATE_FILE_WHY_MAX bytes, a line on failure
 * Returns 0, FED_E_NOT_FOUND (there is none), FED_E_PERMISSION (not to be believed), FED_E_TOO_BIG, FED_E_SYSTEM, FED_E_NOMEM.
 */
FED_MUST_USE int state_file_read(
    const char *dir, const char *name, uid_t owner, struct fed_secret *ret, char *why);

/*
 * Replace DIR/NAME, mode 0600: written beside it, synced, renamed, and the folder synced. After a crash at any moment the old
 * or the new content is there. One writer of a name at a time. 0 or FED_E_SYSTEM with why.
 */
FED_MUST_USE int state_file_write(
    const char *dir, const char *name, const void *data, size_t len, char *why);

/* Remove DIR/NAME for good. 0 (also when there was none) or FED_E_SYSTEM with why. */
FED_MUST_USE int state_file_remove(const char *dir, const char *name, char *why);

#endif
