/*
 * Moving between stores: whatever of a parcel is changed, cut, reordered or joined is refused; and of everybody who
 * moves, among all three kinds of store, nothing is lost and no watermark falls.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "mfa/arrival.h"
#include "mfa/departure.h"
#include "tests/mfa/directory.h"
#include "tests/mfa/people.h"
#include "tests/mfa/postgres.h"

enum { PIECES_MAX = 64, KINDS = 3 };

static char folder[64], why[STORE_WHY_MAX];
static struct fed_secret key, other_key;

/* ---- A keeper without a process ---- */

static int
seal(void *arg, const char *place, const void *data, size_t len, struct fed_secret *ret)
{
    struct fed_secret plain = FED_SECRET_INIT(SEAL_RECORD_MAX);

    int r = fed_secret_set(&plain, data, len);
    if (r == 0)
        r = seal_close_piece(arg, place, &plain, ret);
    fed_secret_done(&plain);
    return r;
}

static int
unseal(void *arg, const char *place, const void *data, size_t len, struct fed_secret *ret)
{
    return seal_open_piece(arg, place, data, len, ret);
}

static int
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
static struct store *
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

static void
make_sid(unsigned n, char ret[STORE_SID_MAX])
{
    (void)snprintf(ret, STORE_SID_MAX, "S-1-5-21-1-2-3-%u", 1000 + n);
}

struct making {
    const char *sid;
    uint64_t watermark;
};

/* Two tokens, codes of which one is used, a ticket: everything that a record has. */
static int
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

static void
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

static int
remove_row(const struct store_row *row, void *arg)
{
    return store_remove(arg, row->sid);
}

static void
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

static int
take(void *arg, const void *piece, size_t len)
{
    struct parcel *p = arg;

    assert_true(p->n < PIECES_MAX);
    p->pieces[p->n] = FED_SECRET_INIT(PARCEL_PIECE_MAX);
    return fed_secret_add(&p->pieces[p->n++], piece, len);
}

static int
refuse(void *arg, const char *name)
{
    struct parcel *p = arg;

    (void)name;
    p->refused++;
    return 0;
}

/* Pages with room for a few pieces each. */
static void
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

static void
drop(struct parcel *p)
{
    for (size_t i = 0; i < p->n; i++)
        fed_secret_done(&p->pieces[i]);
}

static struct arrival *
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

/* All of it; a page at a time where the store takes no more. */
static int
import_to(struct store *store, const struct parcel *p, bool replace, bool dry_run,
    struct arrival_counts *ret)
{
    struct arrival *a = begin(store, p, replace, dry_run);
    bool more = true;
    int r = 0;

    for (size_t i = 0; i < p->n && r == 0; i++)
        r = arrival_piece(a, i + 1, p->pieces[i].data, p->pieces[i].len);
    while (r == 0 && more)
        r = arrival_finish(a, 3, &more);
    if (ret != NULL)
        *ret = arrival_counts(a);
    arrival_free(a);
    return r;
}

/* ---- What stays the same ---- */

static int
count_row(const struct store_row *row, void *arg)
{
    (void)row;
    ++*(unsigned *)arg;
    return 0;
}

static unsigned
people_in(struct store *store)
{
    unsigned n = 0;

    assert_int_equal(store_each(store, count_row, &n), 0);
    return n;
}

static int
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

