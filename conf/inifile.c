/*
 * Reading an INI file in two passes.
 *
 * libini_config stops at the first line that it cannot store, knows no line numbers of headings, cuts a
 * file at a NUL and refuses one whole for a foreign byte in a comment. So a first pass looks at each
 * line's shape, reports what is wrong with it, and overwrites comments and refused lines with "#": line
 * numbers stay, and libini_config, in the second pass, takes keys and values from a file without faults. It gets
 * one section after the other, since its look-ups walk over all that it has read.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "conf/inifile.h"

#include <errno.h>
#include <ini_configobj.h>
#include <ini_valueobj.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

enum { KEY_MAX = 64 };

struct scan {
    struct conf_where where;
    struct sections *sections;
    struct conf_errors *errors;
    bool headed; /* some heading came already */
    bool skip;   /* the current heading was refused, and its keys with it */
};

static bool
is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

/* Cut blanks at both ends, in place. */
static char *
trim(char *text)
{
    size_t len = strlen(text);

    while (len > 0 && is_blank(text[len - 1]))
        text[--len] = '\0';
    while (is_blank(*text))
        text++;
    return text;
}

/* UTF-8 without control characters: what fed_log would show unchanged. */
static int
is_printable(const char *text, bool *ret)
{
    size_t size = strlen(text) + 1;
    char *clean = malloc(size);

    if (clean == NULL)
        return FED_E_NOMEM;
    *ret = strcmp(text_clean(clean, size, text), text) == 0;
    free(clean);
    return 0;
}

