/*
 * What awsfed-admin says of itself.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef BRIDGE_ADMIN_HELP_H
#define BRIDGE_ADMIN_HELP_H

#include <stdbool.h>

/* All of it, to standard output. */
void help_print(void);

/*
 * What is about one word, and, where that is one of a word's own (mfa enrol), about the second alone; NULL: no second.
 * False, and nothing printed, when there is no such word.
 */
bool help_print_of(const char *word, const char *second);

#endif
