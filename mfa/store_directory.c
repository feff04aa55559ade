/*
 * The store in Active Directory: each change reads the value, compares its version, and exchanges it.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "mfa/store_directory.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/text.h"
#include "mfa/store_backend.h"
#include "mfa/store_directory_value.h"

/* Who is enrolled, for listing in order: AD gives entries in its own. */
struct entry {
    char *key; /* the name in lower case */
    char *sid;
    int64_t enrolled_s;
};

struct list {
    struct entry *entries;
    size_t n, room;
};

struct store_directory {
    struct store store; /* first: store.c knows us by it */
    const struct store_directory_ops *ops;
    void *arg;
    struct store *failures; /* SQLite: nothing but its failures is used */
    pthread_mutex_t lock;   /* of list */
    struct list list;       /* as of the last listing's start */
};

static struct store_directory *
ours(struct store *store)
{
    return (struct store_directory *)store;
}

/* ---- Values ---- */

static int
store_error(int r, const char *sid)
{
    if (r != 0)
        fed_log_debug("second-factor store: %s: %s", sid, fed_strerror(r));
    return r == 0 || r == FED_E_NOMEM ? r : FED_E_STORE;
}

static int
decode_raw(struct store_directory *s, const char *sid, const void *value, size_t len,
    struct store_row *ret)
{
    struct fed_secret blob = FED_SECRET_INIT(SEAL_OVERHEAD + SEAL_RECORD_MAX);
    struct fed_secret row = FED_SECRET_INIT(SEAL_RECORD_MAX);

    int r = store_directory_from_text(value, len, &blob);
    if (r == 0)
        r = s->ops->unwrap(s->arg, sid, blob.data, blob.len, &row);
    if (r == 0)
        r = store_directory_unpack(row.data, row.len, sid, ret);
    fed_secret_done(&blob);
    fed_secret_done(&row);
    return r;
}

static int
decode(struct store_directory *s, const char *sid, const void *value, size_t len,
    struct store_row *ret)
{
    return store_error(decode_raw(s, sid, value, len, ret), sid);
}

/* The same for a listing, which a value that does not open must not end: it goes by its SID, and has no record. */
static int
decode_or_name(struct store_directory *s, const char *sid, const void *value, size_t len,
    struct store_row *ret)
{
    int r = decode_raw(s, sid, value, len, ret);

    if (r != FED_E_STORE && r != FED_E_CRYPTO)
        return store_error(r, sid);
    *ret = (struct store_row){.version = 1};
    if (strlen(sid) >= sizeof(ret->sid))
        return FED_E_STORE;
    memcpy(ret->sid, sid, strlen(sid) + 1);
    memcpy(ret->name, sid, strlen(sid) + 1);
    return 0;
}

static int
encode(struct store_directory *s, const struct store_row *row, uint64_t version,
    struct fed_secret *ret_value)
{
    struct fed_secret blob = FED_SECRET_INIT(SEAL_OVERHEAD + SEAL_RECORD_MAX);
    struct fed_secret packed = FED_SECRET_INIT(SEAL_RECORD_MAX);

    int r = store_directory_pack(row, version, &packed);
    if (r == 0)
        r = s->ops->wrap(s->arg, row->sid, packed.data, packed.len, &blob);
    if (r == 0)
        r = store_directory_to_text(blob.data, blob.len, ret_value);
    fed_secret_done(&blob);
    fed_secret_done(&packed);
    return store_error(r, row->sid);
}

/* The value of somebody; who has none, or no entry, is not enrolled. */
static int
read_value(struct store_directory *s, const char *sid, struct fed_secret *ret)
{
    int r = s->ops->read(s->arg, sid, ret);

    if (r == FED_E_UNKNOWN_USER || (r == 0 && ret->len == 0))
        return FED_E_NOT_ENROLLED;
    return store_error(r, sid);
}

static int
exchange(struct store_directory *s, const char *sid, const struct fed_secret *old_value,
    const struct fed_secret *new_value)
{
    int r = s->ops->exchange(s->arg, sid, old_value, new_value);

    return r == FED_E_REPLAY ? r : store_error(r, sid);
}

