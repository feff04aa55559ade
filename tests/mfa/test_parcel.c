/*
 * Parcels: whatever of one is changed, cut, reordered, joined or of another key is refused.
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
    ready(a, b, 5, &whole);
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
    close_all(a, b, &other);
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
    assert_int_equal(hand_over(arrival, &p), 0);
    assert_int_equal(
        arrival_piece(arrival, p.n + 1, p.pieces[0].data, p.pieces[0].len), FED_E_INVALID);
    arrival_free(arrival);
    assert_int_equal(people_in(b), 0);
    close_all(a, b, &p);
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
    close_all(a, b, &p);
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

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_whatever_is_changed_is_refused),
        cmocka_unit_test(test_out_of_turn_and_behind_the_end),
        cmocka_unit_test(test_other_keys_are_refused_i34),
        cmocka_unit_test(test_lines_have_one_form),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
