/*
 * Finding a role of a book by one of its texts, without ASCII case: an open hash table over indices.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef BRIDGE_BOOK_INDEX_H
#define BRIDGE_BOOK_INDEX_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

struct book_index {
    const char *(*text)(const void *arg, unsigned item); /* required */
    const void *arg;
    unsigned *places; /* 1 + item, 0 = free */
    size_t n_places;  /* a power of two, at least twice n */
    size_t n;
};

void book_index_done(struct book_index *index);

/* Items of one text may be several: the first is found. 0 or FED_E_NOMEM. */
FED_MUST_USE int book_index_add(struct book_index *index, unsigned item);
bool book_index_find(const struct book_index *index, const char *text, unsigned *ret_item);

#endif
