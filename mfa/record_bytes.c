/*
 * A record as bytes, in the form that record.h shows. The reader takes exactly what the writer makes: what it
 * reads, written again, is the same bytes.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <string.h>

#include "base/bytes.h"
#include "base/text.h"
#include "mfa/record.h"

enum { VERSION = 1, KIND_TOTP = 1, CONFIRMED = 1 };

/* ---- What is allowed ---- */

static bool
within(int value, int most)
{
    return value >= -most && value <= most;
}

static bool
token_valid(const struct record *r, const struct record_token *t)
{
    const struct totp_params *p = &t->params;
    size_t len = strnlen(t->label, sizeof(t->label));

    return t->id > 0 && t->id < r->next_id && (!t->confirmed || t->replaces == 0) &&
           p->digits >= 6 && p->digits <= TOTP_CODE_MAX &&
           (p->period_s == 30 || p->period_s == 60) &&
           (p->algorithm == CONF_SHA1 || p->algorithm == CONF_SHA256 ||
               p->algorithm == CONF_SHA512) &&
           within(t->drift, RECORD_RESYNC_MAX) && within(t->lean, RECORD_LEAN_MAX - 1) &&
           t->watermark <= INT64_MAX && t->enrolled_s >= 0 && len < sizeof(t->label) &&
           text_is_utf8(t->label, len) && t->blob_len >= SEAL_OVERHEAD + TOTP_SEED_MIN &&
           t->blob_len <= SEAL_BLOB_MAX;
}

static bool
record_valid(const struct record *r)
{
    size_t waiting = 0;

    if (r->next_id == 0 || r->n_tokens > RECORD_TOKENS_MAX || r->n_codes > RECORD_CODES_MAX ||
        r->ticket_expires_s < 0)
        return false;
    for (size_t i = 0; i < r->n_tokens; i++) {
        const struct record_token *t = &r->tokens[i];
        /* Ids ascend, so that none can stand for two tokens. */
        if (!token_valid(r, t) || (i > 0 && t->id <= r->tokens[i - 1].id))
            return false;
        waiting += !t->confirmed;
    }
    return waiting <= 1;
}

/* ---- Writing ---- */

static unsigned char *
put_bytes(unsigned char *to, const void *from, size_t len)
{
    memcpy(to, from, len);
    return to + len;
}

static unsigned char *
put_token(unsigned char *p, const struct record_token *t)
{
    size_t label_len = strlen(t->label);

    p = bytes_put(p, t->id, 4);
    p = bytes_put(p, t->replaces, 4);
    p = bytes_put(p, KIND_TOTP, 1);
    p = bytes_put(p, t->confirmed ? CONFIRMED : 0, 1);
    p = bytes_put(p, t->params.digits, 1);
    p = bytes_put(p, t->params.period_s, 1);
    p = bytes_put(p, t->params.algorithm, 1);
    p = bytes_put(p, (unsigned char)(signed char)t->drift, 1);
    p = bytes_put(p, (unsigned char)(signed char)t->lean, 1);
    p = bytes_put(p, t->watermark, 8);
    p = bytes_put(p, (uint64_t)t->enrolled_s, 8);
    p = bytes_put(p, label_len, 1);
    p = bytes_put(p, t->blob_len, 2);
    p = put_bytes(p, t->label, label_len);
    return put_bytes(p, t->blob, t->blob_len);
}

enum {
    TOKEN_FIXED = 34,
    MOST = 6 + RECORD_TOKENS_MAX * (TOKEN_FIXED + RECORD_LABEL_MAX - 1 + SEAL_BLOB_MAX) + 1 +
           RECORD_SALT_SIZE + 2 + RECORD_CODES_MAX * RECORD_HASH_SIZE + 1 + 8 + RECORD_HASH_SIZE,
};
_Static_assert((int)MOST <= (int)RECORD_MAX, "the largest record fits");

