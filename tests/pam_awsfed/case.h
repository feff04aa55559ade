/*
 * Conversations as data files: what libpam is called with, what the person answers, what the bridge
 * is asked and says, what comes back. One word or "quoted text" (\n \r \b \t \" \\ \xHH; "x"*600
 * repeats) after the other; '#' begins a comment line. Before the first call:
 *
 *   options WORD...          of the module, beside socket=
 *   user|rhost|tty TEXT      PAM items; user is alice unless said
 *   authtok|oldauthtok TEXT  what an earlier module left
 *   listed NAME              a line of local-users
 *   env NAME=VALUE           the PAM environment beforehand
 *   nobody                   no bridge listens
 *   unnamed                  PAM_USER is not set
 *   mute                     the application's conversation function is NULL
 *   speed N                  the clock runs N times as fast
 *
 * A call: authenticate, account, open, close, chauthtok or setcred, then flags (silent, delete, refresh,
 * reinitialize). The lines below a call say all that happens in it; nothing else may:
 *
 *   ask TEXT ANSWER          a prompt without echo, and the answer, or NULL. Adjoining ones are one conversation
 *   above TEXT               a text in the same conversation as the asks that follow
 *   round                    the next one is another conversation
 *   breaks error|nothing     the conversation of the asks above fails, or gives no array
 *   say info|error TEXT      a text message
 *   request TYPE NAME=VALUE...   what the bridge is asked, exactly, every field in order
 *   reply STATUS|MANNER NAME=VALUE...   its answer (OK, or a name of base/err.h), or how it misbehaves
 *   leaves TEXT              a password for the modules that follow; without this line: none
 *   logs TEXT                is part of the log of this call
 *   returns CODE             without PAM_; IGNORE included
 *   is NAME=VALUE, is NAME   the PAM environment afterwards; without a value: not set
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef TESTS_CASE_H
#define TESTS_CASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/pam_awsfed/fake_bridge.h"

enum { CASE_CALLS = 6, CASE_TURNS = 16, CASE_WORDS = 14, CASE_TEXTS = 256, CASE_FIELDS = 8 };

enum case_kind { CASE_ASK, CASE_ABOVE, CASE_SAY_INFO, CASE_SAY_ERROR };
enum case_break { CASE_NO_BREAK, CASE_BREAK_ERROR, CASE_BREAK_NOTHING };

struct case_turn {
    enum case_kind kind;
    unsigned round;
    enum case_break breaks;
    const char *text, *answer;
};

struct case_call {
    const char *function;
    int flags;
    struct case_turn turns[CASE_TURNS];
    size_t n_turns;
    unsigned round;
    bool asks; /* the bridge, at least once; the exchanges stand in the script */
    const char *logs[4];
    size_t n_logs;
    const char *returns, *leaves;
    const char *is[6];
    size_t n_is;
};

struct case_file {
    const char *path;
    unsigned line;
    char options[512];
    const char *user, *rhost, *tty, *authtok, *oldauthtok;
    char listed[512];
    const char *env[4];
    size_t n_env;
    bool nobody, mute, unnamed;
    int speed;
    struct case_call calls[CASE_CALLS];
    size_t n_calls;
    struct fake_exchange script[CASE_CALLS];
    struct fake_field fields[CASE_CALLS][CASE_FIELDS];
    char expected[CASE_CALLS][4096];
    size_t n_script;
    char *texts[CASE_TEXTS]; /* every word of the file, freed at the end */
    size_t n_texts;
};

_Noreturn static void
case_fault(const struct case_file *c, const char *what, const char *word)
{
    fprintf(stderr, "%s:%u: %s: %s\n", c->path, c->line, what, word);
    abort();
}

static char *
case_keep(struct case_file *c, const char *data, size_t len)
{
    char *copy = c->n_texts < CASE_TEXTS ? malloc(len + 1) : NULL;

    if (copy == NULL)
        case_fault(c, "too much text", "");
    memcpy(copy, data, len);
    copy[len] = '\0';
    return c->texts[c->n_texts++] = copy;
}

/* The character after a backslash; *p is left behind it. */
static char
case_escape(const char **p)
{
    static const char from[] = "nrbt", to[] = "\n\r\b\t";
    char hex[3] = "";
    const char *found = strchr(from, **p);

    if (**p == 'x') {
        memcpy(hex, *p + 1, 2);
        *p += 3;
        return (char)strtol(hex, NULL, 16);
    }
    char c = found != NULL ? to[found - from] : **p;
    (*p)++;
    return c;
}

