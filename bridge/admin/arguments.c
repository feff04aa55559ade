/*
 * Options taken out of an argument vector by name.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "bridge/admin/arguments.h"

#include <stddef.h>
#include <string.h>

static void
drop(struct arguments *a, int at, int count)
{
    for (int i = at; i + count < a->n; i++)
        a->all[i] = a->all[i + count];
    a->n -= count;
}

bool
arguments_take_switch(struct arguments *a, const char *name)
{
    for (int i = 1; i < a->n; i++) {
        if (strcmp(a->all[i], name) != 0)
            continue;
        drop(a, i, 1);
        return true;
    }
    return false;
}

const char *
arguments_take(struct arguments *a, const char *name)
{
    size_t len = strlen(name);

    for (int i = 1; i < a->n; i++) {
        const char *one = a->all[i];
        if (strncmp(one, "--", 2) == 0 && strncmp(one, name, len) == 0 && one[len] == '=') {
            drop(a, i, 1);
            return one + len + 1;
        }
        if (strcmp(one, name) != 0 || i + 1 == a->n)
            continue;
        const char *value = a->all[i + 1];
        drop(a, i, 2);
        return value;
    }
    return NULL;
}

const char *
arguments_only(const struct arguments *a)
{
    return a->n == 2 && a->all[1][0] != '-' && a->all[1][0] != '\0' ? a->all[1] : NULL;
}
