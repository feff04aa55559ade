/*
 * Reading the answer to a change of password.
 *
 *   length of all (2) | version (2) | length of AP-REP (2) | AP-REP | KRB-PRIV, or KRB-ERROR when there is no AP-REP
 *   in KRB-PRIV: result code (2) | text in UTF-8, or with code 4 from AD the rules, 30 bytes:
 *     0 (2) | least length (4) | history (4) | flags (4) | greatest age (8) | least age (8), ages in 100 ns
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ldap/kpasswd_reply.h"

#include <string.h>

#include "base/text.h"

enum {
    KRB_ERROR_TAG = 0x7e, /* some send it without a frame */
    SET_VERSION = 0xff80, /* answers may have either version */
    RULES_SIZE = 30,
    FLAG_COMPLEX = 1,
    NT_PER_S = 10000000,
};

static uint64_t
number(const uint8_t *p, size_t size)
{
    uint64_t n = 0;

    for (size_t i = 0; i < size; i++)
        n = n << 8 | p[i];
    return n;
}

int
kpasswd_read_frame(const uint8_t *data, size_t len, struct kpasswd_frame *ret)
{
    if (len > 0 && data[0] == KRB_ERROR_TAG) {
        *ret = (struct kpasswd_frame){.body = data, .body_len = len};
        return 0;
    }
    if (len < KPASSWD_HEAD || number(data, 2) != len)
        return FED_E_PROTO;
    uint64_t version = number(data + 2, 2);
    size_t ap_rep_len = (size_t)number(data + 4, 2);
    if ((version != KPASSWD_VERSION && version != SET_VERSION) || ap_rep_len >= len - KPASSWD_HEAD)
        return FED_E_PROTO;
    *ret = (struct kpasswd_frame){.ap_rep = data + KPASSWD_HEAD,
        .ap_rep_len = ap_rep_len,
        .body = data + KPASSWD_HEAD + ap_rep_len,
        .body_len = len - KPASSWD_HEAD - ap_rep_len};
    return 0;
}

/* A span of AD's is negative where it is stored, and not where it is sent; both are taken. */
static int64_t
seconds(uint64_t span)
{
    if (span > INT64_MAX)
        span = -span;
    return span > INT64_MAX ? 0 : (int64_t)(span / NT_PER_S);
}

static void
read_rules(const uint8_t *p, struct wording_rules *ret)
{
    *ret = (struct wording_rules){.least_characters = (uint32_t)number(p + 2, 4),
        .history = (uint32_t)number(p + 6, 4),
        .complex = (number(p + 10, 4) & FLAG_COMPLEX) != 0,
        .least_age_s = seconds(number(p + 22, 8))};
}

int
kpasswd_read_result(const uint8_t *data, size_t len, struct kpasswd_result *ret)
{
    struct kpasswd_result result = {0};
    char raw[KPASSWD_TEXT_MAX];

    if (len < 2)
        return FED_E_PROTO;
    result.code = (unsigned)number(data, 2);
    data += 2;
    len -= 2;
    if (result.code == KPASSWD_SOFT_ERROR && len == RULES_SIZE && data[0] == 0 && data[1] == 0) {
        result.has_rules = true;
        read_rules(data, &result.rules);
    } else if (text_is_utf8(data, len)) {
        size_t n = len < sizeof(raw) ? len : sizeof(raw) - 1;
        memcpy(raw, data, n);
        raw[n] = '\0';
        text_clean(result.text, sizeof(result.text), raw);
    }
    *ret = result;
    return 0;
}
