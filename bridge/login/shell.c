/*
 * Quoting. Every dialect has a quote inside which one or two characters alone are special; only
 * that quote is used, and only those characters are rewritten.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "bridge/login/shell.h"

#include <string.h>

static const struct {
    const char *name;
    enum shell shell;
} names[] = {
    {"bash", SHELL_BASH},
    {"zsh", SHELL_ZSH},
    {"fish", SHELL_FISH},
    {"powershell", SHELL_POWERSHELL},
    {"dotenv", SHELL_DOTENV},
    {"json", SHELL_JSON},
};

int
shell_by_name(const char *name, enum shell *ret_shell)
{
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (strcmp(names[i].name, name) == 0) {
            *ret_shell = names[i].shell;
            return 0;
        }
    }
    return FED_E_NOT_FOUND;
}

enum shell
shell_of_path(const char *path)
{
    const char *slash = path != NULL ? strrchr(path, '/') : NULL;
    const char *base = slash != NULL ? slash + 1 : path;

    if (base == NULL)
        return SHELL_BASH;
    if (strcmp(base, "zsh") == 0)
        return SHELL_ZSH;
    if (strcmp(base, "fish") == 0)
        return SHELL_FISH;
    if (strcmp(base, "pwsh") == 0 || strcmp(base, "powershell") == 0)
        return SHELL_POWERSHELL;
    return SHELL_BASH;
}

/*
 * What must stand in a quoted value for the characters at p; *ret_taken of them, at least 1.
 *
 * POSIX, 2.2.3: between single quotes only the single quote is special and cannot be there at all:
 * close, escape, open again. The form has no two quotes in a row inside, so zsh's
 * RC_QUOTES changes nothing. fish: backslash escapes itself and the quote. PowerShell: a quote
 * is doubled, and it takes the four typographic quotes U+2018 to U+201B for the same quote.
 */
static const char *
escape(enum shell shell, const char *p, size_t *ret_taken)
{
    static const char *const curly[] = {"\xe2\x80\x98\xe2\x80\x98", "\xe2\x80\x99\xe2\x80\x99",
        "\xe2\x80\x9a\xe2\x80\x9a", "\xe2\x80\x9b\xe2\x80\x9b"};

    *ret_taken = 1;
    switch (shell) {
    case SHELL_FISH:
        return *p == '\'' ? "\\'" : *p == '\\' ? "\\\\" : NULL;
    case SHELL_POWERSHELL:
        for (size_t i = 0; i < sizeof(curly) / sizeof(curly[0]); i++) {
            if (strncmp(p, curly[i], 3) == 0) {
                *ret_taken = 3;
                return curly[i];
            }
        }
        return *p == '\'' ? "''" : NULL;
    default:
        return *p == '\'' ? "'\\''" : NULL;
    }
}

static int
add_quoted(struct fed_secret *to, enum shell shell, const char *value)
{
    int r = fed_secret_add_byte(to, '\'');
    size_t taken;

    for (const char *p = value; r == 0 && *p != '\0'; p += taken) {
        const char *instead = escape(shell, p, &taken);
        r = instead != NULL ? fed_secret_add_str(to, instead) : fed_secret_add(to, p, taken);
    }
    return r != 0 ? r : fed_secret_add_byte(to, '\'');
}

/*
 * Readers of dotenv files (docker, compose, python-dotenv, a shell's ".") agree on plain words, and
 * all but docker on single quotes around what has neither quote, backslash nor line break. Past that
 * one reader's escape is another one's command: refused.
 */
static int
add_dotenv(struct fed_secret *to, const char *value)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                "0123456789_-+=/.:,@%";

    for (const char *p = value; *p != '\0'; p++) {
        if (*p == '\'' || *p == '\\' || (unsigned char)*p < 0x20 || *p == 0x7f)
            return FED_E_INVALID;
    }
    if (value[strspn(value, plain)] == '\0')
        return fed_secret_add_str(to, value);
    return add_quoted(to, SHELL_BASH, value);
}

/* Statements end with ";" so that they survive an unquoted $(...), which joins the lines. */
int
shell_set(struct fed_secret *to, enum shell shell, const char *name, const char *value)
{
    static const struct {
        const char *before, *between, *after;
    } forms[] = {
        [SHELL_BASH] = {"export ", "=", ";\n"},
        [SHELL_ZSH] = {"export ", "=", ";\n"},
        [SHELL_FISH] = {"set -gx ", " ", ";\n"},
        [SHELL_POWERSHELL] = {"$env:", " = ", ";\n"},
        [SHELL_DOTENV] = {"", "=", "\n"},
    };
    size_t at = to->len;
    int r;

    if ((size_t)shell >= sizeof(forms) / sizeof(forms[0]))
        return FED_E_INVALID;
    if ((r = fed_secret_add_str(to, forms[shell].before)) == 0 &&
        (r = fed_secret_add_str(to, name)) == 0 &&
        (r = fed_secret_add_str(to, forms[shell].between)) == 0 &&
        (r = shell == SHELL_DOTENV ? add_dotenv(to, value) : add_quoted(to, shell, value)) == 0)
        r = fed_secret_add_str(to, forms[shell].after);
    /* Half an assignment must not be evaluated either; shrinking cannot fail. */
    if (r != 0 && fed_secret_resize(to, at) != 0)
        fed_secret_clear(to);
    return r;
}

int
shell_unset(struct fed_secret *to, enum shell shell, const char *name)
{
    switch (shell) {
    case SHELL_BASH:
    case SHELL_ZSH:
        return fed_secret_addf(to, "unset %s;\n", name);
    case SHELL_FISH:
        return fed_secret_addf(to, "set -e %s;\n", name);
    case SHELL_POWERSHELL:
        return fed_secret_addf(to, "$env:%s = $null;\n", name);
    case SHELL_DOTENV:
    case SHELL_JSON:
        break;
    }
    return 0;
}

bool
shell_can_unset(enum shell shell)
{
    return shell != SHELL_DOTENV && shell != SHELL_JSON;
}

const char *
shell_how_to_eval(enum shell shell)
{
    switch (shell) {
    case SHELL_BASH:
    case SHELL_ZSH:
        return "eval \"$(awsfed-login env)\"";
    case SHELL_FISH:
        return "awsfed-login env | source";
    case SHELL_POWERSHELL:
        return "awsfed-login env | Out-String | Invoke-Expression";
    case SHELL_DOTENV:
    case SHELL_JSON:
        break;
    }
    return NULL;
}
