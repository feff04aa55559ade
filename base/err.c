/*
 * The error list's texts and classes.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "base/err.h"

#include <stddef.h>

static const struct error_row {
    int error;
    enum fed_class class;
    const char *name;
    const char *text;
} error_rows[] = {{FED_OK, FED_CLASS_OK, "OK", "success"},
#define FED_ERROR_ROW(name, number, class, text) {FED_E_##name, FED_CLASS_##class, #name, text},
    FED_ERRORS(FED_ERROR_ROW)
#undef FED_ERROR_ROW
};

static const struct error_row *
find_row(int error)
{
    for (size_t i = 0; i < sizeof(error_rows) / sizeof(error_rows[0]); i++) {
        if (error_rows[i].error == error)
            return &error_rows[i];
    }
    return NULL;
}

const char *
fed_strerror(int error)
{
    const struct error_row *row = find_row(error);

    return row != NULL ? row->text : "unknown error";
}

const char *
fed_error_name(int error)
{
    const struct error_row *row = find_row(error);

    return row != NULL ? row->name : "UNKNOWN";
}

enum fed_class
fed_error_class(int error)
{
    const struct error_row *row = find_row(error);

    return row != NULL ? row->class : FED_CLASS_INTERNAL;
}

int
fed_error_from_wire(unsigned number)
{
    if (number > 255 || find_row(-(int)number) == NULL)
        return FED_E_PROTO;
    return -(int)number;
}

unsigned
fed_error_to_wire(int error)
{
    return find_row(error) != NULL ? (unsigned)-error : (unsigned)-FED_E_SYSTEM;
}
