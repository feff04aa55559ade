/*
 * The files in ~/.aws, line by line: which line is a section, a key or something else, with every byte
 * left where it is. Nothing is unquoted or joined: what these files mean is the SDKs' business, which bytes
 * are ours is ours.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef BRIDGE_LOGIN_INI_H
#define BRIDGE_LOGIN_INI_H

#include <stdbool.h>
#include <stddef.h>

enum ini_kind {
    INI_OTHER,   /* blank, a comment, or nothing we know */
    INI_SECTION, /* [name] */
    INI_KEY,     /* name = value */
    INI_MORE,    /* an indented line after a key: part of its value */
};

/* Borrowed views; len counts the line's end, the other two are without blanks around them. */
struct ini_line {
    enum ini_kind kind;
    size_t number; /* from 1 */
    const char *text;
    size_t len;
    const char *name; /* of a section or key; "" otherwise */
    size_t name_len;
    const char *value; /* of a key */
    size_t value_len;
};

struct ini {
    const char *next;
    size_t left, number;
    bool after_key;
};

/* Begin to read (data, len), any bytes. */
void ini_begin(struct ini *ini, const void *data, size_t len);

/* The next line; false at the end. The lines' texts, joined, are the data. Never blocks or allocates. */
bool ini_next(struct ini *ini, struct ini_line *ret_line);

/*
 * Is this the section of a profile? In the config file that is [profile NAME], NAME in quotes or not, and [default];
 * in the credentials file [NAME].
 */
bool ini_is_profile(const struct ini_line *line, bool in_config, const char *name);

/* Is this a line with this key, in any case of letters? */
bool ini_is_key(const struct ini_line *line, const char *key);

#endif
