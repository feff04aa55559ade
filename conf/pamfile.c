/*
 * Reading as libpam's pam_handlers.c does: what it would silently take otherwise is an error here.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "conf/pamfile.h"

#include <stdint.h>
#include <string.h>
#include <strings.h>

#include "base/text.h"

enum { JUMP_MOST = 1000 };

static const char *const phases[PAMFILE_PHASES] = {"auth", "account", "password", "session"};

static const char *const results[PAMFILE_RESULTS] = {"success", "open_err", "symbol_err",
    "service_err", "system_err", "buf_err", "perm_denied", "auth_err", "cred_insufficient",
    "authinfo_unavail", "user_unknown", "maxtries", "new_authtok_reqd", "acct_expired",
    "session_err", "cred_unavail", "cred_expired", "cred_err", "no_module_data", "conv_err",
    "authtok_err", "authtok_recover_err", "authtok_lock_busy", "authtok_disable_aging", "try_again",
    "ignore", "abort", "authtok_expired", "module_unknown", "bad_item", "conv_again", "incomplete"};

static const struct {
    const char *name;
    enum pamfile_action action;
} actions[] = {{"ignore", PAMFILE_IGNORE}, {"ok", PAMFILE_OK}, {"done", PAMFILE_DONE},
    {"bad", PAMFILE_BAD}, {"die", PAMFILE_DIE}, {"reset", PAMFILE_RESET}};

/* pam.conf(5): what the words of old mean. */
static const struct {
    const char *name, *means;
} controls[] = {{"required", "success=ok new_authtok_reqd=ok ignore=ignore default=bad"},
    {"requisite", "success=ok new_authtok_reqd=ok ignore=ignore default=die"},
    {"sufficient", "success=done new_authtok_reqd=done default=ignore"},
    {"optional", "success=ok new_authtok_reqd=ok default=ignore"}};

const char *
pamfile_phase_name(enum pamfile_phase phase)
{
    return phases[phase];
}

const char *
pamfile_result_name(enum pamfile_result result)
{
    return results[result];
}

void
pamfile_begin(struct pamfile *file, const void *data, size_t len)
{
    *file = (struct pamfile){.next = data, .left = len, .number = 1};
}

/* ---- Lines ---- */

/* One line of the file up to its comment, appended to what is there; *ret_more: its end is a backslash. */
static bool
append(struct pamfile *file, struct pamfile_line *line, size_t *at, bool *ret_more)
{
    const char *end = memchr(file->next, '\n', file->left);
    size_t whole = end != NULL ? (size_t)(end - file->next) : file->left;
    const char *from = file->next, *comment = memchr(from, '#', whole);
    size_t len = comment != NULL ? (size_t)(comment - from) : whole;

    file->next += whole + (end != NULL);
    file->left -= whole + (end != NULL);
    file->number++;
    while (len > 0 && strchr(" \t\r", from[len - 1]) != NULL && from[len - 1] != '\0')
        len--;
    *ret_more = len > 0 && from[len - 1] == '\\' && file->left > 0;
    if (len > 0 && from[len - 1] == '\\')
        len--;
    if (*at > sizeof(line->text) - 2 || len > sizeof(line->text) - 2 - *at ||
        memchr(from, '\0', len) != NULL)
        return false;
    memcpy(line->text + *at, from, len);
    *at += len;
    line->text[(*at)++] = ' ';
    line->text[*at] = '\0';
    return true;
}

static bool
is_blank(const char *text)
{
    return text[strspn(text, " \t\r")] == '\0';
}

/* A whole line, with those that it goes on in. */
static enum pamfile_found
assemble(struct pamfile *file, struct pamfile_line *line, const char **ret_what)
{
    while (file->left > 0) {
        bool more = true, fits = true;
        size_t at = 0;
        line->number = file->number;
        line->text[0] = '\0';
        while (more && file->left > 0)
            fits = append(file, line, &at, &more) && fits;
        if (!fits) {
            *ret_what = "longer than libpam reads, or with a NUL in it";
            return PAMFILE_WRONG;
        }
        if (!is_blank(line->text))
            return PAMFILE_LINE;
    }
    return PAMFILE_END;
}

/*
 * The next word, cut out in place; one in brackets may have blanks in it, and "\]" for "]". NULL at the end; *ret_open when a
 * bracket is not closed.
 */
static char *
next_word(char **at, bool *ret_bracketed, bool *ret_open)
{
    char *from = *at + strspn(*at, " \t\r"), *to;

    *ret_bracketed = *from == '[';
    if (*from == '\0')
        return NULL;
    if (!*ret_bracketed) {
        to = from + strcspn(from, " \t\r");
        *at = *to != '\0' ? to + 1 : to;
        *to = '\0';
        return from;
    }
    char *word = to = ++from;
    while (*from != '\0' && *from != ']') {
        if (from[0] == '\\' && from[1] == ']')
            from++;
        *to++ = *from++;
    }
    *ret_open = *from == '\0';
    *at = *ret_open ? from : from + 1;
    *to = '\0';
    return word;
}