/* The next word of a line, unquoted; NULL at the end. A quote may begin inside a word: NAME="a b". */
static char *
case_word(struct case_file *c, const char **p)
{
    char word[2048];
    size_t len = 0;
    bool quoted = false;

    while (**p == ' ' || **p == '\t')
        (*p)++;
    if (**p == '\0' || **p == '\n')
        return NULL;
    while (**p != '\0' && **p != '\n' && (quoted || **p != ' ') && len < sizeof(word)) {
        char ch = *(*p)++;
        if (ch == '"') {
            quoted = !quoted;
        } else if (!quoted && ch == '*' && (*p)[-2] == '"' && len > 0) {
            long times = strtol(*p, (char **)(uintptr_t)p, 10);
            for (long i = 1; i < times && len < sizeof(word); i++, len++)
                word[len] = word[len - 1];
        } else {
            word[len++] = quoted && ch == '\\' ? case_escape(p) : ch;
        }
    }
    if (quoted || len == sizeof(word))
        case_fault(c, "unclosed or too long", "");
    return case_keep(c, word, len);
}

static void
case_append(struct case_file *c, char *to, size_t size, const char *text, char end)
{
    size_t used = strlen(to);

    if (used + strlen(text) + 2 > size)
        case_fault(c, "too long", text);
    (void)snprintf(to + used, size - used, "%s%c", text, end);
}

static int
case_status(struct case_file *c, const char *name)
{
    static const struct {
        int error;
        const char *name;
    } errors[] = {{0, "OK"},
#define CASE_ERROR(name, number, class, text) {FED_E_##name, #name},
        FED_ERRORS(CASE_ERROR)
#undef CASE_ERROR
    };

    for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
        if (strcmp(errors[i].name, name) == 0)
            return errors[i].error;
    }
    case_fault(c, "no such status", name);
}

static void
case_reply(struct case_file *c, char **words, size_t n)
{
    static const char *const manners[] = {
        "", "hang", "close", "drop", "torn", "number", "type", "echo", "garbage", "huge"};
    size_t at = c->n_script - 1;
    struct fake_exchange *e = &c->script[at];

    for (size_t i = 1; i < sizeof(manners) / sizeof(manners[0]); i++) {
        if (strcmp(manners[i], words[1]) == 0)
            e->manner = (enum fake_manner)i;
    }
    if (e->manner == FAKE_REPLY)
        e->status = case_status(c, words[1]);
    for (size_t i = 2; i < n && i - 2 < CASE_FIELDS; i++) {
        char *equals = strchr(words[i], '=');
        if (equals == NULL)
            case_fault(c, "not NAME=VALUE", words[i]);
        *equals = '\0';
        c->fields[at][i - 2] = (struct fake_field){words[i], equals + 1};
        e->n_fields = i - 1;
    }
    e->fields = c->fields[at];
}

static void
case_request(struct case_file *c, struct case_call *call, char **words, size_t n)
{
    if (c->n_script == CASE_CALLS)
        case_fault(c, "too many requests", words[1]);
    call->asks = true;
    char *to = c->expected[c->n_script++];
    for (size_t i = 1; i < n; i++) {
        if (i > 1)
            case_append(c, to, sizeof(c->expected[0]), " ", '\0');
        case_append(c, to, sizeof(c->expected[0]), words[i], '\0');
    }
}

static void
case_turn(struct case_file *c, struct case_call *call, enum case_kind kind, char **words, size_t at)
{
    struct case_turn *last = call->n_turns > 0 ? &call->turns[call->n_turns - 1] : NULL;

    if (call->n_turns == CASE_TURNS)
        case_fault(c, "too many turns", "");
    if (kind != CASE_ASK || (last != NULL && last->kind != CASE_ASK && last->kind != CASE_ABOVE))
        call->round++;
    call->turns[call->n_turns++] = (struct case_turn){.kind = kind,
        .round = call->round,
        .text = words[at],
        .answer = kind == CASE_ASK && strcmp(words[at + 1], "NULL") != 0 ? words[at + 1] : NULL};
}

