/*
 * What the command writes: standard output in one piece, and lines for the person on standard error.
 * There is no stdio here: its buffers would keep copies of what must be wiped (I-57).
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef BRIDGE_LOGIN_OUTPUT_H
#define BRIDGE_LOGIN_OUTPUT_H

#include "base/secret.h"
#include "bridge/login/json.h"
#include "bridge/login/outcome.h"

/* The most that a run prints: 800 roles as JSON, or a session token of 64 KiB, escaped. */
enum { OUTPUT_MAX = 1024 * 1024 };

/*
 * Write the bytes to standard output with one write(2), as far as the system takes them in one. On
 * a terminal, controls are replaced first (I-58); the buffer may therefore change. error is
 * the first one that composing them met: then nothing is written. A failure has been told on
 * standard error.
 */
FED_MUST_USE enum outcome output_write(struct fed_secret *bytes, int error);

/* The same for an object or array, which is closed: it is ended, written, and done with. */
enum outcome output_json(struct json *j);

/* "awsfed-login: TEXT" and a newline on standard error, always one line, cleaned (I-58). */
void output_complain(const char *format, ...) FED_PRINTF(1, 2);

#endif
