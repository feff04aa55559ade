/*
 * Changes of a person's record.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "mfa/person.h"

#include <string.h>

int
person_decode(const struct store_row *row, struct record *ret)
{
    return record_decode(row->record, row->record_len, ret);
}

int
person_load(struct store *store, const char *sid, struct person *ret)
{
    struct person p = {.row = {.version = 0}};

    int r = store_load(store, sid, &p.row);
    if (r == 0)
        r = person_decode(&p.row, &p.record);
    if (r == 0)
        *ret = p;
    return r;
}

int
person_save(struct store *store, struct person *p)
{
    int r = record_encode(&p->record, p->row.record, &p->row.record_len);

    return r != 0 ? r : store_swap(store, &p->row);
}

/* Somebody who was renamed since goes by the new name from now on. */
static int
set_name(struct person *p, const char *name)
{
    if (strlen(name) >= sizeof(p->row.name))
        return FED_E_INVALID;
    memcpy(p->row.name, name, strlen(name) + 1);
    return 0;
}

static int
make_new(const char *sid, const char *name, int64_t now_s, struct person *ret)
{
    if (strlen(sid) >= sizeof(ret->row.sid))
        return FED_E_INVALID;
    *ret = (struct person){.row = {.enrolled_s = now_s}};
    record_init(&ret->record);
    memcpy(ret->row.sid, sid, strlen(sid) + 1);
    return set_name(ret, name);
}

int
person_change(struct store *store, const char *sid, const char *name, int64_t now_s,
    person_change_fn *fn, void *arg)
{
    for (unsigned i = 0; i < PERSON_TRIES; i++) {
        struct person p;
        int r = person_load(store, sid, &p);
        if (r == FED_E_NOT_ENROLLED && name != NULL)
            r = make_new(sid, name, now_s, &p);
        else if (r == 0 && name != NULL)
            r = set_name(&p, name);
        if (r == 0)
            r = fn(&p.record, arg);
        if (r != 0)
            return r;
        r = person_save(store, &p);
        if (r != FED_E_REPLAY)
            return r;
    }
    return FED_E_BUSY;
}
