/*
 * Instants as AWS writes them: RFC 3339 in UTC, with or without a fraction, 2026-11-21T22:00:00Z.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef BRIDGE_INSTANT_H
#define BRIDGE_INSTANT_H

#include <stdbool.h>
#include <stdint.h>

/* To Unix seconds. False, and nothing written, for anything else, February 30 too. Never blocks; any thread. */
bool instant_read(const char *text, int64_t *ret_s);

#endif
