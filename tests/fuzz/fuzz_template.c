/*
 * Any text as a template and as a value: what the check accepts, the iterator walks to its end, and the
 * pieces are the whole of the text.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "conf/template.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Bytes of the template that a piece stands for. */
static size_t
width(const struct template_piece *piece)
{
    if (piece->what == TEMPLATE_LITERAL)
        return piece->len;
    return piece->len + (piece->what == TEMPLATE_AD ? strlen("%{ad:}") : strlen("%{}"));
}

static void
walk(const char *text, int accepted)
{
    const char *cursor = text;
    struct template_piece piece;
    size_t total = 0;

    for (;;) {
        const char *before = cursor;
        if (template_next(&cursor, &piece) != 0) {
            if (accepted || cursor != before)
                abort();
            return;
        }
        if (piece.what == TEMPLATE_END)
            break;
        if (cursor <= before || (size_t)(cursor - before) != width(&piece))
            abort();
        total += width(&piece);
    }
    if (total != strlen(text))
        abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char why[TEMPLATE_WHY_MAX];
    char *text = malloc(size + 1);

    if (text == NULL)
        abort();
    memcpy(text, data, size);
    text[size] = '\0';
    for (int kind = TEMPLATE_SESSION_NAME; kind <= TEMPLATE_TAG_KEY; kind++) {
        int r = template_check((enum template_kind)kind, text, why, sizeof(why));
        walk(text, r == 0);
        /* A value that AWS takes has no "%": as a template it is one literal. */
        int v = template_check_value((enum template_kind)kind, text, why, sizeof(why));
        if (v == 0 && (strchr(text, '%') != NULL || !text_is_utf8(text, strlen(text))))
            abort();
        if (v == 0 && kind != TEMPLATE_TAG_KEY && r != 0)
            abort();
    }
    free(text);
    return 0;
}
