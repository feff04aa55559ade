/*
 * Stores of all kinds, people with everything that a record has, and parcels in memory: for the tests of moving.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef TESTS_MFA_MOVING_H
#define TESTS_MFA_MOVING_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "mfa/arrival.h"
#include "mfa/departure.h"
#include "tests/folder.h"
#include "tests/mfa/directory.h"
#include "tests/mfa/people.h"
#include "tests/mfa/postgres.h"

enum { PIECES_MAX = 64, KINDS = 3 };

static char folder[FOLDER_SIZE], why[STORE_WHY_MAX];
static struct fed_secret key, other_key;

/* ---- A keeper without a process ---- */

static inline int
seal(void *arg, const char *place, const void *data, size_t len, struct fed_secret *ret)
{
    struct fed_secret plain = FED_SECRET_INIT(SEAL_RECORD_MAX);

    int r = fed_secret_set(&plain, data, len);
    if (r == 0)
        r = seal_close_piece(arg, place, &plain, ret);
    fed_secret_done(&plain);
    return r;
}

static inline int
unseal(void *arg, const char *place, const void *data, size_t len, struct fed_secret *ret)
{
    return seal_open_piece(arg, place, data, len, ret);
}

static inline int
try_seed(void *arg, const char *sid, const void *blob, size_t len)
{
    struct fed_secret seed = FED_SECRET_INIT(TOTP_SEED_MAX);

    int r = seal_open(arg, sid, blob, len, &seed);
    fed_secret_done(&seed);
    return r;
}

static const struct parcel_keeper keeper = {seal, unseal, try_seed, &key};
static const struct parcel_keeper stranger = {seal, unseal, try_seed, &other_key};

/* ---- Stores ---- */

/* Two stores of each kind, empty. */
static inline struct store *
open_store(int kind, int which)
{
    char where[192];
    struct store *store = NULL;
    int r;

    if (kind == 2) {
        (void)snprintf(where, sizeof(where), "%s/failures%d.db", folder, which);
        r = store_directory_open(&ad_ops, NULL, where, &store, why);
    } else {
        if (kind == 0)
            (void)snprintf(where, sizeof(where), "sqlite:%s/mfa%d.db", folder, which);
        else
            (void)snprintf(where, sizeof(where), "postgresql://awsfed@/%s?host=%s",
                which == 0 ? "awsfed" : "other", postgres_folder);
        r = store_open(where, &store, why);
    }
    if (r != 0)
        fail_msg("%s", why);
    return store;
}

static inline void
make_sid(unsigned n, char ret[STORE_SID_MAX])
{
    (void)snprintf(ret, STORE_SID_MAX, "S-1-5-21-1-2-3-%u", 1000 + n);
}

struct making {
    const char *sid;
    uint64_t watermark;
};

/* Two tokens, codes of which one is used, a ticket: everything that a record has. */
static inline int
make_record(struct record *record, void *arg)
{
    const struct making *m = arg;
    struct fed_secret seed = FED_SECRET_INIT(TOTP_SEED_MAX), blob = FED_SECRET_INIT(SEAL_BLOB_MAX);
    uint32_t id;
    int r = fed_secret_add_str(&seed, "twenty bytes of seed");

    for (unsigned i = 0; i < 2 && r == 0; i++) {
        struct record_token t = people_token(m->watermark + i);
        t.replaces = 0;
        t.drift = i == 0 ? -3 : 0;
        fed_secret_clear(&blob);
        if ((r = seal_close(&key, m->sid, &seed, &blob)) != 0)
            break;
        memcpy(t.blob, blob.data, blob.len);
        t.blob_len = blob.len;
        r = record_add(record, &t, &id);
    }
    record->n_codes = RECORD_CODES_MAX;
    memset(record->salt, 7, sizeof(record->salt));
    memset(record->codes, 9, sizeof(record->codes));
    record->used[4] = true;
    record->ticket_expires_s = 1900000000;
    memset(record->ticket, 5, sizeof(record->ticket));
    fed_secret_done(&seed);
    fed_secret_done(&blob);
    return r;
}

static inline void
put_people(struct store *store, unsigned n)
{
    char sid[STORE_SID_MAX], name[64];

    for (unsigned i = 0; i < n; i++) {
        make_sid(i, sid);
        struct making m = {sid, 100 + i};
        (void)snprintf(name, sizeof(name), "u%u@corp.example.com", i);
        assert_int_equal(person_change(store, sid, name, 1700000000, make_record, &m), 0);
    }
}

static inline int
remove_row(const struct store_row *row, void *arg)
{
    return store_remove(arg, row->sid);
}

static inline void
empty(struct store *store)
{
    assert_int_equal(store_each(store, remove_row, store), 0);
}

/* ---- Parcels in memory ---- */

struct parcel {
    struct parcel_head head;
    struct fed_secret pieces[PIECES_MAX];
    size_t n, refused;
};

static inline int
take(void *arg, const void *piece, size_t len)
{
    struct parcel *p = arg;

    assert_true(p->n < PIECES_MAX);
    p->pieces[p->n] = FED_SECRET_INIT(PARCEL_PIECE_MAX);
    return fed_secret_add(&p->pieces[p->n++], piece, len);
}

