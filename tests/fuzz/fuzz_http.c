/*
 * The endpoint of exec reads any bytes: no crash, every view inside them, and a request cut short is never taken.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdint.h>
#include <stdlib.h>

#include "bridge/login/http.c"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_inside(const struct http_text *t, const char *data, size_t size)
{
    if (t->len > 0 && (t->text < data || t->text + t->len > data + size))
        abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *text = (const char *)data;
    struct http_request r;

    if (http_parse(text, size, &r) != 0)
        return 0;
    check_inside(&r.method, text, size);
    check_inside(&r.target, text, size);
    check_inside(&r.host, text, size);
    check_inside(&r.authorization, text, size);
    for (size_t cut = 0; cut < size; cut++) {
        if (http_parse(text, cut, &r) != HTTP_MORE)
            abort();
    }
    return 0;
}