/* ---- People ---- */

static int
directory_load(struct store *store, const char *sid, struct store_row *ret)
{
    struct fed_secret value = FED_SECRET_INIT(STORE_DIRECTORY_VALUE_MAX);

    int r = read_value(ours(store), sid, &value);
    if (r == 0)
        r = decode(ours(store), sid, value.data, value.len, ret);
    fed_secret_done(&value);
    return r;
}

/* What the value of somebody was sealed with. */
static int
directory_sealed(struct store *store, const char *sid, unsigned char ret_head[SEAL_HEAD])
{
    struct fed_secret value = FED_SECRET_INIT(STORE_DIRECTORY_VALUE_MAX);
    struct fed_secret blob = FED_SECRET_INIT(SEAL_OVERHEAD + SEAL_RECORD_MAX);

    int r = read_value(ours(store), sid, &value);
    if (r == 0)
        r = store_directory_from_text(value.data, value.len, &blob);
    if (r == 0 && blob.len < SEAL_HEAD)
        r = FED_E_STORE;
    if (r == 0)
        memcpy(ret_head, blob.data, SEAL_HEAD);
    fed_secret_done(&value);
    fed_secret_done(&blob);
    return r;
}

/* Somebody without an entry has nowhere to keep a value. */
static int
directory_accepts(struct store *store, const char *sid)
{
    struct fed_secret value = FED_SECRET_INIT(STORE_DIRECTORY_VALUE_MAX);
    struct store_directory *s = ours(store);

    int r = s->ops->read(s->arg, sid, &value);
    fed_secret_done(&value);
    return r == FED_E_UNKNOWN_USER ? r : store_error(r, sid);
}

static int
directory_swap(
    struct store *store, const struct store_row *row, const char *name_key, uint64_t next)
{
    struct fed_secret old_value = FED_SECRET_INIT(STORE_DIRECTORY_VALUE_MAX);
    struct fed_secret new_value = FED_SECRET_INIT(STORE_DIRECTORY_VALUE_MAX);
    struct store_row old = {.version = 0};

    (void)name_key;
    int r = read_value(ours(store), row->sid, &old_value);
    if (r == 0)
        r = decode(ours(store), row->sid, old_value.data, old_value.len, &old);
    else if (r == FED_E_NOT_ENROLLED)
        r = 0;
    if (r == 0 && old.version != row->version)
        r = FED_E_REPLAY;
    if (r == 0)
        r = encode(ours(store), row, next, &new_value);
    if (r == 0)
        r = exchange(ours(store), row->sid, &old_value, &new_value);
    fed_secret_done(&old_value);
    fed_secret_done(&new_value);
    return r;
}

/* Without a look into the value: one that no longer opens can be removed, too. */
static int
directory_remove(struct store *store, const char *sid)
{
    struct fed_secret value = FED_SECRET_INIT(STORE_DIRECTORY_VALUE_MAX);
    struct fed_secret none = FED_SECRET_INIT(0);
    int r = FED_E_REPLAY;

    for (int tries = 0; tries < 8 && r == FED_E_REPLAY; tries++) {
        r = read_value(ours(store), sid, &value);
        if (r == 0)
            r = exchange(ours(store), sid, &value, &none);
    }
    fed_secret_done(&value);
    return r == FED_E_REPLAY ? FED_E_STORE : r;
}

/*
 * Where the right to read is gone and that to write is not, AD shows no value, and yet refuses to add one where there is one. What is
 * put is taken away by its value: an enrolment that comes in between stays.
 */