/* A line below a call. */
static void
case_call_line(struct case_file *c, struct case_call *call, char **words, size_t n)
{
    const char *key = words[0];

    if (strcmp(key, "ask") == 0 && n == 3) {
        case_turn(c, call, CASE_ASK, words, 1);
    } else if (strcmp(key, "above") == 0 && n == 2) {
        case_turn(c, call, CASE_ABOVE, words, 1);
    } else if (strcmp(key, "say") == 0 && n == 3) {
        case_turn(
            c, call, strcmp(words[1], "info") == 0 ? CASE_SAY_INFO : CASE_SAY_ERROR, words, 2);
    } else if (strcmp(key, "round") == 0) {
        call->round++;
    } else if (strcmp(key, "breaks") == 0 && n == 2) {
        call->turns[call->n_turns - 1].breaks =
            strcmp(words[1], "error") == 0 ? CASE_BREAK_ERROR : CASE_BREAK_NOTHING;
    } else if (strcmp(key, "request") == 0 && n >= 2) {
        case_request(c, call, words, n);
    } else if (strcmp(key, "reply") == 0 && n >= 2 && call->asks) {
        case_reply(c, words, n);
    } else if (strcmp(key, "logs") == 0 && n == 2 && call->n_logs < 4) {
        call->logs[call->n_logs++] = words[1];
    } else if (strcmp(key, "leaves") == 0 && n == 2) {
        call->leaves = words[1];
    } else if (strcmp(key, "returns") == 0 && n == 2) {
        call->returns = words[1];
    } else if (strcmp(key, "is") == 0 && n == 2 && call->n_is < 6) {
        call->is[call->n_is++] = words[1];
    } else {
        case_fault(c, "not understood", key);
    }
}

static void
case_head_line(struct case_file *c, char **words, size_t n)
{
    const char *key = words[0], *value = n > 1 ? words[1] : "";

    if (strcmp(key, "options") == 0) {
        for (size_t i = 1; i < n; i++)
            case_append(c, c->options, sizeof(c->options), words[i], ' ');
    } else if (strcmp(key, "user") == 0) {
        c->user = value;
    } else if (strcmp(key, "rhost") == 0) {
        c->rhost = value;
    } else if (strcmp(key, "tty") == 0) {
        c->tty = value;
    } else if (strcmp(key, "authtok") == 0) {
        c->authtok = value;
    } else if (strcmp(key, "oldauthtok") == 0) {
        c->oldauthtok = value;
    } else if (strcmp(key, "listed") == 0) {
        case_append(c, c->listed, sizeof(c->listed), value, '\n');
    } else if (strcmp(key, "env") == 0 && c->n_env < 4) {
        c->env[c->n_env++] = value;
    } else if (strcmp(key, "nobody") == 0) {
        c->nobody = true;
    } else if (strcmp(key, "unnamed") == 0) {
        c->unnamed = true;
    } else if (strcmp(key, "mute") == 0) {
        c->mute = true;
    } else if (strcmp(key, "speed") == 0) {
        c->speed = (int)strtol(value, NULL, 10);
    } else {
        case_fault(c, "not understood", key);
    }
}

/* True when the line opens a call. */
static bool
case_begin(struct case_file *c, char **words, size_t n)
{
    static const char *const functions[] = {
        "authenticate", "account", "open", "close", "chauthtok", "setcred"};
    static const struct {
        const char *name;
        int flag;
    } flags[] = {{"silent", (int)PAM_SILENT}, {"delete", PAM_DELETE_CRED},
        {"refresh", PAM_REFRESH_CRED}, {"reinitialize", PAM_REINITIALIZE_CRED},
        {"establish", PAM_ESTABLISH_CRED}};

    for (size_t i = 0; i < sizeof(functions) / sizeof(functions[0]); i++) {
        if (strcmp(functions[i], words[0]) != 0)
            continue;
        if (c->n_calls == CASE_CALLS)
            case_fault(c, "too many calls", words[0]);
        struct case_call *call = &c->calls[c->n_calls++];
        call->function = functions[i];
        for (size_t w = 1; w < n; w++) {
            for (size_t f = 0; f < sizeof(flags) / sizeof(flags[0]); f++)
                call->flags |= strcmp(flags[f].name, words[w]) == 0 ? flags[f].flag : 0;
        }
        return true;
    }
    return false;
}

static struct case_file *
case_read(const char *path)
{
    struct case_file *c = calloc(1, sizeof(*c));
    FILE *f = fopen(path, "re");
    char line[2048];

    if (c == NULL || f == NULL)
        abort();
    c->path = path;
    c->user = "alice";
    while (fgets(line, sizeof(line), f) != NULL) {
        char *words[CASE_WORDS + 1];
        const char *p = line;
        size_t n = 0;
        c->line++;
        if (line[0] == '#')
            continue;
        while (n < CASE_WORDS && (words[n] = case_word(c, &p)) != NULL)
            n++;
        if (n == 0 || case_begin(c, words, n))
            continue;
        if (c->n_calls == 0)
            case_head_line(c, words, n);
        else
            case_call_line(c, &c->calls[c->n_calls - 1], words, n);
    }
    fclose(f);
    return c;
}

static void
case_free(struct case_file *c)
{
    for (size_t i = 0; i < c->n_texts; i++)
        free(c->texts[i]);
    free(c);
}

#endif
