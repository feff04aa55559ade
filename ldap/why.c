/*
 * The line for the log that goes with an error.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ldap/why.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/text.h"

int
why_not(char *why, int error, const char *format, ...)
{
    char line[WHY_MAX];
    va_list args;

    va_start(args, format);
    (void)vsnprintf(line, sizeof(line), format, args);
    va_end(args);
    text_clean(why, WHY_MAX, line);
    return error;
}
