/*
 * Security identifiers between AD's bytes and text (MS-DTYP 2.4.2.1 and 2.4.2.2). One form of text
 * for one SID: what sid_to_text writes is all that sid_from_text accepts.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ldap/sid.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/bytes.h"

enum { HEAD = 8, AUTHORITY_AT = 2, AUTHORITY_LEN = 6 };

int
sid_parse(const void *data, size_t len, struct sid *ret)
{
    const uint8_t *p = data;
    struct sid sid = {0};

    if (len < HEAD || p[0] != 1 || p[1] < 1 || p[1] > SID_SUB_MAX)
        return FED_E_INVALID;
    if (len != HEAD + 4U * p[1])
        return FED_E_INVALID;
    sid.len = (uint8_t)len;
    memcpy(sid.bytes, p, len);
    *ret = sid;
    return 0;
}

/* A decimal number without sign or leading zero, up to max, then "-" or the end. */
static bool
take_decimal(const char **text, uint64_t max, uint64_t *ret)
{
    const char *p = *text;
    uint64_t value = 0;

    if (p[0] < '0' || p[0] > '9' || (p[0] == '0' && p[1] >= '0' && p[1] <= '9'))
        return false;
    for (; *p >= '0' && *p <= '9'; p++) {
        uint64_t digit = (uint64_t)(*p - '0');
        if (value > (max - digit) / 10)
            return false;
        value = value * 10 + digit;
    }
    if (*p != '-' && *p != '\0')
        return false;
    *text = p;
    *ret = value;
    return true;
}

/* "0x" and exactly 12 hex digits: authorities that do not fit 32 bits. */
static bool
take_hex_authority(const char **text, uint64_t *ret)
{
    const char *p = *text + 2;
    uint64_t value = 0;

    for (int i = 0; i < 2 * AUTHORITY_LEN; i++, p++) {
        if (*p >= '0' && *p <= '9')
            value = value << 4 | (uint64_t)(*p - '0');
        else if (*p >= 'a' && *p <= 'f')
            value = value << 4 | (uint64_t)(*p - 'a' + 10);
        else
            return false;
    }
    *text = p;
    *ret = value;
    return value > UINT32_MAX && *p == '-';
}

int
sid_from_text(const char *text, struct sid *ret)
{
    struct sid sid = {.len = HEAD, .bytes = {1}};
    uint64_t value;

    if (text == NULL || strncmp(text, "S-1-", 4) != 0)
        return FED_E_INVALID;
    text += 4;
    if (strncmp(text, "0x", 2) == 0 ? !take_hex_authority(&text, &value)
                                    : !take_decimal(&text, UINT32_MAX, &value))
        return FED_E_INVALID;
    (void)bytes_put(sid.bytes + AUTHORITY_AT, value, AUTHORITY_LEN);

    while (*text == '-') {
        text++;
        if (sid.bytes[1] == SID_SUB_MAX || !take_decimal(&text, UINT32_MAX, &value))
            return FED_E_INVALID;
        for (int i = 0; i < 4; i++)
            sid.bytes[sid.len++] = (uint8_t)(value >> (8 * i));
        sid.bytes[1]++;
    }
    if (*text != '\0' || sid.bytes[1] == 0)
        return FED_E_INVALID;
    *ret = sid;
    return 0;
}

char *
sid_to_text(const struct sid *sid, char to[SID_TEXT_MAX])
{
    uint64_t authority;
    int at;

    to[0] = '\0';
    if (sid->len < HEAD)
        return to;
    authority = bytes_get(sid->bytes + AUTHORITY_AT, AUTHORITY_LEN);
    at = snprintf(
        to, SID_TEXT_MAX, authority > UINT32_MAX ? "S-1-0x%012" PRIx64 : "S-1-%" PRIu64, authority);
    for (const uint8_t *p = sid->bytes + HEAD; p < sid->bytes + sid->len; p += 4) {
        uint32_t sub =
            (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
        at += snprintf(to + at, (size_t)(SID_TEXT_MAX - at), "-%" PRIu32, sub);
    }
    return to;
}

bool
sid_equal(const struct sid *a, const struct sid *b)
{
    return a->len != 0 && a->len == b->len && memcmp(a->bytes, b->bytes, a->len) == 0;
}

bool
sid_is_of_domain(const struct sid *sid)
{
    static const uint8_t authority[] = {0, 0, 0, 0, 0, 5, 21, 0, 0, 0};

    return sid->len == 8 + 4 * 5 && memcmp(sid->bytes + 2, authority, sizeof(authority)) == 0;
}

int
sid_compare(const void *a, const void *b)
{
    /* Unused bytes are 0 by contract, so the whole struct compares. */
    return memcmp(a, b, sizeof(struct sid));
}
