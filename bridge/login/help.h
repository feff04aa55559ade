/*
 * What --help says: the overview, and a page for each word.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef BRIDGE_LOGIN_HELP_H
#define BRIDGE_LOGIN_HELP_H

/* The text for a word's name ("" for the overview); static, never NULL, ends with a newline. */
const char *help_of(const char *word);

#endif
