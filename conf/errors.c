/*
 * The list of a configuration's errors, one cleaned line each.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "conf/conf.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

/* "FILE:LINE: ", "FILE: " or nothing; the caller frees it. NULL when out of memory. */
static char *
place(const struct conf_where *where)
{
    char *text = NULL;
    int n;

    if (where == NULL || where->file == NULL)
        return strdup("");
    if (where->line == 0)
        n = asprintf(&text, "%s: ", where->file);
    else
        n = asprintf(&text, "%s:%u: ", where->file, where->line);
    return n < 0 ? NULL : text;
}

static int
append(struct conf_errors *errors, char *line)
{
    char **grown = reallocarray(errors->lines, errors->n + 1, sizeof(*grown));

    if (grown == NULL)
        return FED_E_NOMEM;
    errors->lines = grown;
    errors->lines[errors->n++] = line;
    return 0;
}

void
conf_errors_add(struct conf_errors *errors, const struct conf_where *where, const char *format, ...)
{
    char *before = NULL, *text = NULL, *line = NULL;
    va_list ap;
    int n;

    va_start(ap, format);
    n = vasprintf(&text, format, ap);
    va_end(ap);
    if (n < 0)
        text = NULL;
    before = place(where);
    if (before == NULL || text == NULL || asprintf(&line, "%s%s", before, text) < 0)
        line = NULL;
    if (line != NULL)
        text_clean_in_place(line, false);
    if (line == NULL || append(errors, line) != 0) {
        free(line);
        errors->lost++;
    }
    free(before);
    free(text);
}

void
conf_errors_done(struct conf_errors *errors)
{
    if (errors == NULL)
        return;
    for (size_t i = 0; i < errors->n; i++)
        free(errors->lines[i]);
    free(errors->lines);
    *errors = (struct conf_errors){0};
}
