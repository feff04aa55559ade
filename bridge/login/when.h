/*
 * Times and spans as people and machines read them. Unix seconds in, text out; the caller passes
 * "now", so that tests own the clock. Nothing here allocates or blocks.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef BRIDGE_LOGIN_WHEN_H
#define BRIDGE_LOGIN_WHEN_H

#include <stdint.h>

#include "base/err.h"

/* Room for any text made here, with its NUL. */
enum { WHEN_SIZE = 40 };

/* The clock, in Unix seconds. */
uint64_t when_now(void);

/*
 * "2026-11-21T21:40:00Z" (RFC 3339, UTC). No time zone is looked up for it: the SDKs' path
 * must not read files. 0 or FED_E_INVALID (past the year 9999); ret_text has WHEN_SIZE bytes.
 */
FED_MUST_USE int when_rfc3339(uint64_t time_s, char *ret_text);

/* "21:40" in the person's time zone, "2026-11-22 09:40" when that is another day than now's. Returns to. */
char *when_clock(uint64_t time_s, uint64_t now_s, char *to);

/* "11 h 59 min", "59 min", "12 s": rounded down. Returns to (WHEN_SIZE bytes). */
char *when_span(uint64_t span_s, char *to);

/* The same without blanks, for tables and prompts: "11h59m", "12h", "59m", "12s". Returns to. */
char *when_short(uint64_t span_s, char *to);

/* Seconds from now until a time; 0 when it has passed. */
uint64_t when_left(uint64_t time_s, uint64_t now_s);

#endif
