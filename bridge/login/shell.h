/*
 * The dialects in which `env` writes assignments. Whatever a value holds, what is written here
 * evaluates to that one assignment and to nothing else (I-69).
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef BRIDGE_LOGIN_SHELL_H
#define BRIDGE_LOGIN_SHELL_H

#include <stdbool.h>

#include "base/secret.h"

enum shell {
    SHELL_BASH, /* and every other POSIX shell */
    SHELL_ZSH,
    SHELL_FISH,
    SHELL_POWERSHELL,
    SHELL_DOTENV, /* a file of NAME=value for tools that read one; not evaluated */
    SHELL_JSON,   /* written by json.h: the functions below do not take it */
};

/* The names of all dialects, as --shell takes them: "bash, zsh, ...". */
#define SHELL_NAMES "bash, zsh, fish, powershell, dotenv, json"

/* A dialect by its name. 0 or FED_E_NOT_FOUND. */
FED_MUST_USE int shell_by_name(const char *name, enum shell *ret_shell);

/* The dialect of a login shell's path ($SHELL), by its last part; bash when it is unknown or NULL. */
enum shell shell_of_path(const char *path);

/*
 * One line that sets and exports a variable.
 *   name   letters, digits and '_' only: the caller's constant
 *   value  UTF-8, any
 * 0, FED_E_TOO_BIG, FED_E_NOMEM; FED_E_INVALID for a value that dotenv readers would not agree on.
 */
FED_MUST_USE int shell_set(
    struct fed_secret *to, enum shell shell, const char *name, const char *value);

/* One line that unsets a variable; nothing for dotenv. Errors as above. */
FED_MUST_USE int shell_unset(struct fed_secret *to, enum shell shell, const char *name);

/* Can the dialect unset? */
bool shell_can_unset(enum shell shell);

/* The command a person types to have the output evaluated; NULL where it is not for that. Static. */
const char *shell_how_to_eval(enum shell shell);

#endif