/* Every kind to every other, and back: each record is the same bytes, and what was used stays used (I-24). */
static void
test_everybody_moves_between_all_stores_i24(void **state)
{
    char sid[STORE_SID_MAX];

    (void)state;
    for (int from = 0; from < KINDS; from++) {
        for (int to = 0; to < KINDS; to++) {
            struct arrival_counts n;
            struct parcel p;
            if (from == to && from == 2)
                continue; /* there is one directory in these tests */
            struct store *a = open_store(from, 0), *b = open_store(to, 1);
            empty(b);
            empty(a);
            put_people(a, 11);
            export_from(a, &p);
            assert_int_equal(p.n, 12);
            assert_int_equal(import_to(b, &p, false, true, &n), 0);
            assert_int_equal(n.added, 11);
            assert_int_equal(people_in(b), 0); /* a dry run */
            assert_int_equal(import_to(b, &p, false, false, &n), 0);
            assert_int_equal(n.added, 11);
            assert_int_equal(people_in(b), 11);
            assert_int_equal(store_each(a, same_in, b), 0);
            make_sid(3, sid);
            assert_int_equal(people_use(b, sid, 103), FED_E_REPLAY);
            assert_int_equal(people_use(b, sid, 104), 0);
            /* Again: who is here already stays as they are, and no watermark falls. */
            assert_int_equal(import_to(b, &p, false, false, &n), 0);
            assert_int_equal(n.same, 11);
            assert_int_equal(people_use(b, sid, 104), FED_E_REPLAY);
            drop(&p);
            /* And back: the higher watermark wins there. */
            export_from(b, &p);
            assert_int_equal(import_to(a, &p, false, false, &n), 0);
            assert_int_equal(n.merged, 1);
            assert_int_equal(n.same, 10);
            assert_int_equal(people_use(a, sid, 104), FED_E_REPLAY);
            drop(&p);
            store_close(a);
            store_close(b);
        }
    }
}

/* ---- What is no parcel ---- */

static void
assert_nothing(struct store *store, const struct parcel *p, int expected)
{
    assert_int_equal(import_to(store, p, false, false, NULL), expected);
    assert_int_equal(people_in(store), 0);
}

static void
test_whatever_is_changed_is_refused(void **state)
{
    struct store *a = open_store(0, 0), *b = open_store(0, 1);
    struct parcel p, whole, other;

    (void)state;
    empty(a);
    empty(b);
    put_people(a, 5);
    export_from(a, &whole);
    p = whole; /* the same pieces, to be shuffled */
    export_from(a, &other);
    for (size_t i = 0; i < p.n; i++) {
        for (size_t at = 0; at < p.pieces[i].len; at += 61) {
            p.pieces[i].data[at] ^= 0x40;
            assert_nothing(b, &p, at == 0 ? FED_E_INVALID : FED_E_CRYPTO);
            p.pieces[i].data[at] ^= 0x40;
        }
        p.pieces[i].len--;
        assert_nothing(b, &p, FED_E_CRYPTO);
        p.pieces[i].len++;
    }
    struct fed_secret kept = p.pieces[2];
    p.pieces[2] = p.pieces[1]; /* twice */
    assert_nothing(b, &p, FED_E_CRYPTO);
    p.pieces[1] = kept; /* in another order */
    assert_nothing(b, &p, FED_E_CRYPTO);
    p.pieces[1] = p.pieces[2];
    p.pieces[2] = other.pieces[2]; /* of another parcel */
    assert_nothing(b, &p, FED_E_CRYPTO);
    p.pieces[2] = kept;
    p.head.when_s++;
    assert_nothing(b, &p, FED_E_CRYPTO);
    p.head.when_s--;
    p.n--; /* cut */
    assert_nothing(b, &p, FED_E_INVALID);
    p.pieces[p.n - 1] = p.pieces[p.n]; /* somebody left out */
    assert_nothing(b, &p, FED_E_CRYPTO);
    drop(&whole);
    drop(&other);
    store_close(a);
    store_close(b);
}

static void
test_out_of_turn_and_behind_the_end(void **state)
{
    struct store *a = open_store(0, 0), *b = open_store(0, 1);
    struct parcel p;
    bool more;

    (void)state;
    export_from(a, &p);
    struct arrival *arrival = begin(b, &p, false, false);
    assert_int_equal(arrival_piece(arrival, 2, p.pieces[1].data, p.pieces[1].len), FED_E_INVALID);
    /* It stays refused, whatever comes next. */
    assert_int_equal(arrival_piece(arrival, 1, p.pieces[0].data, p.pieces[0].len), FED_E_INVALID);
    assert_int_equal(arrival_finish(arrival, 3, &more), FED_E_INVALID);
    arrival_free(arrival);
    arrival = begin(b, &p, false, false);
    for (size_t i = 0; i < p.n; i++)
        assert_int_equal(arrival_piece(arrival, i + 1, p.pieces[i].data, p.pieces[i].len), 0);
    assert_int_equal(
        arrival_piece(arrival, p.n + 1, p.pieces[0].data, p.pieces[0].len), FED_E_INVALID);
    arrival_free(arrival);
    assert_int_equal(people_in(b), 0);
    drop(&p);
    store_close(a);
    store_close(b);
}

