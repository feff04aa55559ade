/*
 * Lists of attributes that only grow.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ldap/wanted.h"

#include <stdlib.h>
#include <string.h>

#include "conf/values.h"
#include "ldap/entry.h"

bool
wanted_has(const struct wanted *wanted, const struct conf_list *attributes)
{
    for (size_t i = 0; attributes != NULL && i < attributes->n; i++)
        if (!list_has(&wanted->extra, attributes->items[i]))
            return false;
    return true;
}

/* Copies of the names that are not there yet. */
static int
add(struct conf_list *to, const struct conf_list *names)
{
    int r = 0;

    for (size_t i = 0; names != NULL && i < names->n && r == 0; i++)
        if (!list_has(to, names->items[i]))
            r = list_add(to, names->items[i], strlen(names->items[i]));
    return r;
}

int
wanted_new(
    const struct conf_list *attributes, struct wanted *before, struct wanted **ret, char *why)
{
    struct wanted *w = calloc(1, sizeof(*w));
    int r = entry_check_names(attributes, why);

    if (w == NULL)
        return FED_E_NOMEM;
    if (r == 0 && before != NULL)
        r = add(&w->extra, &before->extra);
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
        list_done(&w->extra);
        free(w->names);
        free(w);
        w = before;
    }
}
