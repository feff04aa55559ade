/*
 * Output by write(2) alone. SIGPIPE is ignored by main, so a reader that went away is an error here.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "bridge/login/output.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "base/write.h"

/* Two messages of the bridge and some words of ours; a longer line is cut. */
enum { LINE_MAX_SIZE = 2304 };

enum outcome
output_write(struct fed_secret *bytes, int error)
{
    if (error != 0) {
        output_complain("%s", fed_strerror(error));
        return outcome_of(error);
    }
    size_t len = bytes->len;
    if (len > 0 && isatty(STDOUT_FILENO)) {
        text_clean_in_place((char *)bytes->data, true);
        len = strlen((const char *)bytes->data);
    }
    if (write_all(STDOUT_FILENO, bytes->data, len) == 0)
        return OUTCOME_DONE;
    output_complain("cannot write to standard output: %s", strerror(errno));
    return OUTCOME_OTHER;
}

enum outcome
output_json(struct json *j)
{
    enum outcome outcome = output_write(&j->bytes, json_finish(j));

    json_done(j);
    return outcome;
}

void
output_complain(const char *format, ...)
{
    static const char prefix[] = "awsfed-login: ";
    char text[LINE_MAX_SIZE], line[LINE_MAX_SIZE + sizeof(prefix) + 1];
    va_list ap;

    va_start(ap, format);
    int n = vsnprintf(text, sizeof(text), format, ap);
    va_end(ap);
    if (n < 0)
        text[0] = '\0';
    memcpy(line, prefix, sizeof(prefix));
    text_clean(line + sizeof(prefix) - 1, LINE_MAX_SIZE, text);
    size_t len = strlen(line);
    line[len++] = '\n';
    int r = write_all(STDERR_FILENO, line, len);
    (void)r; /* nowhere left to complain */
}