int
record_encode(const struct record *r, unsigned char ret[RECORD_MAX], size_t *ret_len)
{
    unsigned char *p = ret;
    unsigned used = 0;

    if (!record_valid(r))
        return FED_E_INVALID;
    p = bytes_put(p, VERSION, 1);
    p = bytes_put(p, r->next_id, 4);
    p = bytes_put(p, r->n_tokens, 1);
    for (size_t i = 0; i < r->n_tokens; i++)
        p = put_token(p, &r->tokens[i]);
    p = bytes_put(p, r->n_codes, 1);
    if (r->n_codes > 0) {
        for (size_t i = 0; i < r->n_codes; i++)
            used |= r->used[i] ? 1U << i : 0;
        p = put_bytes(p, r->salt, RECORD_SALT_SIZE);
        p = bytes_put(p, used, 2);
        p = put_bytes(p, r->codes, r->n_codes * RECORD_HASH_SIZE);
    }
    p = bytes_put(p, r->ticket_expires_s != 0, 1);
    if (r->ticket_expires_s != 0) {
        p = bytes_put(p, (uint64_t)r->ticket_expires_s, 8);
        p = put_bytes(p, r->ticket, RECORD_HASH_SIZE);
    }
    *ret_len = (size_t)(p - ret);
    return 0;
}

/* ---- Reading: errors stick, and what is read then is zero ---- */

struct reader {
    const unsigned char *p;
    size_t left;
    bool bad;
};

static uint64_t
get(struct reader *in, size_t size)
{
    uint64_t value = 0;

    if (in->bad || in->left < size) {
        in->bad = true;
        return 0;
    }
    value = bytes_get(in->p, size);
    in->p += size;
    in->left -= size;
    return value;
}

static void
get_bytes(struct reader *in, void *to, size_t len)
{
    if (in->bad || in->left < len) {
        in->bad = true;
        return;
    }
    memcpy(to, in->p, len);
    in->p += len;
    in->left -= len;
}

/* A number that must not go above a bound. */
static uint64_t
get_most(struct reader *in, size_t size, uint64_t most)
{
    uint64_t value = get(in, size);

    if (value <= most)
        return value;
    in->bad = true;
    return 0;
}

static void
get_token(struct reader *in, struct record_token *t)
{
    t->id = (uint32_t)get(in, 4);
    t->replaces = (uint32_t)get(in, 4);
    in->bad |= get(in, 1) != KIND_TOTP;
    t->confirmed = get_most(in, 1, CONFIRMED) == CONFIRMED;
    t->params.digits = (unsigned)get(in, 1);
    t->params.period_s = (unsigned)get(in, 1);
    t->params.algorithm = (enum conf_algorithm)get_most(in, 1, CONF_SHA512);
    t->drift = (signed char)get(in, 1);
    t->lean = (signed char)get(in, 1);
    t->watermark = get(in, 8);
    t->enrolled_s = (int64_t)get_most(in, 8, INT64_MAX);
    size_t label_len = (size_t)get_most(in, 1, sizeof(t->label) - 1);
    t->blob_len = (size_t)get_most(in, 2, sizeof(t->blob));
    get_bytes(in, t->label, label_len);
    in->bad |= memchr(t->label, '\0', label_len) != NULL;
    get_bytes(in, t->blob, t->blob_len);
}

int
record_decode(const void *data, size_t len, struct record *ret)
{
    struct reader in = {.p = data, .left = len};
    struct record r = {0};

    in.bad |= get(&in, 1) != VERSION;
    r.next_id = (uint32_t)get(&in, 4);
    r.n_tokens = (size_t)get_most(&in, 1, RECORD_TOKENS_MAX);
    for (size_t i = 0; i < r.n_tokens; i++)
        get_token(&in, &r.tokens[i]);
    r.n_codes = (size_t)get_most(&in, 1, RECORD_CODES_MAX);
    if (r.n_codes > 0) {
        get_bytes(&in, r.salt, RECORD_SALT_SIZE);
        uint64_t used = get_most(&in, 2, (1U << r.n_codes) - 1);
        for (size_t i = 0; i < r.n_codes; i++)
            r.used[i] = (used >> i & 1) != 0;
        get_bytes(&in, r.codes, r.n_codes * RECORD_HASH_SIZE);
    }
    if (get_most(&in, 1, 1) == 1) {
        r.ticket_expires_s = (int64_t)get_most(&in, 8, INT64_MAX);
        in.bad |= r.ticket_expires_s == 0;
        get_bytes(&in, r.ticket, RECORD_HASH_SIZE);
    }
    if (in.bad || in.left != 0 || !record_valid(&r))
        return FED_E_STORE;
    *ret = r;
    return 0;
}
