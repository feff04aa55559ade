/*
 * People for tests of the store: each with one token, named by its SID and moved by its watermark.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef TESTS_MFA_PEOPLE_H
#define TESTS_MFA_PEOPLE_H

#include <stdio.h>
#include <string.h>

#include "mfa/person.h"

static inline struct record_token
people_token(uint64_t watermark)
{
    struct record_token t = {
        .confirmed = true,
        .replaces = RECORD_ALL,
        .params = {.digits = 6, .period_s = 30, .algorithm = CONF_SHA256},
        .label = "phone",
        .blob_len = SEAL_OVERHEAD + 20,
        .enrolled_s = 1700000000,
        .watermark = watermark,
    };

    memset(t.blob, 0x5a, t.blob_len);
    return t;
}

struct people_put {
    uint64_t watermark;
    bool replace;
};

static inline int
people_put_fn(struct record *record, void *arg)
{
    const struct people_put *put = arg;
    struct record_token t = people_token(put->watermark);
    uint32_t id;

    if (record_enrolled(record) && !put->replace)
        return FED_E_EXISTS;
    return record_add(record, &t, &id);
}

/* Enrol, as an administrator's command does. */
static inline int
people_put(struct store *store, const char *sid, const char *name, uint64_t watermark, bool replace)
{
    struct people_put put = {watermark, replace};

    return person_change(store, sid, name, 1700000000, people_put_fn, &put);
}

static inline int
people_use_fn(struct record *record, void *arg)
{
    return record->n_tokens == 0 ? FED_E_NOT_ENROLLED
                                 : record_use_step(record, record->tokens[0].id, *(uint64_t *)arg);
}

/* Use up a step, as a login does. */
static inline int
people_use(struct store *store, const char *sid, uint64_t step)
{
    return person_change(store, sid, NULL, 0, people_use_fn, &step);
}

static inline int
people_watermark(struct store *store, const char *sid, uint64_t *ret)
{
    struct person p;
    int r = person_load(store, sid, &p);

    if (r == 0)
        *ret = p.record.tokens[0].watermark;
    return r;
}

#endif
