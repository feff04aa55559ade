/*
 * Packets between bridge and keeper. Each kind has one function that says what is allowed in it,
 * and both writer and reader call it.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "bridge/keeper_wire.h"

#include <string.h>

#include "base/bytes.h"

enum { VERSION = 1 };

static bool
seed_len_valid(size_t len)
{
    return len >= TOTP_SEED_MIN && len <= TOTP_SEED_MAX;
}

/* The parameters' own ranges are totp_check's matter; here they need only fit their fields. */
static bool
request_valid(const struct keeper_request *q)
{
    const struct totp_params *p = &q->params;
    size_t sid_len = strnlen(q->sid, sizeof(q->sid));
    bool without_totp = p->digits == 0 && p->period_s == 0 && p->algorithm == CONF_SHA1 &&
                        p->window == 0 && q->now_s == 0 && q->code_len == 0;
    bool closes = q->question == KEEPER_WRAP || q->question == KEEPER_PACK;

    switch (q->question) {
    case KEEPER_SEAL:
        return without_totp && sid_len > 0 && sid_len < sizeof(q->sid) &&
               (q->data_len == 0 ? seed_len_valid(q->fresh_len)
                                 : q->fresh_len == 0 && seed_len_valid(q->data_len));
    case KEEPER_VERIFY:
        return sid_len > 0 && sid_len < sizeof(q->sid) && q->fresh_len == 0 &&
               q->code_len <= KEEPER_CODE_MAX && q->data_len <= SEAL_BLOB_MAX && p->digits <= 255 &&
               p->window <= 255 && p->period_s <= 65535 && p->algorithm <= CONF_SHA512 &&
               q->now_s >= 0;
    case KEEPER_SIGN:
    case KEEPER_TOKEN:
        return without_totp && sid_len == 0 && q->fresh_len == 0 && q->data_len > 0 &&
               q->data_len <= KEEPER_DATA_MAX;
    case KEEPER_PUBLIC:
        return without_totp && sid_len == 0 && q->fresh_len == 0 && q->data_len == 0;
    case KEEPER_WRAP:
    case KEEPER_UNWRAP:
    case KEEPER_PACK:
    case KEEPER_UNPACK:
        return without_totp && sid_len > 0 && sid_len < sizeof(q->sid) && q->fresh_len == 0 &&
               q->data_len > 0 && q->data_len <= SEAL_RECORD_MAX + (closes ? 0 : SEAL_OVERHEAD);
    case KEEPER_RESEAL:
        return without_totp && sid_len > 0 && sid_len < sizeof(q->sid) && q->fresh_len == 0 &&
               q->data_len > 0 && q->data_len <= SEAL_BLOB_MAX;
    case KEEPER_READY:
        break;
    }
    return false;
}

int
keeper_wire_put_request(const struct keeper_request *q, struct fed_secret *ret)
{
    unsigned char head[KEEPER_REQUEST_HEAD] = {VERSION, (unsigned char)q->question};
    int r;

    if (!request_valid(q))
        return FED_E_INVALID;
    size_t sid_len = strlen(q->sid);
    (void)bytes_put(head + 2, q->params.digits, 1);
    (void)bytes_put(head + 3, (uint64_t)q->params.algorithm, 1);
    (void)bytes_put(head + 4, q->params.window, 1);
    (void)bytes_put(head + 6, q->params.period_s, 2);
    (void)bytes_put(head + 8, (uint64_t)q->now_s, 8);
    (void)bytes_put(head + 16, q->fresh_len, 2);
    (void)bytes_put(head + 18, sid_len, 2);
    (void)bytes_put(head + 20, q->code_len, 2);
    (void)bytes_put(head + 24, q->data_len, 4);
    fed_secret_clear(ret);
    if ((r = fed_secret_add(ret, head, sizeof(head))) != 0 ||
        (r = fed_secret_add(ret, q->sid, sid_len)) != 0 ||
        (r = fed_secret_add(ret, q->code, q->code_len)) != 0 ||
        (r = fed_secret_add(ret, q->data, q->data_len)) != 0)
        return r;
    return 0;
}

