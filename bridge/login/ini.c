/*
 * Lines of an INI file, read as botocore reads them: a section's name ends at the line's last bracket, and an
 * indented line belongs to the key above.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "bridge/login/ini.h"

#include <string.h>
#include <strings.h>

static bool
is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == '\f' || c == '\v';
}

static void
trim(const char **text, size_t *len)
{
    while (*len > 0 && is_blank(**text)) {
        (*text)++;
        (*len)--;
    }
    while (*len > 0 && is_blank((*text)[*len - 1]))
        (*len)--;
}

void
ini_begin(struct ini *ini, const void *data, size_t len)
{
    *ini = (struct ini){.next = data, .left = len};
}

static void
read_section(struct ini_line *line, const char *text, size_t len)
{
    const char *end = memrchr(text, ']', len);

    if (end == NULL)
        return;
    line->kind = INI_SECTION;
    line->name = text + 1;
    line->name_len = (size_t)(end - text) - 1;
    trim(&line->name, &line->name_len);
}

static void
read_key(struct ini_line *line, const char *text, size_t len)
{
    size_t at = 0;

    while (at < len && text[at] != '=' && text[at] != ':')
        at++;
    if (at == 0 || at == len)
        return;
    line->kind = INI_KEY;
    line->name = text;
    line->name_len = at;
    trim(&line->name, &line->name_len);
    line->value = text + at + 1;
    line->value_len = len - at - 1;
    trim(&line->value, &line->value_len);
}

bool
ini_next(struct ini *ini, struct ini_line *ret_line)
{
    if (ini->left == 0)
        return false;
    const char *newline = memchr(ini->next, '\n', ini->left);
    size_t whole = newline != NULL ? (size_t)(newline - ini->next) + 1 : ini->left;
    struct ini_line line = {
        .number = ++ini->number, .text = ini->next, .len = whole, .name = "", .value = ""};
    const char *text = line.text;
    size_t len = whole;

    trim(&text, &len);
    if (len > 0 && text > line.text && ini->after_key)
        line.kind = INI_MORE;
    else if (len > 0 && *text == '[')
        read_section(&line, text, len);
    else if (len > 0 && *text != '#' && *text != ';')
        read_key(&line, text, len);
    if (line.kind == INI_KEY)
        ini->after_key = true;
    else if (line.kind == INI_SECTION)
        ini->after_key = false;
    ini->next += whole;
    ini->left -= whole;
    *ret_line = line;
    return true;
}

static bool
is_text(const char *text, size_t len, const char *wanted)
{
    return len == strlen(wanted) && memcmp(text, wanted, len) == 0;
}

bool
ini_is_profile(const struct ini_line *line, bool in_config, const char *name)
{
    static const char word[] = "profile";
    const size_t skip = sizeof(word) - 1;
    const char *text = line->name;
    size_t len = line->name_len;

    if (line->kind != INI_SECTION)
        return false;
    if (!in_config || (strcmp(name, "default") == 0 && is_text(text, len, name)))
        return is_text(text, len, name);
    if (len <= skip || memcmp(text, word, skip) != 0 || !is_blank(text[skip]))
        return false;
    text += skip;
    len -= skip;
    trim(&text, &len);
    if (len >= 2 && (*text == '"' || *text == '\'') && text[len - 1] == *text) {
        text++;
        len -= 2;
    }
    return is_text(text, len, name);
}

bool
ini_is_key(const struct ini_line *line, const char *key)
{
    return line->kind == INI_KEY && line->name_len == strlen(key) &&
           strncasecmp(line->name, key, line->name_len) == 0;
}
