/*
 * The part of ~/.aws/config that is ours: the lines between two marks. All other lines are somebody
 * else's and stay as they are, byte for byte (I-68).
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef BRIDGE_LOGIN_BLOCK_H
#define BRIDGE_LOGIN_BLOCK_H

#include "base/secret.h"

#define BLOCK_BEGIN "# BEGIN awsfed-login"
#define BLOCK_END   "# END awsfed-login"

/* Where the block lies in a text: bytes [from, to), marks included; from == to when there is none. */
struct block {
    size_t from, to;
};

/*
 * Find it in (data, len), any bytes. 0, or FED_E_INVALID for marks that do not make one block (*ret_line is then the
 * number of the line where that shows).
 */
FED_MUST_USE int block_find(
    const void *data, size_t len, struct block *ret_block, size_t *ret_line);

/*
 * Copy a text with the block's content replaced. Without a block it is appended, after a blank line; with no content
 * the block goes. 0, FED_E_TOO_BIG, FED_E_NOMEM.
 *   content   whole lines; no marks
 */
FED_MUST_USE int block_put(const struct fed_secret *before, const struct block *block,
    const struct fed_secret *content, struct fed_secret *ret_after);

/*
 * The difference of two texts as one hunk of a unified diff, with three lines around it; nothing when they are equal.
 * 0, FED_E_TOO_BIG, FED_E_NOMEM.
 */
FED_MUST_USE int block_diff(const char *path, const struct fed_secret *before,
    const struct fed_secret *after, struct fed_secret *ret_diff);

#endif