static int
directory_absent(struct store *store, const struct store_row *row, uint64_t version)
{
    struct fed_secret value = FED_SECRET_INIT(STORE_DIRECTORY_VALUE_MAX);
    struct fed_secret none = FED_SECRET_INIT(0);
    struct store_row there;
    struct record record;

    int r = encode(ours(store), row, version, &value);
    r = r == 0 ? FED_E_REPLAY : r;
    for (int tries = 0; tries < 8 && r == FED_E_REPLAY; tries++) {
        if ((r = directory_load(store, row->sid, &there)) == 0) {
            r = record_decode(there.record, there.record_len, &record);
            r = r == 0 && record_enrolled(&record) ? FED_E_EXISTS : r;
        } else if (r == FED_E_NOT_ENROLLED) {
            r = exchange(ours(store), row->sid, &none, &value);
            r = r == 0 ? exchange(ours(store), row->sid, &value, &none) : r;
        }
    }
    fed_secret_done(&value);
    return r == FED_E_REPLAY ? FED_E_STORE : r;
}

/* ---- Listing ---- */

static void
list_done(struct list *list)
{
    for (size_t i = 0; i < list->n; i++) {
        free(list->entries[i].key);
        free(list->entries[i].sid);
    }
    free(list->entries);
    *list = (struct list){.n = 0};
}

static int
entry_compare(const void *a, const void *b)
{
    const struct entry *x = a, *y = b;
    int order = strcmp(x->key, y->key);

    return order != 0 ? order : strcmp(x->sid, y->sid);
}

static int
list_add(struct list *list, const struct store_row *row)
{
    char key[STORE_NAME_MAX];

    if (list->n == list->room) {
        size_t room = list->room == 0 ? 64 : 2 * list->room;
        struct entry *entries = reallocarray(list->entries, room, sizeof(*entries));
        if (entries == NULL)
            return FED_E_NOMEM;
        list->entries = entries;
        list->room = room;
    }
    struct entry entry = {.key = strdup(text_lower(key, sizeof(key), row->name)),
        .sid = strdup(row->sid),
        .enrolled_s = row->enrolled_s};
    list->entries[list->n++] = entry;
    return entry.key == NULL || entry.sid == NULL ? FED_E_NOMEM : 0;
}

struct listing {
    struct store_directory *s;
    struct list list;
};

static int
add_value(void *arg, const char *sid, const void *value, size_t len)
{
    struct listing *listing = arg;
    struct store_row row;
    int r = decode_or_name(listing->s, sid, value, len, &row);

    return r != 0 ? r : list_add(&listing->list, &row);
}

static int
make_list(struct store_directory *s, struct list *ret)
{
    struct listing listing = {.s = s};
    int r = s->ops->each(s->arg, add_value, &listing);

    if (r != 0) {
        list_done(&listing.list);
        return store_error(r, "listing");
    }
    if (listing.list.n > 0)
        qsort(listing.list.entries, listing.list.n, sizeof(struct entry), entry_compare);
    *ret = listing.list;
    return 0;
}

/* By reading everybody: asked for only where the directory itself does not know the name. */
static int
directory_find(struct store *store, const char *name_key, char ret_sid[STORE_SID_MAX])
{
    const struct entry *latest = NULL;
    struct list list;

    int r = make_list(ours(store), &list);
    if (r != 0)
        return r;
    for (size_t i = 0; i < list.n; i++) {
        const struct entry *e = &list.entries[i];
        if (strcmp(e->key, name_key) == 0 && (latest == NULL || e->enrolled_s > latest->enrolled_s))
            latest = e;
    }
    if (latest != NULL)
        memcpy(ret_sid, latest->sid, strlen(latest->sid) + 1);
    list_done(&list);
    return latest != NULL ? 0 : FED_E_NOT_ENROLLED;
}

/* The SID of the first entry behind (key, sid); false when there is none. */
static bool
next_sid(struct store_directory *s, const char *key, const char *sid, char ret_key[STORE_NAME_MAX],
    char ret_sid[STORE_SID_MAX])
{
    bool found = false;

    (void)pthread_mutex_lock(&s->lock);
    for (size_t low = 0, high = s->list.n; low <= high && !found;) {
        if (low == high) {
            found = low < s->list.n;
            if (found) {
                memcpy(ret_key, s->list.entries[low].key, strlen(s->list.entries[low].key) + 1);
                memcpy(ret_sid, s->list.entries[low].sid, strlen(s->list.entries[low].sid) + 1);
            }
            break;
        }
        size_t middle = low + (high - low) / 2;
        struct entry at = {.key = (char *)key, .sid = (char *)sid};
        if (entry_compare(&s->list.entries[middle], &at) <= 0)
            low = middle + 1;
        else
            high = middle;
    }
    (void)pthread_mutex_unlock(&s->lock);
    return found;
}

