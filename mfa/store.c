/*
 * The store's front: finds the back-end, and checks once, for all of them, what is written and what
 * was read. A row that is not in order is FED_E_STORE: something is wrong, nothing is known (I-29).
 * SPDX-License-Identifier: Apache-2.0
 */
#include "mfa/store.h"

#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#include "base/text.h"
#include "mfa/store_backend.h"

int
store_open(const char *where, struct store **ret, char *why)
{
    static const struct {
        const char *prefix;
        int (*open)(const char *where, struct store **ret, char *why);
    } kinds[] = {{"sqlite:", store_sqlite_open}, {"postgresql://", store_postgres_open}};

    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        size_t n = strlen(kinds[i].prefix);
        if (strncmp(where, kinds[i].prefix, n) == 0)
            return kinds[i].open(where + n, ret, why);
    }
    (void)snprintf(why, STORE_WHY_MAX,
        "\"%s\": unknown kind of store: write sqlite:/absolute/path or postgresql://…", where);
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
row_valid(const struct store_row *row)
{
    return text_valid(row->sid, sizeof(row->sid), false) &&
           text_valid(row->name, sizeof(row->name), false) && row->enrolled_s >= 0 &&
           row->record_len > 0 && row->record_len <= sizeof(row->record);
}

static bool
row_read_valid(const struct store_row *row)
{
    return row_valid(row) && row->version > 0 && row->version <= INT64_MAX;
}

int
store_load(struct store *store, const char *sid, struct store_row *ret)
{
    struct store_row row = {.version = 0};

    int r = store->ops->load(store, sid, &row);
    if (r != 0)
        return r;
    if (!row_read_valid(&row) || strcmp(row.sid, sid) != 0)
        return FED_E_STORE;
    *ret = row;
    return 0;
}

/*
 * Versions are random, not counted: somebody who was removed and enrolled anew must not be taken for who
 * they were, by one who read the old row and is about to write.
 */
static int
new_version(uint64_t other_than, uint64_t *ret)
{
    uint64_t version = 0;

    do {
        if (getrandom(&version, sizeof(version), 0) != (ssize_t)sizeof(version))
            return FED_E_SYSTEM;
        version >>= 1; /* back-ends know signed numbers */
    } while (version == 0 || version == other_than);
    *ret = version;
    return 0;
}

int
store_swap(struct store *store, struct store_row *row)
{
    char key[STORE_NAME_MAX];
    uint64_t next = 0;

    if (!row_valid(row))
        return FED_E_INVALID;
    int r = new_version(row->version, &next);
    if (r == 0)
        r = store->ops->swap(store, row, text_lower(key, sizeof(key), row->name), next);
    if (r == 0)
        row->version = next;
    return r;
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
store_remove(struct store *store, const char *sid)
{
    return store->ops->remove(store, sid);
}

/* Somebody whose row does not open. */
static bool
is_nameless(const struct store_row *row)
{
    return row->record_len == 0 && row->sid[0] != '\0' && strcmp(row->name, row->sid) == 0;
}

int
store_each_from(struct store *store, struct store_place *place,
    int (*fn)(const struct store_row *row, void *arg), void *arg)
{
    for (;;) {
        struct store_row row = {.version = 0};
        char next_key[STORE_NAME_MAX];
        int r = store->ops->next(store, place->key, place->sid, &row);
        if (r == FED_E_NOT_FOUND)
            return 0;
        if (r != 0)
            return r;
        if (!row_read_valid(&row) && !is_nameless(&row))
            return FED_E_STORE;
        /* A row whose key is not that of its name could send us round in circles. */
        int order = strcmp(text_lower(next_key, sizeof(next_key), row.name), place->key);
        if (order < 0 || (order == 0 && strcmp(row.sid, place->sid) <= 0))
            return FED_E_STORE;
        if ((r = fn(&row, arg)) != 0)
            return r;
        memcpy(place->key, next_key, sizeof(next_key));
        memcpy(place->sid, row.sid, sizeof(row.sid));
    }
}

int
store_each(struct store *store, int (*fn)(const struct store_row *row, void *arg), void *arg)
{
    struct store_place place = {.key = ""};

    return store_each_from(store, &place, fn, arg);
}

int
store_sealed(struct store *store, const char *sid, unsigned char ret_head[SEAL_HEAD])
{
    return store->ops->sealed != NULL ? store->ops->sealed(store, sid, ret_head) : FED_E_NOT_FOUND;
}

int
store_accepts(struct store *store, const char *sid)
{
    return store->ops->accepts != NULL ? store->ops->accepts(store, sid) : 0;
}

int
store_absent(struct store *store, const char *sid, const char *name, int64_t now_s)
{
    struct store_row row = {.enrolled_s = now_s};
    struct record record;
    uint64_t version = 0;

    if (store->ops->absent == NULL)
        return 0;
    if (strlen(sid) >= sizeof(row.sid) || strlen(name) >= sizeof(row.name))
        return FED_E_INVALID;
    memcpy(row.sid, sid, strlen(sid) + 1);
    memcpy(row.name, name, strlen(name) + 1);
    record_init(&record);
    if (record_encode(&record, row.record, &row.record_len) != 0 || new_version(0, &version) != 0)
        return FED_E_STORE;
    return store->ops->absent(store, &row, version);
}

int
store_together(struct store *store, int (*fn)(struct store *tx, void *arg), void *arg)
{
    return store_is_whole(store) ? store->ops->together(store, fn, arg) : fn(store, arg);
}

bool
store_is_whole(const struct store *store)
{
    return store->ops->together != NULL;
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

bool
store_is_shared(const struct store *store)
{
    return store->ops->attempt_begin != NULL;
}

int
store_attempt_begin(struct store *store, const char *person, const char *source, uint64_t *ret_id,
    unsigned *ret_here, unsigned *ret_anywhere)
{
    return store->ops->attempt_begin(store, person, source, ret_id, ret_here, ret_anywhere);
}

void
store_attempt_end(struct store *store, uint64_t id)
{
    store->ops->attempt_end(store, id);
}
