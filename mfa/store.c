/*
 * The store's front: finds the back-end, and checks once, for all of them, what is written and what
 * was read. A row that is not in order is FED_E_STORE: something is wrong, nothing is known (I-29).
 * SPDX-License-Identifier: Apache-2.0
 */
#include "mfa/store.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "mfa/store_backend.h"

int
store_open(const char *where, struct store **ret, char *why)
{
    static const struct {
        const char *prefix;
        int (*open)(const char *where, struct store **ret, char *why);
    } kinds[] = {{"sqlite:", store_sqlite_open}};

    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        size_t n = strlen(kinds[i].prefix);
        if (strncmp(where, kinds[i].prefix, n) == 0)
            return kinds[i].open(where + n, ret, why);
    }
    (void)snprintf(
        why, STORE_WHY_MAX, "\"%s\": unknown kind of store: write sqlite:/absolute/path", where);
    return FED_E_CONFIG;
}

void
store_close(struct store *store)
{
    if (store != NULL)
        store->ops->close(store);
}

static bool
text_valid(const char *text, size_t size, bool may_be_empty)
{
    size_t len = strnlen(text, size);

    return len < size && (len > 0 || may_be_empty) && text_is_utf8(text, len);
}

static bool
enrolment_valid(const struct store_enrolment *e)
{
    const struct totp_params *p = &e->params;

    return text_valid(e->sid, sizeof(e->sid), false) &&
           text_valid(e->name, sizeof(e->name), false) &&
           text_valid(e->label, sizeof(e->label), true) && p->digits >= 6 &&
           p->digits <= TOTP_CODE_MAX && (p->period_s == 30 || p->period_s == 60) &&
           (p->algorithm == CONF_SHA1 || p->algorithm == CONF_SHA256 ||
               p->algorithm == CONF_SHA512) &&
           e->blob_len >= SEAL_OVERHEAD + TOTP_SEED_MIN && e->blob_len <= SEAL_BLOB_MAX &&
           e->watermark <= INT64_MAX && e->enrolled_s >= 0;
}

int
store_get(struct store *store, const char *sid, struct store_enrolment *ret)
{
    struct store_enrolment e = {0};

    int r = store->ops->get(store, sid, &e);
    if (r != 0)
        return r;
    if (!enrolment_valid(&e) || strcmp(e.sid, sid) != 0)
        return FED_E_STORE;
    *ret = e;
    return 0;
}

/*
 * Names are found in any case of their ASCII letters. AD compares others without case too, but a name
 * that is found here is only a hint for hosts that cannot ask AD: not finding it denies.
 */
int
store_find(struct store *store, const char *name, char ret_sid[STORE_SID_MAX])
{
    char key[STORE_NAME_MAX], sid[STORE_SID_MAX] = "";

    if (strlen(name) >= sizeof(key))
        return FED_E_NOT_ENROLLED;
    int r = store->ops->find(store, text_lower(key, sizeof(key), name), sid);
    if (r != 0)
        return r;
    if (!text_valid(sid, sizeof(sid), false))
        return FED_E_STORE;
    memcpy(ret_sid, sid, sizeof(sid));
    return 0;
}

int
store_put(struct store *store, const struct store_enrolment *e, bool replace)
{
    char key[STORE_NAME_MAX];

    if (!enrolment_valid(e))
        return FED_E_INVALID;
    return store->ops->put(store, e, text_lower(key, sizeof(key), e->name), replace);
}

int
store_delete(struct store *store, const char *sid)
{
    return store->ops->remove(store, sid);
}

int
store_consume(struct store *store, const char *sid, uint64_t step)
{
    if (step > INT64_MAX)
        return FED_E_INVALID; /* no clock gives it */
    return store->ops->consume(store, sid, step);
}

int
store_each(struct store *store, int (*fn)(const struct store_enrolment *e, void *arg), void *arg)
{
    char key[STORE_NAME_MAX] = "", sid[STORE_SID_MAX] = "";

    for (;;) {
        struct store_enrolment e = {0};
        char next_key[STORE_NAME_MAX];
        int r = store->ops->next(store, key, sid, &e);
        if (r == FED_E_NOT_FOUND)
            return 0;
        if (r != 0)
            return r;
        if (!enrolment_valid(&e))
            return FED_E_STORE;
        /* A row whose key is not that of its name could send us round in circles. */
        int order = strcmp(text_lower(next_key, sizeof(next_key), e.name), key);
        if (order < 0 || (order == 0 && strcmp(e.sid, sid) <= 0))
            return FED_E_STORE;
        memcpy(key, next_key, sizeof(key));
        memcpy(sid, e.sid, sizeof(sid));
        if ((r = fn(&e, arg)) != 0)
            return r;
    }
}

int
store_failures_get(struct store *store, const char *person, const char *source, int64_t now_s,
    int64_t forget_s, struct store_failures *ret)
{
    return store->ops->failures_get(store, person, source, now_s, forget_s, ret);
}

int
store_failures_add(struct store *store, const char *person, const char *source,
    enum store_failure what, int64_t now_s, int64_t forget_s)
{
    return store->ops->failures_add(store, person, source, what, now_s, forget_s);
}

int
store_failures_forgive(struct store *store, const char *person, const char *source)
{
    return store->ops->failures_forgive(store, person, source);
}

int
store_failures_forget(struct store *store, const char *person)
{
    return store->ops->failures_forget(store, person);
}