int
keeper_wire_get_request(const void *packet, size_t len, struct keeper_request *ret)
{
    const unsigned char *p = packet;
    struct keeper_request q = {0};

    if (len < KEEPER_REQUEST_HEAD || len > KEEPER_REQUEST_MAX || p[0] != VERSION || p[5] != 0 ||
        bytes_get(p + 22, 2) != 0 || bytes_get(p + 8, 8) > INT64_MAX || p[3] > CONF_SHA512)
        return FED_E_PROTO;
    size_t sid_len = bytes_get(p + 18, 2);
    q.code_len = bytes_get(p + 20, 2);
    q.data_len = bytes_get(p + 24, 4);
    size_t left = len - KEEPER_REQUEST_HEAD;
    if (sid_len >= sizeof(q.sid) || sid_len > left || q.code_len > left - sid_len ||
        q.data_len != left - sid_len - q.code_len)
        return FED_E_PROTO;

    q.question = (enum keeper_question)p[1];
    q.params = (struct totp_params){
        .digits = p[2],
        .algorithm = (enum conf_algorithm)p[3],
        .window = p[4],
        .period_s = (unsigned)bytes_get(p + 6, 2),
    };
    q.now_s = (int64_t)bytes_get(p + 8, 8);
    q.fresh_len = bytes_get(p + 16, 2);
    memcpy(q.sid, p + KEEPER_REQUEST_HEAD, sid_len);
    q.code = p + KEEPER_REQUEST_HEAD + sid_len;
    q.data = q.code + q.code_len;
    /* The length of the C string again: a NUL inside a SID would bind a blob to another person. */
    if (strlen(q.sid) != sid_len || !request_valid(&q))
        return FED_E_PROTO;
    *ret = q;
    return 0;
}

static bool
about_key(enum keeper_question question)
{
    return question == KEEPER_SIGN || question == KEEPER_TOKEN || question == KEEPER_PUBLIC;
}

static bool
reply_valid(const struct keeper_reply *a)
{
    bool only_text = a->step == 0 && a->seed_len == 0;

    if (a->text_len > KEEPER_TEXT_MAX)
        return false;
    if (a->question == KEEPER_READY)
        return only_text;
    if (a->status != 0)
        return only_text && a->text_len <= (about_key(a->question) ? KEEPER_WORDS_MAX : 0);
    switch (a->question) {
    case KEEPER_SEAL:
        return a->step == 0 && seed_len_valid(a->seed_len) &&
               a->text_len == a->seed_len + SEAL_OVERHEAD;
    case KEEPER_VERIFY:
        return a->seed_len == 0 && a->text_len == 0 && a->step <= INT64_MAX;
    case KEEPER_SIGN:
    case KEEPER_TOKEN:
    case KEEPER_PUBLIC:
    case KEEPER_WRAP:
    case KEEPER_UNWRAP:
    case KEEPER_RESEAL:
    case KEEPER_PACK:
    case KEEPER_UNPACK:
        return only_text && a->text_len > 0;
    case KEEPER_READY:
        break;
    }
    return false;
}

int
keeper_wire_put_reply(const struct keeper_reply *a, struct fed_secret *ret)
{
    unsigned char head[KEEPER_REPLY_HEAD] = {VERSION, (unsigned char)a->question};
    int r;

    if (!reply_valid(a))
        return FED_E_INVALID;
    (void)bytes_put(head + 2, fed_error_to_wire(a->status), 2);
    (void)bytes_put(head + 4, a->step, 8);
    (void)bytes_put(head + 12, a->text_len, 4);
    (void)bytes_put(head + 16, a->seed_len, 4);
    fed_secret_clear(ret);
    if ((r = fed_secret_add(ret, head, sizeof(head))) != 0 ||
        (r = fed_secret_add(ret, a->text, a->text_len)) != 0 ||
        (r = fed_secret_add(ret, a->seed, a->seed_len)) != 0)
        return r;
    return 0;
}

int
keeper_wire_get_reply(const void *packet, size_t len, struct keeper_reply *ret)
{
    const unsigned char *p = packet;
    struct keeper_reply a = {0};

    if (len < KEEPER_REPLY_HEAD || len > KEEPER_REPLY_MAX || p[0] != VERSION ||
        p[1] > KEEPER_UNPACK)
        return FED_E_PROTO;
    size_t left = len - KEEPER_REPLY_HEAD;
    a.text_len = bytes_get(p + 12, 4);
    a.seed_len = bytes_get(p + 16, 4);
    if (a.text_len > left || a.seed_len != left - a.text_len)
        return FED_E_PROTO;
    a.question = (enum keeper_question)p[1];
    a.status = fed_error_from_wire((unsigned)bytes_get(p + 2, 2));
    a.step = bytes_get(p + 4, 8);
    a.text = p + KEEPER_REPLY_HEAD;
    a.seed = a.text + a.text_len;
    if (!reply_valid(&a))
        return FED_E_PROTO;
    *ret = a;
    return 0;
}
