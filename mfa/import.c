/*
 * The list that imports are read into.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "mfa/import.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"

void
import_init(struct import_list *list)
{
    *list = (struct import_list){.items = NULL};
}

void
import_done(struct import_list *list)
{
    for (size_t i = 0; i < list->n; i++)
        fed_secret_done(&list->items[i].seed);
    for (size_t i = 0; i < list->n_errors; i++)
        free(list->errors[i].file);
    free(list->items);
    free(list->errors);
    import_init(list);
}

/* Room for one more: a power of two each time, so that the room is known from the number. */
static int
grow(void **array, size_t n, size_t size)
{
    if (n >= IMPORT_MOST)
        return FED_E_TOO_BIG;
    if ((n & (n - 1)) != 0)
        return 0;
    void *larger = realloc(*array, (n == 0 ? 1 : 2 * n) * size); /* seeds live elsewhere */
    if (larger == NULL)
        return FED_E_NOMEM;
    *array = larger;
    return 0;
}

int
import_add(struct import_list *list, struct import_item **ret)
{
    void *items = list->items;
    int r = grow(&items, list->n, sizeof(*list->items));

    list->items = items;
    if (r != 0)
        return r;
    *ret = &list->items[list->n++];
    **ret = (struct import_item){.params = {.digits = 6, .period_s = 30, .algorithm = CONF_SHA1},
        .seed = FED_SECRET_INIT(TOTP_SEED_MAX)};
    return 0;
}

int
import_fail(struct import_list *list, const char *file, unsigned line, const char *why)
{
    void *errors = list->errors;
    int r = grow(&errors, list->n_errors, sizeof(*list->errors));

    list->errors = errors;
    if (r != 0)
        return r;
    char *copy = strdup(file);
    if (copy == NULL)
        return FED_E_NOMEM;
    list->errors[list->n_errors++] = (struct import_error){.file = copy, .line = line, .why = why};
    return 0;
}

static int
by_name(const void *a, const void *b)
{
    const struct import_item *const *x = a, *const *y = b;
    int order = strcasecmp((*x)->name, (*y)->name);

    return order != 0 ? order : ((*x)->line > (*y)->line) - ((*x)->line < (*y)->line);
}

int
import_check(struct import_list *list, const char *file)
{
    int r = 0;

    if (list->n < 2)
        return 0;
    struct import_item **sorted = calloc(list->n, sizeof(struct import_item *));
    if (sorted == NULL)
        return FED_E_NOMEM;
    for (size_t i = 0; i < list->n; i++)
        sorted[i] = &list->items[i];
    qsort(sorted, list->n, sizeof(struct import_item *), by_name);
    for (size_t i = 1; i < list->n && r == 0; i++) {
        if (strcasecmp(sorted[i - 1]->name, sorted[i]->name) == 0)
            r = import_fail(list, file, sorted[i]->line, "this name stands here twice");
    }
    free(sorted);
    return r;
}