/* ---- Controls ---- */

static bool
read_action(const char *text, size_t len, int *ret)
{
    char word[16];
    uint64_t jump;

    if (len == 0 || len >= sizeof(word))
        return false;
    memcpy(word, text, len);
    word[len] = '\0';
    for (size_t i = 0; i < sizeof(actions) / sizeof(actions[0]); i++) {
        if (text_equal_nocase(word, actions[i].name)) {
            *ret = actions[i].action;
            return true;
        }
    }
    if (text_to_u64(word, &jump) != 0 || jump == 0 || jump > JUMP_MOST)
        return false;
    *ret = (int)jump;
    return true;
}

static bool
set_result(struct pamfile_line *line, const char *name, size_t len, int action)
{
    if (len == 7 && strncasecmp(name, "default", len) == 0) {
        for (size_t i = 0; i < PAMFILE_RESULTS; i++) {
            if (line->actions[i] == PAMFILE_UNSET)
                line->actions[i] = action;
        }
        return true;
    }
    for (size_t i = 0; i < PAMFILE_RESULTS; i++) {
        if (strlen(results[i]) == len && strncasecmp(name, results[i], len) == 0) {
            line->actions[i] = action;
            return true;
        }
    }
    return false;
}

/* "success=ok default=bad": each sets one result, "default" those that none has set before it. */
static bool
read_actions(struct pamfile_line *line, const char *text)
{
    for (size_t i = 0; i < PAMFILE_RESULTS; i++)
        line->actions[i] = PAMFILE_UNSET;
    for (;;) {
        text += strspn(text, " \t\r");
        size_t len = strcspn(text, "= \t\r");
        if (*text == '\0')
            return true;
        const char *value = text + len + strspn(text + len, " \t\r");
        if (*value != '=')
            return false;
        value++;
        value += strspn(value, " \t\r");
        size_t value_len = strcspn(value, " \t\r");
        int action;
        if (!read_action(value, value_len, &action) || !set_result(line, text, len, action))
            return false;
        text = value + value_len;
    }
}

static bool
read_control(struct pamfile_line *line)
{
    line->kind = PAMFILE_MODULE;
    if (line->bracketed)
        return read_actions(line, line->control);
    if (text_equal_nocase(line->control, "include"))
        line->kind = PAMFILE_INCLUDE;
    else if (text_equal_nocase(line->control, "substack"))
        line->kind = PAMFILE_SUBSTACK;
    if (line->kind != PAMFILE_MODULE)
        return true;
    for (size_t i = 0; i < sizeof(controls) / sizeof(controls[0]); i++) {
        if (text_equal_nocase(line->control, controls[i].name))
            return read_actions(line, controls[i].means);
    }
    return false;
}

/* ---- Words ---- */

static bool
read_phase(struct pamfile_line *line, const char *word)
{
    line->silent = *word == '-';
    word += line->silent;
    for (size_t i = 0; i < PAMFILE_PHASES; i++) {
        if (text_equal_nocase(word, phases[i])) {
            line->phase = (enum pamfile_phase)i;
            return true;
        }
    }
    return false;
}

static const char *
read_rest(struct pamfile_line *line, char *at)
{
    bool open = false, bracketed;
    const char *word;

    line->name = next_word(&at, &bracketed, &open);
    if (line->name == NULL)
        return "no module, or no file, is named";
    while (!open && (word = next_word(&at, &bracketed, &open)) != NULL) {
        if (line->n_args == PAMFILE_WORDS_MAX)
            return "too many words";
        line->args[line->n_args++] = word;
    }
    return open ? "a bracket is not closed" : NULL;
}

/* NULL, or what is wrong. */
static const char *
read_words(struct pamfile_line *line)
{
    bool open = false, bracketed;
    char *at = line->text;
    const char *word = next_word(&at, &bracketed, &open);

    line->n_args = 0;
    line->control = NULL;
    line->bracketed = line->silent = false;
    if (text_equal_nocase(word, "@include")) {
        line->kind = PAMFILE_WHOLE;
        return read_rest(line, at);
    }
    if (bracketed || !read_phase(line, word))
        return "it begins with none of auth, account, password, session and @include";
    line->control = next_word(&at, &line->bracketed, &open);
    if (line->control == NULL)
        return "no control and no module";
    if (open)
        return "a bracket is not closed";
    if (!read_control(line))
        return "the control is none that libpam knows, which then fails the whole phase";
    return read_rest(line, at);
}

enum pamfile_found
pamfile_next(struct pamfile *file, struct pamfile_line *ret_line, const char **ret_what)
{
    enum pamfile_found found = assemble(file, ret_line, ret_what);

    if (found != PAMFILE_LINE)
        return found;
    const char *what = read_words(ret_line);
    if (what == NULL)
        return PAMFILE_LINE;
    *ret_what = what;
    return PAMFILE_WRONG;
}
