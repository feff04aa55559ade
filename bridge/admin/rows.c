/*
 * Rows to JSON, by jansson.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "bridge/admin/rows.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "bridge/admin/ask.h"
#include "bridge/admin/files.h"
#include "bridge/instant.h"

static json_t *
value_of(const struct wire_msg *row, const struct row_field *field)
{
    uint64_t number = wire_number(row, field->tag, 0);
    char when[INSTANT_SIZE];

    if (!wire_has(row, field->tag))
        return json_null();
    if (field->kind == ROW_TEXT)
        return json_string(wire_text(row, field->tag));
    if (field->kind == ROW_NUMBER)
        return json_integer((json_int_t)number);
    if (number == 0 || number > INT64_MAX || !instant_write((int64_t)number, when))
        return json_null();
    return json_string(when);
}

static json_t *
object_of(const struct wire_msg *row, const struct row_field *fields, size_t n)
{
    json_t *object = json_object();

    for (size_t i = 0; object != NULL && i < n; i++) {
        if (json_object_set_new(object, fields[i].name, value_of(row, &fields[i])) == 0)
            continue;
        json_decref(object);
        return NULL;
    }
    return object;
}

int
rows_print(
    const struct wire_msg *msg, enum wire_tag group, const struct row_field *fields, size_t n)
{
    const char *message = wire_text(msg, WIRE_MESSAGE);
    json_t *all = json_array();
    struct wire_msg row;
    char clean[1024];
    bool good = all != NULL;

    for (size_t i = 0; good && wire_group_at(msg, group, i, &row); i++)
        good = json_array_append_new(all, object_of(&row, fields, n)) == 0;
    char *text = good ? json_dumps(all, JSON_COMPACT | JSON_ENSURE_ASCII) : NULL;
    int status = text != NULL ? files_print(text, strlen(text)) : ADMIN_FAILED;
    if (status == ADMIN_DONE)
        status = files_print("\n", 1);
    free(text);
    json_decref(all);
    if (message == NULL)
        return status;
    (void)fprintf(stderr, "awsfed-admin: %s\n", text_clean(clean, sizeof(clean), message));
    return ADMIN_FAILED;
}