/* Another host's key; and a seed that opens nowhere is told, at either end (I-34). */
static void
test_other_keys_are_refused_i34(void **state)
{
    struct store *a = open_store(0, 0), *b = open_store(0, 1);
    struct arrival *arrival = NULL;
    char sid[STORE_SID_MAX];
    struct parcel p;
    struct person person;
    bool more;

    (void)state;
    export_from(a, &p);
    struct arrival_options options = {
        .store = b, .keeper = &stranger, .folder = folder, .head = &p.head};
    assert_int_equal(arrival_new(&options, &arrival), 0);
    assert_int_equal(arrival_piece(arrival, 1, p.pieces[0].data, p.pieces[0].len), FED_E_CRYPTO);
    arrival_free(arrival);
    /* Somebody whose piece opened, with seeds that do not. */
    assert_int_equal(arrival_new(&options, &arrival), 0);
    struct store_row row;
    make_sid(0, sid);
    assert_int_equal(store_load(a, sid, &row), 0);
    assert_int_equal(arrival_add(arrival, &row, 1), 0);
    assert_int_equal(arrival_counts(arrival).refused, 1);
    assert_non_null(strstr(arrival_note(arrival, 0), "2: u0@corp.example.com: a seed opens with"));
    assert_int_equal(arrival_finish(arrival, 3, &more), FED_E_INVALID);
    arrival_free(arrival);
    drop(&p);

    assert_int_equal(person_load(a, sid, &person), 0);
    person.record.tokens[1].blob[20] ^= 1;
    assert_int_equal(person_save(a, &person), 0);
    export_from(a, &p);
    assert_int_equal(p.refused, 1);
    drop(&p);
    store_close(a);
    store_close(b);
}

/* ---- Who is here already ---- */

static void
test_other_tokens_are_refused_or_replaced_i24(void **state)
{
    struct store *a = open_store(0, 0), *b = open_store(0, 1);
    struct arrival_counts n;
    char sid[STORE_SID_MAX];
    struct parcel p;
    uint64_t at;

    (void)state;
    empty(a);
    empty(b);
    put_people(a, 4);
    export_from(a, &p);
    make_sid(2, sid);
    assert_int_equal(people_put(b, sid, "u2@corp.example.com", 5000, false), 0);
    assert_int_equal(import_to(b, &p, false, true, &n), FED_E_EXISTS);
    assert_int_equal(import_to(b, &p, false, false, &n), FED_E_EXISTS);
    assert_int_equal(n.refused, 1);
    assert_int_equal(people_in(b), 1); /* nobody else came in either */
    assert_int_equal(people_watermark(b, sid, &at), 0);
    assert_int_equal(at, 5000);
    assert_int_equal(import_to(b, &p, true, false, &n), 0);
    assert_int_equal(n.added, 3);
    assert_int_equal(n.merged, 1);
    assert_int_equal(people_watermark(b, sid, &at), 0);
    assert_int_equal(at, 5000); /* the moment that was used with the other token stays used */
    struct person person;
    assert_int_equal(person_load(b, sid, &person), 0);
    assert_int_equal(person.record.n_tokens, 2);
    assert_int_equal(person.record.tokens[0].id, 2); /* 1 was used, and never is again */
    drop(&p);
    store_close(a);
    store_close(b);
}

