/*
 * The canonical escapes. A tab, newline or CR that stands unescaped in an attribute, or a CR in text,
 * would not survive a parser: it is normalised away, and the signature with it.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "bridge/xml.h"

#include <stdbool.h>
#include <string.h>

#include "base/text.h"

struct escape {
    char c;
    const char *as;
};

static const struct escape in_text[] = {
    {'&', "&amp;"}, {'<', "&lt;"}, {'>', "&gt;"}, {'\r', "&#xD;"}, {0, NULL}};
static const struct escape in_value[] = {{'&', "&amp;"}, {'<', "&lt;"}, {'"', "&quot;"},
    {'\t', "&#x9;"}, {'\n', "&#xA;"}, {'\r', "&#xD;"}, {0, NULL}};

/* The Char production of XML 1.0 over text that is UTF-8 already: no C0 but three, no U+FFFE, U+FFFF. */
static bool
is_carried(const char *text)
{
    const unsigned char *p = (const unsigned char *)text;

    if (!text_is_utf8(text, strlen(text)))
        return false;
    for (; *p != '\0'; p++) {
        if (*p < 0x20 && *p != '\t' && *p != '\n' && *p != '\r')
            return false;
        if (p[0] == 0xef && p[1] == 0xbf && p[2] >= 0xbe)
            return false;
    }
    return true;
}

static const char *
escape_of(const struct escape *table, char c)
{
    for (; table->as != NULL; table++) {
        if (table->c == c)
            return table->as;
    }
    return NULL;
}

static void
add_escaped(struct xml *xml, const struct escape *table, const char *text)
{
    if (xml->error == 0 && !is_carried(text))
        xml->error = FED_E_INVALID;
    for (; xml->error == 0 && *text != '\0'; text++) {
        const char *as = escape_of(table, *text);
        if (as != NULL)
            xml_raw(xml, as);
        else
            xml_bytes(xml, text, 1);
    }
}

void
xml_bytes(struct xml *xml, const void *data, size_t len)
{
    if (xml->error == 0)
        xml->error = fed_secret_add(xml->to, data, len);
}

void
xml_raw(struct xml *xml, const char *markup)
{
    xml_bytes(xml, markup, strlen(markup));
}

void
xml_text(struct xml *xml, const char *text)
{
    add_escaped(xml, in_text, text);
}

void
xml_value(struct xml *xml, const char *value)
{
    add_escaped(xml, in_value, value);
}
