/*
 * Serial numbers and their owners, sorted.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "mfa/import_owners.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"

static bool
blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

/* A field without the blanks around it. */
static bool
take(const char *at, size_t len, char *ret, size_t size)
{
    while (len > 0 && blank(at[0])) {
        at++;
        len--;
    }
    while (len > 0 && blank(at[len - 1]))
        len--;
    if (len == 0 || len >= size || memchr(at, '\0', len) != NULL || memchr(at, '"', len) != NULL ||
        !text_is_utf8(at, len))
        return false;
    memcpy(ret, at, len);
    ret[len] = '\0';
    return true;
}

static bool
is_empty(const char *line, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (!blank(line[i]))
            return false;
    }
    return true;
}

static bool
take_line(const char *line, size_t len, struct import_owner *ret)
{
    const char *comma = memchr(line, ',', len);
    size_t first = comma != NULL ? (size_t)(comma - line) : len;

    return comma != NULL && memchr(comma + 1, ',', len - first - 1) == NULL &&
           take(line, first, ret->serial, sizeof(ret->serial)) &&
           take(comma + 1, len - first - 1, ret->user, sizeof(ret->user));
}

static int
add(struct import_owners *owners, const struct import_owner *owner)
{
    if ((owners->n & (owners->n - 1)) == 0) {
        size_t room = owners->n == 0 ? 1 : 2 * owners->n;
        struct import_owner *items = reallocarray(owners->items, room, sizeof(*items));
        if (items == NULL)
            return FED_E_NOMEM;
        owners->items = items;
    }
    owners->items[owners->n++] = *owner;
    return 0;
}

static int
compare(const void *a, const void *b)
{
    const struct import_owner *x = a, *y = b;

    return strcmp(x->serial, y->serial);
}

/* One number is one person's. */
static int
check_twice(const struct import_owners *owners, struct import_list *list, const char *file)
{
    int r = 0;

    for (size_t i = 1; i < owners->n && r == 0; i++) {
        const struct import_owner *a = &owners->items[i - 1], *b = &owners->items[i];
        if (strcmp(a->serial, b->serial) == 0)
            r = import_fail(list, file, a->line > b->line ? a->line : b->line,
                "this serial number stands here twice");
    }
    return r;
}

int
import_owners_read(struct import_owners *owners, struct import_list *list, const char *file,
    const void *data, size_t len)
{
    const char *at = data, *end = at + len;
    int r = 0;

    *owners = (struct import_owners){.items = NULL};
    for (unsigned line = 1; at != NULL && at < end && r == 0; line++) {
        const char *lf = memchr(at, '\n', (size_t)(end - at));
        size_t n = (size_t)((lf != NULL ? lf : end) - at);
        struct import_owner owner = {.line = line};
        if (!is_empty(at, n) && !take_line(at, n, &owner))
            r = import_fail(list, file, line, "not SERIAL,USER");
        else if (!is_empty(at, n) && owners->n == IMPORT_MOST)
            r = import_fail(list, file, line, "too many lines");
        else if (!is_empty(at, n) && !(line == 1 && strcasecmp(owner.serial, "serial") == 0))
            r = add(owners, &owner);
        at = lf != NULL ? lf + 1 : NULL;
    }
    if (r == 0 && owners->n > 0)
        qsort(owners->items, owners->n, sizeof(*owners->items), compare);
    return r != 0 ? r : check_twice(owners, list, file);
}

void
import_owners_done(struct import_owners *owners)
{
    free(owners->items);
    *owners = (struct import_owners){.items = NULL};
}

struct import_owner *
import_owners_find(struct import_owners *owners, const char *serial)
{
    struct import_owner key = {.line = 0};

    if (owners->n == 0 || strlen(serial) >= sizeof(key.serial))
        return NULL;
    memcpy(key.serial, serial, strlen(serial) + 1);
    return bsearch(&key, owners->items, owners->n, sizeof(*owners->items), compare);
}

int
import_owners_check(const struct import_owners *owners, struct import_list *list, const char *file)
{
    int r = 0;

    for (size_t i = 0; i < owners->n && r == 0; i++) {
        if (!owners->items[i].taken)
            r = import_fail(list, file, owners->items[i].line, "no token of this serial number");
    }
    return r;
}
