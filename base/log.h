/*
 * One line to the log. Text from outside is cleaned of control characters here, once, for all
 * (I-58). Secrets are never passed in: there is no level at which they would be printed (I-57).
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

enum log_level { LOG_LEVEL_ERROR, LOG_LEVEL_WARNING, LOG_LEVEL_INFO, LOG_LEVEL_DEBUG };

/*
 * Once, before threads: the program's name (static), and whether lines go to standard error (a
 * foreground run, or the journal with its <N> prefixes) or to syslog. Without it: standard error.
 */
void fed_log_init(const char *program, bool to_syslog, enum log_level most);

/* With syslog: on standard error as well, or no longer. Any thread, at any time. */
void fed_log_echo(bool on);

/* The request that this thread works on; 0 = none. Lines then begin with "[request N] ". */
void fed_log_request(uint64_t request);

void fed_log_error(const char *format, ...) FED_PRINTF(1, 2);
void fed_log_warning(const char *format, ...) FED_PRINTF(1, 2);
void fed_log_info(const char *format, ...) FED_PRINTF(1, 2);
void fed_log_debug(const char *format, ...) FED_PRINTF(1, 2);

#endif
