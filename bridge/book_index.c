/*
 * Open addressing with linear steps; the table doubles when it is half full.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "bridge/book_index.h"

#include <stdint.h>
#include <stdlib.h>

#include "base/text.h"

void
book_index_done(struct book_index *index)
{
    free(index->places);
    index->places = NULL;
    index->n_places = index->n = 0;
}

/* FNV-1a over lower-case letters. */
static size_t
hash_of(const char *text)
{
    uint64_t h = UINT64_C(14695981039346656037);

    for (; *text != '\0'; text++) {
        unsigned char c = (unsigned char)*text;
        h = (h ^ (c >= 'A' && c <= 'Z' ? c + 32u : c)) * UINT64_C(1099511628211);
    }
    return (size_t)(h ^ (h >> 32));
}

static unsigned *
place_of(const struct book_index *index, const char *text)
{
    size_t mask = index->n_places - 1, at = hash_of(text) & mask;

    while (index->places[at] != 0 &&
           !text_equal_nocase(index->text(index->arg, index->places[at] - 1), text))
        at = (at + 1) & mask;
    return &index->places[at];
}

static int
grow(struct book_index *index)
{
    struct book_index bigger = *index;

    bigger.n_places = index->n_places == 0 ? 64 : 2 * index->n_places;
    bigger.places = calloc(bigger.n_places, sizeof(*bigger.places));
    if (bigger.places == NULL)
        return FED_E_NOMEM;
    for (size_t i = 0; i < index->n_places; i++) {
        unsigned item = index->places[i];
        if (item != 0)
            *place_of(&bigger, index->text(index->arg, item - 1)) = item;
    }
    free(index->places);
    *index = bigger;
    return 0;
}

int
book_index_add(struct book_index *index, unsigned item)
{
    int r = 2 * (index->n + 1) > index->n_places ? grow(index) : 0;

    if (r != 0)
        return r;
    unsigned *place = place_of(index, index->text(index->arg, item));
    if (*place == 0) {
        *place = item + 1;
        index->n++;
    }
    return 0;
}

bool
book_index_find(const struct book_index *index, const char *text, unsigned *ret_item)
{
    unsigned place = index->n_places != 0 ? *place_of(index, text) : 0;

    if (place != 0)
        *ret_item = place - 1;
    return place != 0;
}
