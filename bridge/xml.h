/*
 * Writing XML that is in canonical form from the start: characters are escaped exactly as (Exclusive)
 * Canonical XML 1.0 writes them (https://www.w3.org/TR/2001/REC-xml-c14n-20010315 section 2.3).
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef BRIDGE_XML_H
#define BRIDGE_XML_H

#include <stddef.h>

#include "base/err.h"
#include "base/secret.h"

/*
 * A document being written into a buffer of the caller's. Errors stick: the first is kept in error and
 * later writes do nothing, so a writer is a straight list. Allocates through the buffer only;
 * never blocks; one thread at a time.
 *   error   0, FED_E_INVALID (not UTF-8, or a character that XML 1.0 section 2.2 does not have),
 *           FED_E_TOO_BIG, FED_E_NOMEM
 */
struct xml {
    struct fed_secret *to;
    int error;
};

/* Markup of our own, and bytes known to need no escape (base64, digits): added as they are. */
void xml_raw(struct xml *xml, const char *markup);
void xml_bytes(struct xml *xml, const void *data, size_t len);

/* Foreign text: between two tags, and between the double quotes of an attribute. */
void xml_text(struct xml *xml, const char *text);
void xml_value(struct xml *xml, const char *value);

#endif
