/*
 * Changing a file in ~/.aws so that nobody's work is lost (I-68): under a lock, from what it holds at that
 * moment, by a new file that takes the old one's place in one step.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef BRIDGE_LOGIN_EDIT_H
#define BRIDGE_LOGIN_EDIT_H

#include <limits.h>

#include "base/secret.h"

enum {
    EDIT_MAX = 1024 * 1024, /* the largest file that is taken */
    EDIT_WHY_MAX = PATH_MAX + 256,
};

enum edit_which { EDIT_CONFIG, EDIT_CREDENTIALS };

/*
 * Where the SDKs look: $AWS_CONFIG_FILE or ~/.aws/config, $AWS_SHARED_CREDENTIALS_FILE or ~/.aws/credentials.
 *   ret_path   PATH_MAX bytes
 * 0, or FED_E_INVALID (too long, no HOME) with why (EDIT_WHY_MAX bytes).
 */
FED_MUST_USE int edit_path(enum edit_which which, char *ret_path, char *why);

/*
 * What a file holds; nothing when there is none. 0, FED_E_TOO_BIG, FED_E_SYSTEM, FED_E_NOMEM, with why. ret_bytes is
 * initialised by the caller, with EDIT_MAX.
 */
FED_MUST_USE int edit_read(const char *path, struct fed_secret *ret_bytes, char *why);

/*
 * Makes the new content from the old one. May be called again, when somebody else was quicker. Returns 0 or an
 * error, which ends the edit, with why.
 */
typedef int edit_fn(
    void *arg, const struct fed_secret *before, struct fed_secret *ret_after, char *why);

/*
 * Change a file. A link is followed to its end; the folder is made (0700) if only it is missing; owner and mode are
 * kept, a new file has 0600. Unchanged content writes nothing. After any failure the file is as it was.
 * Blocks up to 10 s for the lock. Signals that end or stop a process wait while the new file is written.
 * 0, FED_E_BUSY (the lock; a file that changes all the time), FED_E_SYSTEM, FED_E_TOO_BIG, FED_E_NOMEM, or fn's error;
 * why (EDIT_WHY_MAX bytes) then has "PATH: what: remedy".
 */
FED_MUST_USE int edit_file(const char *path, edit_fn *fn, void *arg, char *why);

#endif
