/*
 * The command line of awsfed-login: one table of words, one of options, and a parser that knows
 * which option goes with which word and guesses what a mistyped one was meant to be.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef BRIDGE_LOGIN_OPTIONS_H
#define BRIDGE_LOGIN_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bridge/login/outcome.h"
#include "bridge/login/shell.h"

struct options;

/* Options that only some words take; the others go with every word. The last two are what may follow the word. */
enum option_flag {
    OPTION_JSON = 1,
    OPTION_SHELL = 2,
    OPTION_UNSET = 4,
    OPTION_PROMPT = 8,
    OPTION_NEED = 16,
    OPTION_SERVICE = 32,
    OPTION_OPEN = 64,
    OPTION_PREFIX = 128,
    OPTION_DIFF = 256,
    OPTION_PROFILE = 512,
    TAKES_ROLE = 1 << 16,
    TAKES_COMMAND = 1 << 17,
};

struct word {
    const char *name;    /* "" for the command without a word: the first row of a table */
    unsigned takes;      /* bits of option_flag */
    bool shows_progress; /* on a terminal, while the bridge thinks */
    enum outcome (*run)(const struct options *o);
};

/* The words of the command; word_count of them. */
extern const struct word words[];
extern const size_t word_count;

/* What was asked for; strings are borrowed from argv and the environment. */
struct options {
    const struct word *word;    /* never NULL */
    const char *role;           /* NULL: the bridge chooses */
    uint64_t duration_s;        /* 0: the role's own */
    uint64_t need_s;            /* exec: how long the credentials must renew for, 0: no matter */
    const char *service;        /* console: a service's page, NULL: the first page */
    const char *prefix;         /* configure: what profile names begin with, NULL: nothing */
    const char *profile;        /* write: the profile; NULL: not given */
    const char *const *command; /* exec: NULL-terminated, NULL: not given */
    const char *socket;
    enum shell shell;
    bool quiet, json, prompt, unset, open, diff, help, version;
};

/*
 * Parse argv[1..]. What is wrong has been told on standard error in one line.
 *   shell_path, socket   $SHELL and $AWSFED_SOCKET, or NULL
 * OUTCOME_DONE or OUTCOME_USAGE (ret untouched).
 */
FED_MUST_USE enum outcome options_parse(int argc, const char *const *argv, const char *shell_path,
    const char *socket, struct options *ret_options);

/* The name nearest to a mistyped one, NULL when none is near; one of the given names. */
const char *options_nearest(const char *typed, const char *const *names, size_t count);

#endif
