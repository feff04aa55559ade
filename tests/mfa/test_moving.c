/*
 * Moving between stores: of everybody who moves, among all three kinds, nothing is lost and no watermark falls.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/mfa/moving.h"

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
            ready(a, b, 11, &p);
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
            close_all(a, b, &p);
        }
    }
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
    ready(a, b, 4, &p);
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
    close_all(a, b, &p);
}

/* A token that was taken away here does not come back by an old parcel, in any store, unless that is said. */
static void
test_a_removed_token_stays_removed(void **state)
{
    struct record_token waiting = people_token(0);
    struct arrival_counts n;
    char sid[STORE_SID_MAX];
    struct person person;
    struct parcel p;
    uint32_t id;

    (void)state;
    for (int kind = 0; kind < KINDS; kind++) {
        struct store *store = open_store(kind, 0);
        empty(store);
        put_people(store, 2);
        export_from(store, &p);
        make_sid(0, sid);
        assert_int_equal(person_load(store, sid, &person), 0);
        while (person.record.n_tokens > 0)
            assert_int_equal(record_remove(&person.record, person.record.tokens[0].id), 0);
        assert_int_equal(person_save(store, &person), 0);
        assert_int_equal(import_to(store, &p, false, true, &n), FED_E_EXISTS);
        assert_int_equal(import_to(store, &p, false, false, &n), FED_E_EXISTS);
        assert_int_equal(n.refused, 1);
        assert_int_equal(person_load(store, sid, &person), 0);
        assert_int_equal(person.record.n_tokens, 0);
        waiting.confirmed = false; /* nor where the next one has been begun, with a ticket */
        assert_int_equal(record_add(&person.record, &waiting, &id), 0);
        assert_int_equal(person_save(store, &person), 0);
        assert_int_equal(import_to(store, &p, false, false, &n), FED_E_EXISTS);
        assert_int_equal(person_load(store, sid, &person), 0);
        assert_false(record_enrolled(&person.record));
        assert_int_equal(import_to(store, &p, true, false, &n), 0);
        assert_int_equal(person_load(store, sid, &person), 0);
        assert_true(record_enrolled(&person.record));
        drop(&p);
        store_close(store);
    }
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
    ready(a, b, 1, &p);
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
    close_all(a, b, &p);
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
    ready(a, b, 1, &p);
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
    close_all(a, b, &p);
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
    ready(a, b, 3, &p);
    make_sid(1, sid);
    ad.unknown = sid;
    assert_int_equal(import_to(b, &p, false, false, &n), FED_E_EXISTS);
    assert_int_equal(n.refused, 1);
    struct arrival_options options = {
        .store = b, .keeper = &keeper, .folder = folder, .head = &p.head, .skip_unknown = true};
    assert_int_equal(arrival_new(&options, &arrival), 0);
    assert_int_equal(hand_over(arrival, &p), 0);
    assert_int_equal(arrival_finish(arrival, 9, &more), 0);
    n = arrival_counts(arrival);
    assert_int_equal(n.added, 2);
    assert_int_equal(n.skipped, 1);
    arrival_free(arrival);
    ad.unknown = NULL;
    assert_int_equal(people_in(b), 2);
    close_all(a, b, &p);
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
        bool more;

        empty(a);
        empty(b);
        put_people(a, 3);
        assert_int_equal(arrival_new(&options, &arrival), 0);
        hand_over_rows(arrival, a, 3, 10);
        make_sid(2, sid);
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

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_everybody_moves_between_all_stores_i24),
        cmocka_unit_test(test_other_tokens_are_refused_or_replaced_i24),
        cmocka_unit_test(test_a_removed_token_stays_removed),
        cmocka_unit_test(test_recovery_codes_of_both_lives_i30),
        cmocka_unit_test(test_who_has_a_ticket_only),
        cmocka_unit_test(test_whom_the_directory_does_not_know),
        cmocka_unit_test(test_twice_in_one_import_is_nobody),
    };

    return cmocka_run_group_tests(tests, set_up_with_server, tear_down_with_server);
}
