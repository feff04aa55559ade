/*
 * The pieces of an attribute.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ldap/range.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

/* Digits without a sign, blanks or leading zeros, of what RANGE_VALUES_MAX can be; what follows them in *p. */
static bool
take_number(const char **p, const char *end, size_t *ret)
{
    const char *start = *p;
    size_t n = 0;

    while (*p < end && **p >= '0' && **p <= '9' && *p - start < 9) {
        n = 10 * n + (size_t)(**p - '0');
        (*p)++;
    }
    if (*p == start || (*start == '0' && *p - start > 1))
        return false;
    *ret = n;
    return true;
}

int
range_parse(const char *name, size_t name_len, const char *attribute, struct range *ret)
{
    static const char option[] = ";range=";
    const size_t option_len = sizeof(option) - 1, len = strlen(attribute);
    const char *p = name + len, *end = name + name_len;
    struct range range = {0};

    if (name_len <= len || *p != ';' || strncasecmp(name, attribute, len) != 0)
        return FED_E_NOT_FOUND;
    if ((size_t)(end - p) <= option_len || strncasecmp(p, option, option_len) != 0)
        return FED_E_DIRECTORY;
    p += option_len;
    if (!take_number(&p, end, &range.first) || p == end || *p++ != '-')
        return FED_E_DIRECTORY;
    range.is_last = end - p == 1 && *p == '*';
    if (!range.is_last &&
        (!take_number(&p, end, &range.last) || p != end || range.last < range.first))
        return FED_E_DIRECTORY;
    *ret = range;
    return 0;
}

int
range_take(struct range_progress *progress, const struct range *range, size_t n)
{
    if (progress->whole || range->first != progress->next || n == 0 ||
        n > RANGE_VALUES_MAX - progress->next || progress->pieces == RANGE_PIECES_MAX)
        return FED_E_DIRECTORY;
    if (!range->is_last && range->last - range->first != n - 1)
        return FED_E_DIRECTORY;
    progress->pieces++;
    progress->next += n;
    progress->whole = range->is_last;
    return 0;
}

void
range_ask(const struct range_progress *progress, const char *attribute, char *to, size_t size)
{
    (void)snprintf(to, size, "%s;range=%zu-*", attribute, progress->next);
}
