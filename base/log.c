/*
 * The log: one write a line, so that lines of threads and processes never mix.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "base/log.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>

#include "base/text.h"

enum { LINE_MAX_BYTES = 2048 };

static const char *log_program = "awsfed";
static bool log_to_syslog;
static atomic_bool log_echo;
static bool log_to_journal;
static enum log_level log_most = LOG_LEVEL_INFO;
static _Thread_local uint64_t log_request;

void
fed_log_init(const char *program, bool to_syslog, enum log_level most)
{
    log_program = program;
    log_to_syslog = to_syslog;
    log_to_journal = getenv("JOURNAL_STREAM") != NULL;
    log_most = most;
    if (to_syslog)
        openlog(program, LOG_PID, LOG_AUTHPRIV);
}

void
fed_log_echo(bool on)
{
    atomic_store(&log_echo, on);
}

void
fed_log_request(uint64_t request)
{
    log_request = request;
}

static void
emit(enum log_level level, const char *text)
{
    static const int priorities[] = {LOG_ERR, LOG_WARNING, LOG_INFO, LOG_DEBUG};
    static const char *const words[] = {"error: ", "warning: ", "", "debug: "};
    char line[LINE_MAX_BYTES + 128], where[48] = "";

    if (log_request != 0)
        (void)snprintf(where, sizeof(where), "[request %" PRIu64 "] ", log_request);
    if (log_to_syslog) {
        syslog(priorities[level], "%s%s%s", where, words[level], text);
        if (!atomic_load(&log_echo))
            return;
    }
    int n =
        log_to_journal
            ? snprintf(line, sizeof(line), "<%d>%s%s\n", priorities[level], where, text)
            : snprintf(line, sizeof(line), "%s: %s%s%s\n", log_program, where, words[level], text);
    if (n <= 0)
        return;
    size_t len = (size_t)n < sizeof(line) ? (size_t)n : sizeof(line) - 1;
    ssize_t written = write(STDERR_FILENO, line, len);
    (void)written; /* nowhere left to complain */
}

FED_PRINTF(2, 0)
static void
log_line(enum log_level level, const char *format, va_list ap)
{
    char raw[LINE_MAX_BYTES], clean[LINE_MAX_BYTES];
    int saved = errno;

    if (level <= log_most && vsnprintf(raw, sizeof(raw), format, ap) >= 0)
        emit(level, text_clean(clean, sizeof(clean), raw));
    errno = saved;
}

#define LOG_FUNCTION(name, level)                                                                  \
    void name(const char *format, ...)                                                             \
    {                                                                                              \
        va_list ap;                                                                                \
                                                                                                   \
        va_start(ap, format);                                                                      \
        log_line(level, format, ap);                                                               \
        va_end(ap);                                                                                \
    }

LOG_FUNCTION(fed_log_error, LOG_LEVEL_ERROR)
LOG_FUNCTION(fed_log_warning, LOG_LEVEL_WARNING)
LOG_FUNCTION(fed_log_info, LOG_LEVEL_INFO)
LOG_FUNCTION(fed_log_debug, LOG_LEVEL_DEBUG)
