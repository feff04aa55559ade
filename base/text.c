/*
 * Checks on foreign text, byte by byte and without the locale.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "base/text.h"

#include <string.h>

/* One character at p; its length, or 0 when the bytes are not UTF-8 (RFC 3629 section 4). */
static size_t
decode(const unsigned char *p, size_t len, uint32_t *ret_char)
{
    size_t need;
    uint32_t c, least;

    if (len == 0)
        return 0;
    if (p[0] < 0x80) {
        *ret_char = p[0];
        return 1;
    }
    if ((p[0] & 0xe0) == 0xc0) {
        need = 2;
        least = 0x80;
        c = p[0] & 0x1fU;
    } else if ((p[0] & 0xf0) == 0xe0) {
        need = 3;
        least = 0x800;
        c = p[0] & 0x0fU;
    } else if ((p[0] & 0xf8) == 0xf0) {
        need = 4;
        least = 0x10000;
        c = p[0] & 0x07U;
    } else {
        return 0;
    }
    if (len < need)
        return 0;
    for (size_t i = 1; i < need; i++) {
        if ((p[i] & 0xc0) != 0x80)
            return 0;
        c = (c << 6) | (p[i] & 0x3fU);
    }
    if (c < least || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff))
        return 0;
    *ret_char = c;
    return need;
}

static bool
is_control(uint32_t c)
{
    return c < 0x20 || (c >= 0x7f && c < 0xa0);
}

/* Controls, and what reorders or breaks a line without being one: U+2028..202E, U+2066..2069. */
static bool
is_unprintable(uint32_t c)
{
    return is_control(c) || c == 0x200e || c == 0x200f || c == 0x61c ||
           (c >= 0x2028 && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069);
}

bool
text_is_utf8(const void *data, size_t len)
{
    const unsigned char *p = data;
    uint32_t c;

    while (len > 0) {
        size_t n = decode(p, len, &c);
        if (n == 0)
            return false;
        p += n;
        len -= n;
    }
    return true;
}

int
text_check_name(const char *name)
{
    const unsigned char *p = (const unsigned char *)name;
    size_t len;
    uint32_t c;

    if (name == NULL || (len = strnlen(name, TEXT_NAME_MAX + 1)) == 0 || len > TEXT_NAME_MAX)
        return FED_E_NAME;
    if (p[0] == '-' || p[0] == ' ' || p[len - 1] == ' ')
        return FED_E_NAME;
    for (size_t i = 0; i < len;) {
        size_t n = decode(p + i, len - i, &c);
        if (n == 0 || is_unprintable(c) || c == ':' || c == '/')
            return FED_E_NAME;
        i += n;
    }
    return 0;
}

int
text_check_password(const char *password, size_t len)
{
    /*
     * The junk that openssh (auth-pam.c, fake_password) gives to PAM for people it has turned away. It is
     * as long as what they typed, so one of three bytes or fewer is cut short and still the filler.
     */
    static const char filler[] = "\b\n\r\177INCORRECT";
    const size_t telling = 4;

    if (password == NULL || len == 0 || len > TEXT_PASSWORD_MAX)
        return FED_E_DENIED;
    if (memchr(password, '\0', len) != NULL)
        return FED_E_DENIED;
    if (memcmp(password, filler, len < telling ? len : telling) == 0)
        return FED_E_DENIED;
    return 0;
}

char *
text_clean(char *to, size_t size, const char *from)
{
    const unsigned char *p = (const unsigned char *)from;
    size_t left = strlen(from), used = 0;
    uint32_t c;

    if (size == 0)
        return to;
    while (left > 0) {
        size_t n = decode(p, left, &c);
        bool bad = n == 0 || is_unprintable(c);
        size_t out = bad ? 1 : n;
        if (used + out >= size)
            break;
        if (bad)
            to[used] = '?';
        else
            memcpy(to + used, p, n);
        used += out;
        p += n != 0 ? n : 1;
        left -= n != 0 ? n : 1;
    }
    to[used] = '\0';
    return to;
}

void
text_clean_in_place(char *text, bool keep_newlines)
{
    unsigned char *p = (unsigned char *)text;
    size_t left = strlen(text), used = 0;
    uint32_t c;

    /* A bad character of n bytes becomes one '?', so the text only ever shrinks. */
    while (left > 0) {
        size_t n = decode(p, left, &c);
        size_t step = n != 0 ? n : 1;
        if (n == 0 || (is_unprintable(c) && !(keep_newlines && c == '\n'))) {
            text[used++] = '?';
        } else {
            memmove(text + used, p, n);
            used += n;
        }
        p += step;
        left -= step;
    }
    text[used] = '\0';
}

int
text_to_u64(const char *text, uint64_t *ret_value)
{
    uint64_t value = 0;

    if (text == NULL || *text == '\0')
        return FED_E_INVALID;
    for (; *text != '\0'; text++) {
        if (*text < '0' || *text > '9')
            return FED_E_INVALID;
        unsigned digit = (unsigned)(*text - '0');
        if (value > (UINT64_MAX - digit) / 10)
            return FED_E_INVALID;
        value = value * 10 + digit;
    }
    *ret_value = value;
    return 0;
}

int
text_to_seconds(const char *text, int64_t *ret_seconds)
{
    static const struct {
        char unit;
        uint64_t seconds;
    } units[] = {{'s', 1}, {'m', 60}, {'h', 3600}, {'d', 86400}};
    const uint64_t most = UINT64_C(10) * 366 * 86400;
    char digits[24];
    uint64_t factor = 1, value;
    size_t len;

    if (text == NULL || (len = strlen(text)) == 0 || len >= sizeof(digits))
        return FED_E_INVALID;
    memcpy(digits, text, len + 1);
    for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
        if (digits[len - 1] == units[i].unit) {
            factor = units[i].seconds;
            digits[len - 1] = '\0';
            break;
        }
    }
    int r = text_to_u64(digits, &value);
    if (r != 0)
        return r;
    if (value > most / factor)
        return FED_E_INVALID;
    *ret_seconds = (int64_t)(value * factor);
    return 0;
}

static char
lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

bool
text_equal_nocase(const char *a, const char *b)
{
    if (a == NULL || b == NULL)
        return a == b;
    while (*a != '\0' && lower(*a) == lower(*b)) {
        a++;
        b++;
    }
    return *a == '\0' && *b == '\0';
}

char *
text_lower(char *to, size_t size, const char *from)
{
    size_t i = 0;

    if (size == 0)
        return to;
    for (; from[i] != '\0' && i + 1 < size; i++)
        to[i] = lower(from[i]);
    to[i] = '\0';
    return to;
}
