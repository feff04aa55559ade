/*
 * Foreign text: whatever the bytes, what is called clean is clean, what is called a name is one, and
 * a number reads back.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
must(bool so)
{
    if (!so)
        abort();
}

/* Judged apart from text.c: no C0, DEL or C1 (which in UTF-8 is 0xc2 and 0x80 to 0x9f). */
static bool
has_control(const char *text, bool newline_is_fine)
{
    for (const unsigned char *p = (const unsigned char *)text; *p != '\0'; p++) {
        if (*p == '\n' && newline_is_fine)
            continue;
        if (*p < 0x20 || *p == 0x7f || (*p == 0xc2 && p[1] >= 0x80 && p[1] < 0xa0))
            return true;
    }
    return false;
}

static void
check_cleaning(const char *text, size_t size)
{
    char *to = malloc(size + 1), *place = strdup(text), *small = malloc(7);

    must(to != NULL && place != NULL && small != NULL);
    (void)text_clean(to, size + 1, text);
    must(text_is_utf8(to, strlen(to)) && !has_control(to, false));
    must(strncmp(to, text_clean(small, 7, text), strlen(small)) == 0);
    must(text_is_utf8(small, strlen(small)));
    text_clean_in_place(place, false);
    must(strcmp(place, to) == 0);
    memcpy(place, text, strlen(text) + 1);
    text_clean_in_place(place, true);
    must(text_is_utf8(place, strlen(place)) && !has_control(place, true));
    free(to);
    free(place);
    free(small);
}

static void
check_judgements(const char *text, size_t size)
{
    char digits[32];
    uint64_t number;
    int64_t seconds;

    if (text_check_name(text) == 0) {
        must(*text != '\0' && *text != '-' && strlen(text) <= TEXT_NAME_MAX);
        must(strpbrk(text, ":/") == NULL && !has_control(text, false));
        must(text_is_utf8(text, strlen(text)));
    }
    if (text_check_password(text, size) == 0)
        must(size > 0 && size <= TEXT_PASSWORD_MAX && strlen(text) == size);
    if (text_to_u64(text, &number) == 0) {
        (void)snprintf(digits, sizeof(digits), "%" PRIu64, number);
        while (*text == '0' && text[1] != '\0')
            text++;
        must(strcmp(digits, text) == 0);
    }
    if (text_to_seconds(text, &seconds) == 0)
        must(seconds >= 0 && seconds <= INT64_C(10) * 366 * 86400);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = malloc(size + 1);

    must(text != NULL);
    if (size != 0)
        memcpy(text, data, size);
    text[size] = '\0';
    check_cleaning(text, size);
    check_judgements(text, size);
    free(text);
    return 0;
}
