/*
 * JSON: strings are the only part with a catch. Everything outside printable ASCII is escaped.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "bridge/login/json.h"

#include <inttypes.h>
#include <string.h>

#include "base/text.h"
#include "bridge/login/when.h"

void
json_init(struct json *j, size_t limit)
{
    *j = (struct json){.bytes = FED_SECRET_INIT(limit)};
}

void
json_done(struct json *j)
{
    if (j != NULL)
        fed_secret_done(&j->bytes);
}

static void
add(struct json *j, const char *text)
{
    if (j->error == 0)
        j->error = fed_secret_add_str(&j->bytes, text);
}

static void
add_unit(struct json *j, uint32_t unit)
{
    static const char hex[] = "0123456789abcdef";
    char text[7] = {'\\', 'u', hex[(unit >> 12) & 15], hex[(unit >> 8) & 15], hex[(unit >> 4) & 15],
        hex[unit & 15], '\0'};

    add(j, text);
}

/* Past U+FFFF: two UTF-16 code units, RFC 8259 section 7. */
static void
add_char(struct json *j, uint32_t c)
{
    char plain[3] = {'\\', (char)c, '\0'};

    if (c == '"' || c == '\\') {
        add(j, plain);
    } else if (c >= 0x20 && c < 0x7f) {
        add(j, plain + 1);
    } else if (c < 0x10000) {
        add_unit(j, c);
    } else {
        add_unit(j, 0xd800 + ((c - 0x10000) >> 10));
        add_unit(j, 0xdc00 + ((c - 0x10000) & 0x3ff));
    }
}

/* The length of the character at p; base/text.h judges whether it is one. 0 when it is not. */
static size_t
take_char(const unsigned char *p, size_t len, uint32_t *ret_char)
{
    size_t n = p[0] < 0x80 ? 1 : p[0] < 0xe0 ? 2 : p[0] < 0xf0 ? 3 : 4;
    uint32_t c = n == 1 ? p[0] : p[0] & (0xffU >> (n + 1));

    if (n > len || !text_is_utf8(p, n))
        return 0;
    for (size_t i = 1; i < n; i++)
        c = (c << 6) | (p[i] & 0x3fU);
    *ret_char = c;
    return n;
}

static void
add_string(struct json *j, const char *text)
{
    const unsigned char *p = (const unsigned char *)text;
    size_t left = strlen(text);

    add(j, "\"");
    while (left > 0 && j->error == 0) {
        uint32_t c = 0xfffd;
        size_t n = take_char(p, left, &c);
        add_char(j, c);
        p += n != 0 ? n : 1;
        left -= n != 0 ? n : 1;
    }
    add(j, "\"");
}

static void
begin(struct json *j, const char *key)
{
    if (j->comma)
        add(j, ",");
    j->comma = true;
    if (key != NULL) {
        add_string(j, key);
        add(j, ":");
    }
}

void
json_open(struct json *j, const char *key, char bracket)
{
    begin(j, key);
    add(j, bracket == '{' ? "{" : "[");
    j->comma = false;
}

void
json_close(struct json *j, char bracket)
{
    add(j, bracket == '}' ? "}" : "]");
    j->comma = true;
}

void
json_text(struct json *j, const char *key, const char *value)
{
    begin(j, key);
    if (value == NULL)
        add(j, "null");
    else
        add_string(j, value);
}

void
json_number(struct json *j, const char *key, uint64_t value)
{
    begin(j, key);
    if (j->error == 0)
        j->error = fed_secret_addf(&j->bytes, "%" PRIu64, value);
}

void
json_time(struct json *j, const char *key, uint64_t time_s)
{
    char text[WHEN_SIZE];

    json_text(j, key, time_s != 0 && when_rfc3339(time_s, text) == 0 ? text : NULL);
}

void
json_bool(struct json *j, const char *key, bool value)
{
    begin(j, key);
    add(j, value ? "true" : "false");
}

int
json_finish(struct json *j)
{
    add(j, "\n");
    return j->error;
}
