/*
 * Choosing one of many by typing: which rows are left, which one is marked, what a key does to that. No
 * terminal here: the picker draws what this says.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef BRIDGE_LOGIN_CHOICE_H
#define BRIDGE_LOGIN_CHOICE_H

#include <stdbool.h>
#include <stddef.h>

enum { CHOICE_FILTER_SIZE = 64, CHOICE_ROWS_MAX = 1024 };

enum choice_state { CHOICE_OPEN, CHOICE_TAKEN, CHOICE_LEFT };

struct choice {
    const char *const *texts; /* what the filter looks at, one a row; borrowed */
    size_t count;             /* at most CHOICE_ROWS_MAX */
    char filter[CHOICE_FILTER_SIZE];
    size_t left[CHOICE_ROWS_MAX]; /* rows that fit the filter, in their order */
    size_t n_left;
    size_t at; /* the marked one of left */
};

/* All rows, the first one marked. */
void choice_init(struct choice *c, const char *const *texts, size_t count);

/*
 * What keys did: arrows, Ctrl-P/N, Page Up/Down, Home and End move; Enter takes the marked row; Escape and Ctrl-D leave;
 * Backspace, Ctrl-W and Ctrl-U take from the filter; all else that can be printed is added to it. Unknown escape sequences
 * do nothing. Any bytes are safe.
 */
enum choice_state choice_keys(struct choice *c, const char *bytes, size_t len);

/* The row that is marked; count when the filter fits none. */
size_t choice_row(const struct choice *c);

#endif