/* A recovery code used in either life is used, and codes made since are a difference (I-30). */
static void
test_recovery_codes_of_both_lives_i30(void **state)
{
    struct store *a = open_store(0, 0), *b = open_store(0, 1);
    struct arrival_counts n;
    char sid[STORE_SID_MAX];
    struct person person;
    struct parcel p;

    (void)state;
    empty(a);
    empty(b);
    put_people(a, 1);
    export_from(a, &p);
    assert_int_equal(import_to(b, &p, false, false, NULL), 0);
    make_sid(0, sid);
    assert_int_equal(person_load(b, sid, &person), 0);
    assert_true(person.record.used[4]);
    assert_int_equal(record_use_code(&person.record, 7), 0);
    assert_int_equal(person_save(b, &person), 0);
    assert_int_equal(import_to(b, &p, false, false, &n), 0);
    assert_int_equal(person_load(b, sid, &person), 0);
    assert_true(person.record.used[4] && person.record.used[7]);
    person.record.salt[0] ^= 1;
    assert_int_equal(person_save(b, &person), 0);
    assert_int_equal(import_to(b, &p, false, false, &n), FED_E_EXISTS);
    assert_int_equal(import_to(b, &p, true, false, &n), 0);
    assert_int_equal(person_load(b, sid, &person), 0);
    assert_true(person.record.used[4] && !person.record.used[7]);
    drop(&p);
    store_close(a);
    store_close(b);
}

/* A ticket that was given out here stays good, and the tokens come beside it. */
static void
test_who_has_a_ticket_only(void **state)
{
    struct store *a = open_store(0, 0), *b = open_store(0, 1);
    struct arrival_counts n;
    char sid[STORE_SID_MAX];
    struct person person = {.row = {.enrolled_s = 1}};
    struct parcel p;

    (void)state;
    empty(a);
    empty(b);
    put_people(a, 1);
    export_from(a, &p);
    make_sid(0, sid);
    (void)snprintf(person.row.sid, sizeof(person.row.sid), "%s", sid);
    (void)snprintf(person.row.name, sizeof(person.row.name), "u0@corp.example.com");
    record_init(&person.record);
    person.record.ticket_expires_s = 1950000000;
    assert_int_equal(person_save(b, &person), 0);
    assert_int_equal(import_to(b, &p, false, false, &n), 0);
    assert_int_equal(n.merged, 1);
    assert_int_equal(person_load(b, sid, &person), 0);
    assert_int_equal(person.record.n_tokens, 2);
    assert_int_equal(person.record.ticket_expires_s, 1950000000);
    assert_int_equal(import_to(b, &p, false, false, &n), 0);
    assert_int_equal(n.same, 1);
    drop(&p);
    store_close(a);
    store_close(b);
}

/* ---- Killed, and cut off ---- */

/* I-33: kill -9 while all go in leaves all or nobody; what was running leaves no file behind either. */
static void
kill_in_mid_import(int kind)
{
    struct store *a = open_store(0, 0), *b = open_store(kind, 1);
    unsigned before = 0, after = 0;
    struct parcel p;
    int status;

    empty(a);
    put_people(a, 40);
    export_from(a, &p);
    store_close(a);
    for (unsigned round = 0; round < 40; round++) {
        int report[2];
        char byte;
        empty(b);
        store_close(b);
        assert_int_equal(pipe(report), 0);
        pid_t pid = fork();
        assert_true(pid >= 0);
        if (pid == 0) {
            b = open_store(kind, 1);
            struct arrival *arrival = begin(b, &p, false, false);
            bool more;
            int r = 0;
            for (size_t i = 0; i < p.n && r == 0; i++)
                r = arrival_piece(arrival, i + 1, p.pieces[i].data, p.pieces[i].len);
            if (r == 0 && write(report[1], "x", 1) == 1)
                r = arrival_finish(arrival, 3, &more);
            (void)pause();
            _exit(r != 0);
        }
        assert_int_equal(read(report[0], &byte, 1), 1);
        for (volatile unsigned spin = 0; spin < round * round * 8000; spin++)
            ;
        assert_int_equal(kill(pid, SIGKILL), 0);
        assert_int_equal(waitpid(pid, &status, 0), pid);
        (void)close(report[0]);
        (void)close(report[1]);
        b = open_store(kind, 1);
        unsigned n = people_in(b);
        assert_true(n == 0 || n == 40);
        before += n == 0;
        after += n == 40;
    }
    assert_true(before > 0); /* or the kills came too late to show anything */
    (void)after;
    drop(&p);
    store_close(b);
}

