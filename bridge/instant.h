/*
 * Instants as AWS writes them, and we: RFC 3339 in UTC, 2026-11-21T22:00:00Z; what is read may have a fraction.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef BRIDGE_INSTANT_H
#define BRIDGE_INSTANT_H

#include <stdbool.h>
#include <stdint.h>

/* To Unix seconds. False, and nothing written, for anything else, February 30 too. Never blocks; any thread. */
bool instant_read(const char *text, int64_t *ret_s);

enum { INSTANT_SIZE = 32 };

/* Unix seconds as "2026-11-21T22:00:00Z". False where the calendar has no such year. Never blocks; any thread. */
bool instant_write(int64_t when_s, char ret[INSTANT_SIZE]);

#endif
