/*
 * The template iterator, and the rules of AWS for what comes out of it.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "conf/template.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/text.h"
#include "conf/charset.h"
#include "conf/nearest.h"

static const struct {
    const char *name;
    enum template_what what;
} names[] = {
    {"user", TEMPLATE_USER},
    {"upn", TEMPLATE_UPN},
    {"sid", TEMPLATE_SID},
    {"domain", TEMPLATE_DOMAIN},
    {"host", TEMPLATE_HOST},
    {"rhost", TEMPLATE_RHOST},
    {"tty", TEMPLATE_TTY},
    {"service", TEMPLATE_SERVICE},
    {"session", TEMPLATE_SESSION},
    {"mfa", TEMPLATE_MFA},
    {"mfa-time", TEMPLATE_MFA_TIME},
};

static const struct {
    const char *what;
    size_t least, most;
    bool (*allowed)(uint32_t c);
    const char *characters;
} kinds[] = {
    [TEMPLATE_SESSION_NAME] = {"a session name", 2, 64, charset_in_session_name,
        "ASCII letters, digits and _+=,.@-"},
    [TEMPLATE_SOURCE_IDENTITY] = {"a source identity", 2, 64, charset_in_session_name,
        "ASCII letters, digits and _+=,.@-"},
    [TEMPLATE_TAG_VALUE] = {"a tag's value", 0, 256, charset_in_tag,
        "letters, digits, blanks and _.:/=+-@"},
    [TEMPLATE_TAG_KEY] = {"a tag's key", 1, 128, charset_in_tag,
        "letters, digits, blanks and _.:/=+-@"},
};

static bool
is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* An attribute description without options, RFC 4512 section 2.5: a letter, then letters, digits, hyphens. */
static bool
is_attribute(const char *name, size_t len)
{
    if (len == 0 || len > TEMPLATE_ATTRIBUTE_MAX || !is_letter(name[0]))
        return false;
    for (size_t i = 1; i < len; i++)
        if (!is_letter(name[i]) && name[i] != '-' && (name[i] < '0' || name[i] > '9'))
            return false;
    return true;
}

/* What stands between the braces. */
static bool
find_name(const char *text, size_t len, struct template_piece *piece)
{
    if (len > 3 && memcmp(text, "ad:", 3) == 0) {
        *piece = (struct template_piece){TEMPLATE_AD, text + 3, len - 3};
        return is_attribute(piece->text, piece->len);
    }
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (strlen(names[i].name) == len && memcmp(names[i].name, text, len) == 0) {
            *piece = (struct template_piece){names[i].what, text, len};
            return true;
        }
    }
    return false;
}

int
template_next(const char **cursor, struct template_piece *ret_piece)
{
    const char *p = *cursor, *end;

    if (*p == '\0') {
        *ret_piece = (struct template_piece){TEMPLATE_END, p, 0};
        return 0;
    }
    if (strncmp(p, "%{", 2) != 0) {
        end = strstr(p, "%{");
        if (end == NULL)
            end = p + strlen(p);
        *ret_piece = (struct template_piece){TEMPLATE_LITERAL, p, (size_t)(end - p)};
        *cursor = end;
        return 0;
    }
    end = strchr(p, '}');
    if (end == NULL || !find_name(p + 2, (size_t)(end - p - 2), ret_piece)) {
        *ret_piece = (struct template_piece){TEMPLATE_END, p, strlen(p)};
        return FED_E_INVALID;
    }
    *cursor = end + 1;
    return 0;
}

/* Say what is wrong with the "%{" that template_next stopped at. */
static void
explain_syntax(const char *at, char *why, size_t why_size)
{
    char typed[TEMPLATE_ATTRIBUTE_MAX];
    const char *end = strchr(at, '}');

    if (end == NULL) {
        (void)snprintf(why, why_size, "\"%.40s\" is not closed: add the missing \"}\"", at);
        return;
    }
    (void)snprintf(typed, sizeof(typed), "%.*s", (int)(end - at - 2), at + 2);
    if (strncmp(typed, "ad:", 3) == 0) {
        (void)snprintf(why, why_size,
            "\"%%{%s}\" names no attribute: write one of the directory, such as %%{ad:department}",
            typed);
        return;
    }
    struct nearest nearest = nearest_start(typed);
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        nearest_offer(&nearest, names[i].name);
    if (nearest.best != NULL)
        (void)snprintf(
            why, why_size, "\"%%{%s}\" is unknown: did you mean \"%%{%s}\"?", typed, nearest.best);
    else
        (void)snprintf(why, why_size,
            "\"%%{%s}\" is unknown: there are user, upn, sid, domain, host, rhost, tty, service, "
            "session, mfa, mfa-time and ad:ATTRIBUTE",
            typed);
}

/* Characters only; the count comes back, so that pieces can be added up. Text is UTF-8. */
static int
check_characters(enum template_kind kind, const char *text, const char *end, size_t *count,
    char *why, size_t why_size)
{
    while (text < end) {
        const char *at = text;
        uint32_t c = charset_next(&text);
        if (c == 0)
            break;
        if (!kinds[kind].allowed(c)) {
            (void)snprintf(why, why_size,
                "\"%.*s\" (U+%04X) is no character that AWS takes in %s: use %s", (int)(text - at),
                at, (unsigned)c, kinds[kind].what, kinds[kind].characters);
            return FED_E_INVALID;
        }
        (*count)++;
    }
    return 0;
}

static int
check_length(enum template_kind kind, size_t count, char *why, size_t why_size)
{
    if (count >= kinds[kind].least && count <= kinds[kind].most)
        return 0;
    (void)snprintf(why, why_size, "%zu characters: AWS takes %zu to %zu in %s", count,
        kinds[kind].least, kinds[kind].most, kinds[kind].what);
    return FED_E_INVALID;
}

static int
check_utf8(const char *text, char *why, size_t why_size)
{
    if (text_is_utf8(text, strlen(text)))
        return 0;
    (void)snprintf(why, why_size, "not UTF-8: AWS takes nothing else");
    return FED_E_INVALID;
}

int
template_check(enum template_kind kind, const char *template, char *why, size_t why_size)
{
    const char *cursor = template;
    struct template_piece piece;
    size_t count = 0;
    bool varies = false;
    int r;

    r = check_utf8(template, why, why_size);
    if (r != 0)
        return r;
    for (;;) {
        r = template_next(&cursor, &piece);
        if (r != 0) {
            explain_syntax(piece.text, why, why_size);
            return r;
        }
        if (piece.what == TEMPLATE_END)
            break;
        if (piece.what != TEMPLATE_LITERAL) {
            varies = true;
            continue;
        }
        r = check_characters(kind, piece.text, piece.text + piece.len, &count, why, why_size);
        if (r != 0)
            return r;
    }
    /* What the names become is checked when it is known; here they may still become enough. */
    if (varies && count < kinds[kind].least)
        return 0;
    return check_length(kind, count, why, why_size);
}

int
template_check_value(enum template_kind kind, const char *text, char *why, size_t why_size)
{
    size_t count = 0;
    int r;

    r = check_utf8(text, why, why_size);
    if (r != 0)
        return r;
    r = check_characters(kind, text, text + strlen(text), &count, why, why_size);
    if (r != 0)
        return r;
    if (kind == TEMPLATE_TAG_KEY && strncasecmp(text, "aws:", 4) == 0) {
        (void)snprintf(why, why_size, "\"aws:\" begins AWS's own tags: choose another key");
        return FED_E_INVALID;
    }
    return check_length(kind, count, why, why_size);
}