static inline int
refuse(void *arg, const char *name)
{
    struct parcel *p = arg;

    (void)name;
    p->refused++;
    return 0;
}

/* Pages with room for a few pieces each. */
static inline void
export_from(struct store *store, struct parcel *ret)
{
    struct departure_page page = {
        .room = 2 * PARCEL_PIECE_MAX, .take = take, .refuse = refuse, .arg = ret};
    struct departure d = {.store = store, .keeper = &keeper, .number = 1};
    bool ended = false;

    memset(ret, 0, sizeof(*ret));
    assert_int_equal(parcel_head_make(1795305600, &ret->head), 0);
    d.head = ret->head;
    for (unsigned pages = 0; !ended; pages++) {
        assert_true(pages < PIECES_MAX);
        assert_int_equal(departure_next(&d, &page, &ended), 0);
    }
}

static inline void
drop(struct parcel *p)
{
    for (size_t i = 0; i < p->n; i++)
        fed_secret_done(&p->pieces[i]);
}

/* People in a, nobody in b, and what leaves a. */
static inline void
ready(struct store *a, struct store *b, unsigned n, struct parcel *ret)
{
    empty(a);
    empty(b);
    put_people(a, n);
    export_from(a, ret);
}

static inline void
close_all(struct store *a, struct store *b, struct parcel *p)
{
    drop(p);
    store_close(a);
    store_close(b);
}

static inline struct arrival *
begin(struct store *store, const struct parcel *p, bool replace, bool dry_run)
{
    struct arrival_options options = {.store = store,
        .keeper = &keeper,
        .folder = folder,
        .head = &p->head,
        .replace = replace,
        .dry_run = dry_run};
    struct arrival *a = NULL;

    assert_int_equal(arrival_new(&options, &a), 0);
    return a;
}

/* Every piece in its turn. */
static inline int
hand_over(struct arrival *a, const struct parcel *p)
{
    int r = 0;

    for (size_t i = 0; i < p->n && r == 0; i++)
        r = arrival_piece(a, i + 1, p->pieces[i].data, p->pieces[i].len);
    return r;
}

/* The first n people of a store, who were on the lines from this one on. */
static inline void
hand_over_rows(struct arrival *a, struct store *store, unsigned n, uint64_t line)
{
    char sid[STORE_SID_MAX];
    struct store_row row;

    for (unsigned i = 0; i < n; i++) {
        make_sid(i, sid);
        assert_int_equal(store_load(store, sid, &row), 0);
        assert_int_equal(arrival_add(a, &row, line + i), 0);
    }
}

/* All of it; a page at a time where the store takes no more. */
static inline int
import_to(struct store *store, const struct parcel *p, bool replace, bool dry_run,
    struct arrival_counts *ret)
{
    struct arrival *a = begin(store, p, replace, dry_run);
    bool more = true;
    int r = hand_over(a, p);

    while (r == 0 && more)
        r = arrival_finish(a, 3, &more);
    if (ret != NULL)
        *ret = arrival_counts(a);
    arrival_free(a);
    return r;
}

/* ---- What stays the same ---- */

static inline int
count_row(const struct store_row *row, void *arg)
{
    (void)row;
    ++*(unsigned *)arg;
    return 0;
}

static inline unsigned
people_in(struct store *store)
{
    unsigned n = 0;

    assert_int_equal(store_each(store, count_row, &n), 0);
    return n;
}

static inline int
same_in(const struct store_row *row, void *arg)
{
    struct store_row there;

    if (store_load(arg, row->sid, &there) != 0)
        fail_msg("%s is lost", row->sid);
    assert_string_equal(there.name, row->name);
    assert_int_equal(there.enrolled_s, row->enrolled_s);
    assert_int_equal(there.record_len, row->record_len);
    assert_memory_equal(there.record, row->record, row->record_len);
    return 0;
}

/* ---- Before and after all ---- */

static inline int
set_up(void **state)
{
    (void)state;
    key = other_key = FED_SECRET_INIT(SEAL_KEY_SIZE);
    /* Nothing here is about a disk: processes die, machines do not. */
    if (folder_make_in_memory(folder) != 0 || ad_empty() != 0 ||
        fed_secret_resize(&key, SEAL_KEY_SIZE) != 0 ||
        fed_secret_resize(&other_key, SEAL_KEY_SIZE) != 0)
        return -1;
    memset(key.data, 'a', SEAL_KEY_SIZE);
    memset(other_key.data, 'b', SEAL_KEY_SIZE);
    return 0;
}

static inline int
tear_down(void **state)
{
    (void)state;
    fed_secret_done(&key);
    fed_secret_done(&other_key);
    return folder_remove(folder);
}

/* The same with two databases. */
static inline int
set_up_with_server(void **state)
{
    return set_up(state) != 0 || postgres_make() != 0 ||
                   postgres_sql("ALTER SYSTEM SET fsync = off") != 0 ||
                   postgres_sql("SELECT pg_reload_conf()") != 0 ||
                   postgres_run(
                       "%s/createdb -h %s -U awsfed other", postgres_bin, postgres_folder) != 0
               ? -1
               : 0;
}

static inline int
tear_down_with_server(void **state)
{
    return postgres_remove() + tear_down(state);
}

#endif
