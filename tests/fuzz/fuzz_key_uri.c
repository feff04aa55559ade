/*
 * Fuzz: the value of [saml] key. Whatever it is, it is taken or refused with a remedy, and what is taken names a library by
 * an absolute path and holds no PIN.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "conf/key_uri.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char remedy[FORM_REMEDY_MAX] = "";
    struct key_uri uri;
    char *text = malloc(size + 1);

    if (text == NULL)
        return 0;
    memcpy(text, data, size);
    text[size] = '\0';
    int r = key_uri_parse(text, &uri, remedy);
    if (r == 0) {
        if (uri.module[0] != '/' || (uri.pin != NULL && uri.pin[0] != '/') ||
            p11_kit_uri_get_pin_value(uri.uri) != NULL)
            abort();
        key_uri_done(&uri);
    } else if (r == FED_E_CONFIG && remedy[0] == '\0') {
        abort();
    }
    free(text);
    return 0;
}