static int
load_or_name(struct store_directory *s, const char *sid, struct store_row *ret)
{
    struct fed_secret value = FED_SECRET_INIT(STORE_DIRECTORY_VALUE_MAX);

    int r = read_value(s, sid, &value);
    if (r == 0)
        r = decode_or_name(s, sid, value.data, value.len, ret);
    fed_secret_done(&value);
    return r;
}

static int
directory_next(struct store *store, const char *name_key, const char *sid, struct store_row *ret)
{
    struct store_directory *s = ours(store);
    char key[STORE_NAME_MAX], at[STORE_SID_MAX], now[STORE_NAME_MAX];
    struct list list;

    /* Nothing listed is no list: somebody goes on with one that was made before a restart. */
    (void)pthread_mutex_lock(&s->lock);
    bool first = s->list.n == 0 || (name_key[0] == '\0' && sid[0] == '\0');
    (void)pthread_mutex_unlock(&s->lock);
    if (first) {
        int r = make_list(s, &list);
        if (r != 0)
            return r;
        (void)pthread_mutex_lock(&s->lock);
        struct list old = s->list;
        s->list = list;
        (void)pthread_mutex_unlock(&s->lock);
        list_done(&old);
    }
    while (next_sid(s, name_key, sid, key, at)) {
        int r = load_or_name(s, at, ret);
        if (r != 0 && r != FED_E_NOT_ENROLLED)
            return r;
        /* Who was removed or got another name since the listing began is passed over. */
        if (r == 0 && strcmp(text_lower(now, sizeof(now), ret->name), key) == 0)
            return 0;
        name_key = memcpy(now, key, sizeof(now));
        sid = at;
    }
    return FED_E_NOT_FOUND;
}

/* ---- Failures, opening and closing ---- */

static int
directory_failures_get(struct store *store, const char *person, const char *source, int64_t now_s,
    int64_t forget_s, struct store_failures *ret)
{
    return store_failures_get(ours(store)->failures, person, source, now_s, forget_s, ret);
}

static int
directory_failures_add(struct store *store, const char *person, const char *source,
    enum store_failure what, int64_t now_s, int64_t forget_s)
{
    return store_failures_add(ours(store)->failures, person, source, what, now_s, forget_s);
}

static int
directory_failures_forgive(struct store *store, const char *person, const char *source)
{
    return store_failures_forgive(ours(store)->failures, person, source);
}

static int
directory_failures_forget(struct store *store, const char *person)
{
    return store_failures_forget(ours(store)->failures, person);
}

static void
directory_close(struct store *store)
{
    struct store_directory *s = ours(store);

    store_close(s->failures);
    list_done(&s->list);
    (void)pthread_mutex_destroy(&s->lock);
    free(s);
}

int
store_directory_open(const struct store_directory_ops *ops, void *arg, const char *failures,
    struct store **ret, char *why)
{
    static const struct store_ops store_ops = {
        .close = directory_close,
        .load = directory_load,
        .swap = directory_swap,
        .find = directory_find,
        .remove = directory_remove,
        .next = directory_next,
        .accepts = directory_accepts,
        .absent = directory_absent,
        .sealed = directory_sealed,
        .failures_get = directory_failures_get,
        .failures_add = directory_failures_add,
        .failures_forgive = directory_failures_forgive,
        .failures_forget = directory_failures_forget,
    };
    struct store_directory *s = calloc(1, sizeof(*s));

    if (s == NULL)
        return FED_E_NOMEM;
    s->store.ops = &store_ops;
    s->ops = ops;
    s->arg = arg;
    (void)pthread_mutex_init(&s->lock, NULL);
    int r = store_sqlite_open(failures, &s->failures, why);
    if (r != 0) {
        directory_close(&s->store);
        return r;
    }
    *ret = &s->store;
    return 0;
}
