/*
 * A head is lines; the first one is the request, the others are fields. Nothing is unfolded, decoded or guessed.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "bridge/login/http.h"

#include <string.h>
#include <strings.h>

bool
http_is(const struct http_text *text, const char *wanted)
{
    return text->len == strlen(wanted) && memcmp(text->text, wanted, text->len) == 0;
}

static bool
is_named(const struct http_text *name, const char *wanted)
{
    return name->len == strlen(wanted) && strncasecmp(name->text, wanted, name->len) == 0;
}

/* RFC 9110, 5.6.2 */
static bool
is_token(const struct http_text *t)
{
    static const char others[] = "!#$%&'*+-.^_`|~";

    for (size_t i = 0; i < t->len; i++) {
        char c = t->text[i];
        bool alphanumeric =
            (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        if (!alphanumeric && (c == '\0' || strchr(others, c) == NULL))
            return false;
    }
    return t->len > 0;
}

/* Printable ASCII, and blanks where a field may have them. */
static bool
is_visible(const struct http_text *t, bool blanks)
{
    for (size_t i = 0; i < t->len; i++) {
        char c = t->text[i];
        if ((c < 0x21 || c > 0x7e) && !(blanks && (c == ' ' || c == '\t')))
            return false;
    }
    return true;
}

/* Take a line, without its CR LF. A line feed or CR elsewhere is refused by the checks of its parts. */
static int
take_line(const char **data, size_t *len, struct http_text *ret_line)
{
    const char *end = memmem(*data, *len, "\r\n", 2);

    if (end == NULL)
        return HTTP_MORE;
    *ret_line = (struct http_text){*data, (size_t)(end - *data)};
    *len -= ret_line->len + 2;
    *data = end + 2;
    return 0;
}

/* "GET /path HTTP/1.1" */
static int
read_request_line(const struct http_text *line, struct http_request *r)
{
    const char *blank = memchr(line->text, ' ', line->len);

    if (blank == NULL)
        return FED_E_INVALID;
    r->method = (struct http_text){line->text, (size_t)(blank - line->text)};
    struct http_text rest = {blank + 1, line->len - r->method.len - 1};
    blank = memchr(rest.text, ' ', rest.len);
    if (blank == NULL)
        return FED_E_INVALID;
    r->target = (struct http_text){rest.text, (size_t)(blank - rest.text)};
    struct http_text version = {blank + 1, rest.len - r->target.len - 1};
    if (!is_token(&r->method) || r->target.len == 0 || *r->target.text != '/' ||
        !is_visible(&r->target, false) ||
        (!http_is(&version, "HTTP/1.1") && !http_is(&version, "HTTP/1.0")))
        return FED_E_INVALID;
    return 0;
}

static void
trim(struct http_text *t)
{
    while (t->len > 0 && (*t->text == ' ' || *t->text == '\t')) {
        t->text++;
        t->len--;
    }
    while (t->len > 0 && (t->text[t->len - 1] == ' ' || t->text[t->len - 1] == '\t'))
        t->len--;
}

/* Keep a field that may be there once; a second one could be meant for somebody else's eyes. */
static int
keep(struct http_text *to, const struct http_text *value)
{
    if (to->len != 0 || value->len == 0)
        return FED_E_INVALID;
    *to = *value;
    return 0;
}

static int
read_field(const struct http_text *line, struct http_request *r, struct http_text *length)
{
    const char *colon = memchr(line->text, ':', line->len);

    if (colon == NULL)
        return FED_E_INVALID;
    struct http_text name = {line->text, (size_t)(colon - line->text)};
    struct http_text value = {colon + 1, line->len - name.len - 1};
    trim(&value);
    if (!is_token(&name) || !is_visible(&value, true))
        return FED_E_INVALID;
    if (is_named(&name, "Host"))
        return keep(&r->host, &value);
    if (is_named(&name, "Authorization"))
        return keep(&r->authorization, &value);
    if (is_named(&name, "Content-Length"))
        return keep(length, &value);
    if (is_named(&name, "Transfer-Encoding"))
        return FED_E_INVALID;
    if (is_named(&name, "Origin") || is_named(&name, "Referer"))
        r->from_page = true;
    return 0;
}

int
http_parse(const char *data, size_t len, struct http_request *ret)
{
    struct http_request request = {.from_page = false};
    struct http_text line, length = {NULL, 0};
    int r = take_line(&data, &len, &line);

    if (r == 0)
        r = read_request_line(&line, &request);
    while (r == 0 && (r = take_line(&data, &len, &line)) == 0 && line.len > 0)
        r = read_field(&line, &request, &length);
    if (r != 0)
        return r;
    if (len > 0 || request.host.len == 0 || (length.len > 0 && !http_is(&length, "0")))
        return FED_E_INVALID;
    *ret = request;
    return 0;
}
