/*
 * Any text that is accepted comes out of an XML parser as it went in, from an attribute and from an element.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <expat.h>

#include "bridge/xml.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct seen {
    const char *wanted;
    struct fed_secret text;
};

static void XMLCALL
on_start(void *arg, const XML_Char *name, const XML_Char **attributes)
{
    struct seen *seen = arg;

    (void)name;
    if (attributes[0] == NULL || strcmp(attributes[1], seen->wanted) != 0)
        abort();
}

static void XMLCALL
on_end(void *arg, const XML_Char *name)
{
    (void)arg;
    (void)name;
}

static void XMLCALL
on_text(void *arg, const XML_Char *text, int len)
{
    struct seen *seen = arg;

    if (fed_secret_add(&seen->text, text, (size_t)len) != 0)
        abort();
}

static void
read_back(const struct fed_secret *document, const char *wanted)
{
    struct seen seen = {.wanted = wanted, .text = FED_SECRET_INIT(document->len)};
    XML_Parser parser = XML_ParserCreate("UTF-8");

    if (parser == NULL)
        abort();
    XML_SetUserData(parser, &seen);
    XML_SetElementHandler(parser, on_start, on_end);
    XML_SetCharacterDataHandler(parser, on_text);
    if (XML_Parse(parser, (const char *)document->data, (int)document->len, 1) != XML_STATUS_OK)
        abort();
    if (strcmp(fed_secret_str(&seen.text), wanted) != 0)
        abort();
    XML_ParserFree(parser);
    fed_secret_done(&seen.text);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fed_secret document = FED_SECRET_INIT(1 << 20);
    struct xml xml = {.to = &document};
    char *text = malloc(size + 1);

    if (text == NULL)
        abort();
    if (size != 0)
        memcpy(text, data, size);
    text[size] = '\0';
    xml_raw(&xml, "<a b=\"");
    xml_value(&xml, text);
    xml_raw(&xml, "\">");
    xml_text(&xml, text);
    xml_raw(&xml, "</a>");
    if (xml.error == 0)
        read_back(&document, text);
    fed_secret_done(&document);
    free(text);
    return 0;
}