static void
test_killed_in_mid_import_sqlite_i33(void **state)
{
    (void)state;
    kill_in_mid_import(0);
}

static void
test_killed_in_mid_import_postgres_i33(void **state)
{
    (void)state;
    kill_in_mid_import(1);
}

/* In the directory who was put stays, and the same import again brings the rest. */
static void
test_cut_off_in_the_directory_and_done_again(void **state)
{
    struct store *a = open_store(0, 0), *b = open_store(2, 1);
    struct arrival_counts n;
    struct parcel p;
    bool more;

    (void)state;
    empty(a);
    empty(b);
    put_people(a, 10);
    export_from(a, &p);
    struct arrival *arrival = begin(b, &p, false, false);
    for (size_t i = 0; i < p.n; i++)
        assert_int_equal(arrival_piece(arrival, i + 1, p.pieces[i].data, p.pieces[i].len), 0);
    assert_int_equal(arrival_finish(arrival, 4, &more), 0);
    assert_true(more);
    ad.away = FED_E_DIRECTORY;
    assert_int_equal(arrival_finish(arrival, 4, &more), FED_E_STORE);
    ad.away = 0;
    assert_int_equal(arrival_finish(arrival, 4, &more), FED_E_STORE); /* it is over */
    arrival_free(arrival);
    assert_int_equal(people_in(b), 4);
    assert_int_equal(import_to(b, &p, false, false, &n), 0);
    assert_int_equal(n.same, 4);
    assert_int_equal(n.added, 6);
    assert_int_equal(people_in(b), 10);
    assert_int_equal(store_each(a, same_in, b), 0);
    drop(&p);
    store_close(a);
    store_close(b);
}

/* Who has no entry cannot be kept there: all are refused, or they alone are left out. */
static void
test_whom_the_directory_does_not_know(void **state)
{
    struct store *a = open_store(0, 0), *b = open_store(2, 1);
    struct arrival_counts n;
    struct arrival *arrival = NULL;
    char sid[STORE_SID_MAX];
    struct parcel p;
    bool more;

    (void)state;
    empty(a);
    empty(b);
    put_people(a, 3);
    export_from(a, &p);
    make_sid(1, sid);
    ad.unknown = sid;
    assert_int_equal(import_to(b, &p, false, false, &n), FED_E_EXISTS);
    assert_int_equal(n.refused, 1);
    struct arrival_options options = {
        .store = b, .keeper = &keeper, .folder = folder, .head = &p.head, .skip_unknown = true};
    assert_int_equal(arrival_new(&options, &arrival), 0);
    for (size_t i = 0; i < p.n; i++)
        assert_int_equal(arrival_piece(arrival, i + 1, p.pieces[i].data, p.pieces[i].len), 0);
    assert_int_equal(arrival_finish(arrival, 9, &more), 0);
    n = arrival_counts(arrival);
    assert_int_equal(n.added, 2);
    assert_int_equal(n.skipped, 1);
    arrival_free(arrival);
    ad.unknown = NULL;
    assert_int_equal(people_in(b), 2);
    drop(&p);
    store_close(a);
    store_close(b);
}

