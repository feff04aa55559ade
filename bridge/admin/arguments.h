/*
 * The few options of words that take a USER: they may stand before it or after it.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef BRIDGE_ADMIN_ARGUMENTS_H
#define BRIDGE_ADMIN_ARGUMENTS_H

#include <stdbool.h>

/* A word's arguments, the word first. What is taken is gone from them. */
struct arguments {
    int n;
    char **all;
};

/* name is "--json": was it there? */
bool arguments_take_switch(struct arguments *a, const char *name);

/*
 * name is "--role" or "-r": its value, after it or after a "="; NULL where it is not there. One without a value stays, and is
 * then what arguments_only refuses.
 */
const char *arguments_take(struct arguments *a, const char *name);

/* What is left: exactly one text that is no option. NULL otherwise. */
const char *arguments_only(const struct arguments *a);

#endif
