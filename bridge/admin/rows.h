/*
 * The rows of a reply as JSON, for programs: what a table cuts and rounds is whole here.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef BRIDGE_ADMIN_ROWS_H
#define BRIDGE_ADMIN_ROWS_H

#include <stddef.h>

#include "base/wire.h"

struct row_field {
    const char *name;
    enum wire_tag tag;
    enum {
        ROW_TEXT,
        ROW_NUMBER,
        ROW_TIME
    } kind; /* a time is RFC 3339 in UTC; of the epoch: never, null */
};

/*
 * Print the groups of this tag as an array with an object each, to standard output; what a row has not is null. What the bridge
 * says besides (WIRE_MESSAGE), such as that there are more, goes to standard error, and the array is not whole then. An exit
 * status.
 */
int rows_print(
    const struct wire_msg *msg, enum wire_tag group, const struct row_field *fields, size_t n);

#endif