/* An error in the middle undoes what the transaction had put before it. */
static void
test_twice_in_one_import_is_nobody(void **state)
{
    (void)state;
    for (int kind = 0; kind < 2; kind++) {
        struct store *a = open_store(0, 0), *b = open_store(kind, 1);
        struct arrival_options options = {.store = b, .folder = folder};
        struct arrival *arrival = NULL;
        char sid[STORE_SID_MAX];
        struct store_row row;
        bool more;

        empty(a);
        empty(b);
        put_people(a, 3);
        assert_int_equal(arrival_new(&options, &arrival), 0);
        for (unsigned i = 0; i < 3; i++) {
            make_sid(i, sid);
            assert_int_equal(store_load(a, sid, &row), 0);
            assert_int_equal(arrival_add(arrival, &row, 10 + i), 0);
        }
        struct person person;
        assert_int_equal(person_load(a, sid, &person), 0);
        person.record.tokens[0].blob[20] ^= 1;
        assert_int_equal(
            record_encode(&person.record, person.row.record, &person.row.record_len), 0);
        assert_int_equal(arrival_add(arrival, &person.row, 13), 0);
        assert_int_equal(arrival_finish(arrival, 9, &more), FED_E_EXISTS);
        assert_non_null(strstr(arrival_note(arrival, 0), "13: u2@corp"));
        arrival_free(arrival);
        assert_int_equal(people_in(b), 0);
        store_close(a);
        store_close(b);
    }
}

/* ---- Ten thousand (a hundred thousand are in tests/bench/mfa.py) ---- */

enum { MANY = 10000 };

static int
put_many(struct store *tx, void *arg)
{
    struct record_token t = people_token(9);
    int r = 0;

    (void)arg;
    for (unsigned i = 0; i < MANY && r == 0; i++) {
        struct person p = {.row = {.enrolled_s = 1}};
        uint32_t id;
        make_sid(i, p.row.sid);
        (void)snprintf(p.row.name, sizeof(p.row.name), "u%u@corp.example.com", i);
        record_init(&p.record);
        if ((r = record_add(&p.record, &t, &id)) == 0)
            r = person_save(tx, &p);
    }
    return r;
}

/* They come in together, each is found by name and SID, and a page of them goes on from anywhere. */
static void
ten_thousand(int kind)
{
    struct store *store = open_store(kind, 0);
    struct store_place place = {.key = "u9989@corp.example.com", .sid = ""};
    char sid[STORE_SID_MAX], found[STORE_SID_MAX];
    unsigned n = 0;

    empty(store);
    assert_int_equal(store_together(store, put_many, NULL), 0);
    for (unsigned i = 0; i < MANY; i += 1999) {
        char name[64];
        make_sid(i, sid);
        (void)snprintf(name, sizeof(name), "U%u@corp.example.com", i);
        assert_int_equal(store_find(store, name, found), 0);
        assert_string_equal(found, sid);
        assert_int_equal(people_use(store, sid, 10), 0);
        assert_int_equal(people_use(store, sid, 10), FED_E_REPLAY);
    }
    assert_int_equal(store_each_from(store, &place, count_row, &n), 0);
    assert_int_equal(n, 15); /* u9989, u998, ten from u9990 on, u999, u99, u9: by their bytes */
    /* All or none, of so many too. */
    assert_int_equal(store_together(store, put_many, NULL), FED_E_REPLAY);
    store_close(store);
}

static void
test_ten_thousand_in_sqlite(void **state)
{
    (void)state;
    ten_thousand(0);
}

static void
test_ten_thousand_in_postgres(void **state)
{
    (void)state;
    ten_thousand(1);
    assert_int_equal(postgres_sql("TRUNCATE awsfed.person"), 0);
}

/* ---- Lines ---- */

