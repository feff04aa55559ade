/*
 * Writing all of something, however many write(2) calls that takes.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef BASE_WRITE_H
#define BASE_WRITE_H

#include <stddef.h>

#include "base/err.h"

/*
 * Interrupted and partial writes are gone on with. 0, or FED_E_SYSTEM with errno, when a part may have been written already.
 * Blocks as the descriptor does; keeps no copy of the bytes. Any thread.
 */
FED_MUST_USE int write_all(int fd, const void *data, size_t len);

#endif