static bool
is_key(const char *key)
{
    static const char allowed[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

    return *key != '\0' && strlen(key) <= KEY_MAX && key[strspn(key, allowed)] == '\0';
}

static int
check_heading(struct scan *scan, char *line)
{
    char *close = strchr(line, ']');
    struct section *section;

    scan->headed = true;
    scan->skip = true;
    if (close == NULL) {
        conf_errors_add(scan->errors, &scan->where,
            "section heading without its closing bracket: write [NAME]");
        return FED_E_CONFIG;
    }
    *close = '\0';
    if (close[1] != '\0') {
        conf_errors_add(scan->errors, &scan->where,
            "text after the heading [%s]: put it on a line of its own", line + 1);
        return FED_E_CONFIG;
    }
    int r = sections_open(scan->sections, line + 1, &scan->where, scan->errors, &section);
    if (r == 0)
        scan->skip = false;
    return r;
}

static int
check_setting(struct scan *scan, char *line)
{
    char *equals = strchr(line, '=');
    bool printable = false;

    if (equals == NULL) {
        conf_errors_add(scan->errors, &scan->where,
            "neither a section, a comment nor \"key = value\": add the \"=\", or a \"#\" in front");
        return FED_E_CONFIG;
    }
    *equals = '\0';
    const char *key = trim(line);
    if (!is_key(key)) {
        conf_errors_add(scan->errors, &scan->where,
            "\"%.64s\" is not the name of a key: use lower-case letters and \"-\"", key);
        return FED_E_CONFIG;
    }
    if (!scan->headed) {
        conf_errors_add(scan->errors, &scan->where,
            "key \"%s\" stands before the first section: put it below its [heading]", key);
        return FED_E_CONFIG;
    }
    int r = is_printable(trim(equals + 1), &printable);
    if (r == 0 && !printable) {
        conf_errors_add(scan->errors, &scan->where,
            "value of \"%s\" has a control character or is not UTF-8: type it again", key);
        r = FED_E_CONFIG;
    }
    return r;
}

/* A copy of one line, for taking apart. 0: keep the line. FED_E_CONFIG: make it a comment. */
static int
check_line(struct scan *scan, char *line)
{
    bool indented = is_blank(*line);

    line = trim(line);
    if (*line == '\0' || *line == '#' || *line == ';')
        return FED_E_CONFIG;
    if (indented) {
        conf_errors_add(scan->errors, &scan->where,
            "the line begins with a blank: begin it in the first column; a value is one line");
        return FED_E_CONFIG;
    }
    if (*line == '[')
        return check_heading(scan, line);
    if (scan->skip)
        return FED_E_CONFIG;
    return check_setting(scan, line);
}

static int
scan_lines(struct scan *scan, char *text)
{
    while (*text != '\0') {
        size_t len = strcspn(text, "\n");
        scan->where.line++;
        char *line = strndup(text, len);
        if (line == NULL)
            return FED_E_NOMEM;
        int r = check_line(scan, line);
        free(line);
        if (r == FED_E_NOMEM)
            return r;
        if (r != 0)
            memset(text, '#', len);
        text += len + (text[len] == '\n');
    }
    return 0;
}

/* One key of one section, all the times that it was said in this file. */
static int
take_key(struct scan *scan, struct ini_cfgobj *ini, const char *heading, const char *key,
    struct section *section)
{
    struct conf_where where = scan->where;
    struct value_obj *value = NULL;
    const char *text = NULL;
    uint32_t first = 0, line = 0;

    for (int get = INI_GET_FIRST_VALUE;; get = INI_GET_NEXT_VALUE) {
        if (ini_get_config_valueobj(heading, key, ini, get, &value) != 0)
            return FED_E_NOMEM;
        if (value == NULL)
            return 0;
        if (value_get_line(value, &line) != 0 || value_get_concatenated(value, &text) != 0)
            return FED_E_NOMEM;
        where.line = scan->where.line + line;
        if (first != 0) {
            conf_errors_add(scan->errors, &where,
                "key \"%s\" twice in [%s]: remove this one or that in line %u", key, section->title,
                first);
            continue;
        }
        first = where.line;
        int r = section_set(section, key, text != NULL ? text : "", &where);
        if (r != 0)
            return r;
    }
}

/* libini_config lists a key as often as it was said, and takes "Servers" for "servers". */
static bool
is_repeated(char *const *keys, int at)
{
    for (int i = 0; i < at; i++)
        if (text_equal_nocase(keys[i], keys[at]))
            return true;
    return false;
}

static int
take_section(struct scan *scan, struct ini_cfgobj *ini, const char *heading)
{
    struct section *section = sections_find(scan->sections, heading);
    int n = 0, error = 0, r = 0;

    if (section == NULL)
        return 0;
    char **keys = ini_get_attribute_list(ini, heading, &n, &error);
    if (keys == NULL)
        return error == 0 ? 0 : FED_E_NOMEM;
    for (int i = 0; i < n && r == 0; i++)
        if (!is_repeated(keys, i))
            r = take_key(scan, ini, heading, keys[i], section);
    ini_free_attribute_list(keys);
    return r;
}

static int
take_sections(struct scan *scan, struct ini_cfgobj *ini)
{
    int n = 0, error = 0, r = 0;
    char **headings = ini_get_section_list(ini, &n, &error);

    if (headings == NULL)
        return error == 0 ? 0 : FED_E_NOMEM;
    for (int i = 0; i < n && r == 0; i++)
        r = take_section(scan, ini, headings[i]);
    ini_free_section_list(headings);
    return r;
}

/* The first pass leaves nothing to refuse; should it ever, then nothing of the file is taken. */
static int
report_error(struct scan *scan, int error)
{
    if (error == ENOMEM)
        return FED_E_NOMEM;
    scan->where.line = 0;
    conf_errors_add(scan->errors, &scan->where,
        "not understood as an INI file (%s): compare it with the sample", strerror(error));
    return 0;
}

/* One section; scan->where.line is the number of lines before it. */
static int
parse_section(struct scan *scan, char *text, size_t len)
{
    struct ini_cfgfile *file = NULL;
    struct ini_cfgobj *ini = NULL;
    int r;

    int error = ini_config_file_from_mem(text, (uint32_t)len, &file);
    if (error == 0)
        error = ini_config_create(&ini);
    if (error == 0)
        error = ini_config_parse(file, INI_STOP_ON_NONE,
            INI_MV1S_ALLOW | INI_MV2S_ALLOW | INI_MS_MERGE,
            INI_PARSE_NOWRAP | INI_PARSE_NOSPACE | INI_PARSE_NOTAB | INI_PARSE_NO_C_COMMENTS, ini);
    r = error != 0 ? report_error(scan, error) : take_sections(scan, ini);
    ini_config_destroy(ini);
    ini_config_file_destroy(file);
    return r;
}

/* How far it is to the next heading, and how many lines. The first pass left no other line that begins with "[". */
static size_t
section_length(const char *text, unsigned *ret_lines)
{
    const char *end = text;

    *ret_lines = 0;
    do {
        end += strcspn(end, "\n");
        end += *end == '\n';
        ++*ret_lines;
    } while (*end != '\0' && *end != '[');
    return (size_t)(end - text);
}

static int
parse(struct scan *scan, char *text)
{
    unsigned lines;
    int r = 0;

    scan->where.line = 0;
    while (*text != '\0' && r == 0) {
        size_t len = section_length(text, &lines);
        unsigned before = scan->where.line;
        r = parse_section(scan, text, len);
        text += len;
        scan->where.line = before + lines;
    }
    return r;
}

int
inifile_read(const char *file, struct fed_secret *bytes, struct sections *sections,
    struct conf_errors *errors)
{
    static const char bom[] = "\xef\xbb\xbf";
    struct scan scan = {.where.file = file, .sections = sections, .errors = errors};
    char *text = (char *)bytes->data;

    if (text == NULL)
        return 0;
    if (strlen(text) != bytes->len) {
        for (const char *p = text; *p != '\0'; p++)
            scan.where.line += *p == '\n';
        scan.where.line++;
        conf_errors_add(errors, &scan.where, "a NUL byte: save the file as UTF-8 text");
        return 0;
    }
    if (strncmp(text, bom, 3) == 0)
        text += 3;
    int r = scan_lines(&scan, text);
    return r != 0 ? r : parse(&scan, text);
}