static void
test_lines_have_one_form(void **state)
{
    static const char *const wrong[] = {"", "person", "person ", "person =", "person AQ",
        "person AR==", "person AQ== ", " person AQ==", "Person AQ==", "end",
        "end AQ=", "body AQ==", "person  AQ=="};
    static const char *const heads[] = {"awsfed-parcel 1 0123456789abcdef0123456789abcdef ",
        "awsfed-parcel 1 0123456789abcdef0123456789abcdef 01",
        "awsfed-parcel 1 0123456789abcdef0123456789abcdef 1x",
        "awsfed-parcel 2 0123456789abcdef0123456789abcdef 1",
        "awsfed-parcel 1 0123456789ABCDEF0123456789abcdef 1",
        "awsfed-parcel 1 0123456789abcdef0123456789abcde 1", "awsfed-parcel 1", "",
        "awsfed-parcel 1 0123456789abcdef0123456789abcdef 123456789012345678"};
    struct fed_secret piece = FED_SECRET_INIT(PARCEL_PIECE_MAX);
    struct fed_secret line = FED_SECRET_INIT(PARCEL_LINE_MAX + 1);
    struct parcel_head head;
    char shown[PARCEL_HEAD_MAX];

    (void)state;
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
        assert_int_equal(parcel_line_read(wrong[i], strlen(wrong[i]), &piece), FED_E_INVALID);
    for (size_t i = 0; i < sizeof(heads) / sizeof(heads[0]); i++)
        assert_int_equal(parcel_head_read(heads[i], strlen(heads[i]), &head), FED_E_INVALID);
    assert_int_equal(parcel_line_read("end AQ==", 8, &piece), 0);
    assert_int_equal(piece.len, 2);
    assert_memory_equal(piece.data, "e\x01", 2);
    assert_int_equal(parcel_line_show(piece.data, piece.len, &line), 0);
    assert_string_equal(fed_secret_str(&line), "end AQ==\n");
    assert_int_equal(parcel_head_make(1795305600, &head), 0);
    parcel_head_show(&head, shown);
    assert_int_equal(parcel_head_read(shown, strlen(shown), &head), 0);
    fed_secret_done(&piece);
    fed_secret_done(&line);
}

/* ---- */

static int
set_up(void **state)
{
    (void)state;
    /* Nothing here is about a disk: processes die, machines do not. */
    (void)snprintf(folder, sizeof(folder), "%s/test_moving.XXXXXX",
        access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
    key = other_key = FED_SECRET_INIT(SEAL_KEY_SIZE);
    if (mkdtemp(folder) == NULL || postgres_make() != 0 || ad_empty() != 0 ||
        postgres_sql("ALTER SYSTEM SET fsync = off") != 0 ||
        postgres_sql("SELECT pg_reload_conf()") != 0 ||
        postgres_run("%s/createdb -h %s -U awsfed other", postgres_bin, postgres_folder) != 0 ||
        fed_secret_resize(&key, SEAL_KEY_SIZE) != 0 ||
        fed_secret_resize(&other_key, SEAL_KEY_SIZE) != 0)
        return -1;
    memset(key.data, 'a', SEAL_KEY_SIZE);
    memset(other_key.data, 'b', SEAL_KEY_SIZE);
    return 0;
}

static int
tear_down(void **state)
{
    char command[128];

    (void)state;
    fed_secret_done(&key);
    fed_secret_done(&other_key);
    (void)snprintf(command, sizeof(command), "rm -rf %s", folder);
    return postgres_remove() + system(command);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_whatever_is_changed_is_refused),
        cmocka_unit_test(test_out_of_turn_and_behind_the_end),
        cmocka_unit_test(test_other_keys_are_refused_i34),
        cmocka_unit_test(test_other_tokens_are_refused_or_replaced_i24),
        cmocka_unit_test(test_recovery_codes_of_both_lives_i30),
        cmocka_unit_test(test_who_has_a_ticket_only),
        cmocka_unit_test(test_twice_in_one_import_is_nobody),
        cmocka_unit_test(test_everybody_moves_between_all_stores_i24),
        cmocka_unit_test(test_killed_in_mid_import_sqlite_i33),
        cmocka_unit_test(test_killed_in_mid_import_postgres_i33),
        cmocka_unit_test(test_cut_off_in_the_directory_and_done_again),
        cmocka_unit_test(test_whom_the_directory_does_not_know),
        cmocka_unit_test(test_lines_have_one_form),
        cmocka_unit_test(test_ten_thousand_in_sqlite),
        cmocka_unit_test(test_ten_thousand_in_postgres),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
