/*
 * Lists of attributes that only grow.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ldap/wanted.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "ldap/entry.h"

static bool
has(const struct conf_list *list, const char *name)
{
    for (size_t i = 0; i < list->n; i++)
        if (strcasecmp(list->items[i], name) == 0)
            return true;
    return false;
}

bool
wanted_has(const struct wanted *wanted, const struct conf_list *attributes)
{
    for (size_t i = 0; attributes != NULL && i < attributes->n; i++)
        if (!has(&wanted->extra, attributes->items[i]))
            return false;
    return true;
}

/* Copies of the names that are not there yet; there is room for them. */
static int
add(struct conf_list *to, const struct conf_list *names)
{
    for (size_t i = 0; names != NULL && i < names->n; i++) {
        if (has(to, names->items[i]))
            continue;
        char *copy = strdup(names->items[i]);
        if (copy == NULL)
            return FED_E_NOMEM;
        to->items[to->n++] = copy;
    }
    return 0;
}

int
wanted_new(
    const struct conf_list *attributes, struct wanted *before, struct wanted **ret, char *why)
{
    struct wanted *w = calloc(1, sizeof(*w));
    const struct conf_list *old = before != NULL ? &before->extra : NULL;
    int r = entry_check_names(attributes, why);

    if (w == NULL)
        return FED_E_NOMEM;
    if (r == 0) {
        size_t room = (old != NULL ? old->n : 0) + (attributes != NULL ? attributes->n : 0) + 1;
        w->extra.items = calloc(room, sizeof(*w->extra.items));
        r = w->extra.items != NULL ? 0 : FED_E_NOMEM;
    }
    if (r == 0)
        r = add(&w->extra, old);
    if (r == 0)
        r = add(&w->extra, attributes);
    if (r == 0)
        r = entry_names(&w->extra, &w->names);
    if (r != 0) {
        wanted_free(w);
        return r;
    }
    w->before = before;
    *ret = w;
    return 0;
}

void
wanted_free(struct wanted *w)
{
    while (w != NULL) {
        struct wanted *before = w->before;
        for (size_t i = 0; i < w->extra.n; i++)
            free(w->extra.items[i]);
        free(w->extra.items);
        free(w->names);
        free(w);
        w = before;
    }
}
