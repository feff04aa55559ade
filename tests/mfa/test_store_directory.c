/*
 * The store in the directory: one that is away, and values that are not in order. What it has in common with
 * the others is in test_store_kinds.c.
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

#include <cmocka.h>

#include "tests/folder.h"
#include "tests/mfa/directory.h"
#include "tests/mfa/people.h"

static const char alice[] = "S-1-5-21-1-2-3-1104";
static const char bob[] = "S-1-5-21-1-2-3-1105";

static char folder[FOLDER_SIZE], why[STORE_WHY_MAX];
static struct store *store;

static int
set_up_directory(void **state)
{
    char failures[128];

    (void)state;
    if (ad_empty() != 0 || folder_make(folder) != 0)
        return -1;
    (void)snprintf(failures, sizeof(failures), "%s/failures.db", folder);
    return store_directory_open(&ad_ops, NULL, failures, &store, why);
}

static int
tear_down(void **state)
{
    (void)state;
    store_close(store);
    return folder_remove(folder);
}

static struct store_row
row_of_alice(void)
{
    return (struct store_row){
        .sid = "S-1-5-21-1-2-3-1104", .name = "alice@x", .enrolled_s = 1, .record_len = 400};
}

/* I-29: an AD that is away is an error; who is gone from it is not enrolled. */
static void
test_directory_away_i29(void **state)
{
    struct store_row row = row_of_alice(), got;
    char sid[STORE_SID_MAX];

    (void)state;
    ad.away = FED_E_DIRECTORY;
    assert_int_equal(store_load(store, alice, &got), FED_E_STORE);
    assert_int_equal(store_swap(store, &row), FED_E_STORE);
    assert_int_equal(store_remove(store, alice), FED_E_STORE);
    assert_int_equal(store_find(store, "alice@x", sid), FED_E_STORE);
    ad.away = FED_E_UNKNOWN_USER;
    assert_int_equal(store_load(store, alice, &got), FED_E_NOT_ENROLLED);
    assert_int_equal(store_swap(store, &row), FED_E_STORE);
    assert_false(store_is_shared(store));
}

/* I-29, I-34: a value that is another person's, changed, cut or nothing of ours is an error, and can be removed. */
static void
test_directory_values_refused_i29_i34(void **state)
{
    struct store_row row = row_of_alice(), got;
    char saved[AD_VALUE];

    (void)state;
    assert_int_equal(store_swap(store, &row), 0);
    (void)snprintf(saved, sizeof(saved), "%s", ad_value(alice));
    (void)snprintf(ad_value(bob), AD_VALUE, "%s", saved);
    assert_int_equal(store_load(store, bob, &got), FED_E_STORE);
    (void)snprintf(ad_value(bob), AD_VALUE, "awsfed:");
    assert_int_equal(store_load(store, bob, &got), FED_E_STORE);
    assert_int_equal(store_remove(store, bob), 0);
    for (size_t i = 0; i < strlen(saved); i += 61) {
        char *value = ad_value(alice);
        (void)snprintf(value, AD_VALUE, "%s", saved);
        value[i] = value[i] == 'A' ? 'B' : 'A';
        assert_int_equal(store_load(store, alice, &got), FED_E_STORE);
        assert_int_equal(store_swap(store, &row), FED_E_STORE);
        (void)snprintf(value, AD_VALUE, "%.*s", (int)i + 1, saved);
        assert_int_equal(store_load(store, alice, &got), FED_E_STORE);
    }
    (void)snprintf(ad_value(alice), AD_VALUE, "%s=", saved);
    assert_int_equal(store_load(store, alice, &got), FED_E_STORE);
    (void)snprintf(ad_value(alice), AD_VALUE, "%s", saved);
    assert_int_equal(store_load(store, alice, &got), 0);
}

static int
collect(const struct store_row *row, void *arg)
{
    char *names = arg;
    size_t len = strlen(names);

    (void)snprintf(names + len, 256 - len, "%s %zu;", row->name, row->record_len);
    return 0;
}

/* One value that does not open ends no listing, and is not left out of it either; an AD that is away is an error. */
static void
test_directory_lists_what_does_not_open_i29(void **state)
{
    struct store_row row = row_of_alice();
    unsigned char head[SEAL_HEAD];
    char got[256] = "";

    (void)state;
    assert_int_equal(store_sealed(store, alice, head), FED_E_NOT_ENROLLED);
    assert_int_equal(store_swap(store, &row), 0);
    (void)snprintf(ad_value(bob), AD_VALUE, "%s", ad_value(alice));
    assert_int_equal(store_each(store, collect, got), 0);
    assert_string_equal(got, "alice@x 400;S-1-5-21-1-2-3-1105 0;");
    assert_int_equal(store_sealed(store, alice, head), 0);
    assert_int_equal(head[0], 2);
    ad.away = FED_E_DIRECTORY;
    assert_int_equal(store_each(store, collect, got), FED_E_STORE);
}

/* A listing that goes on after a restart, in a store that has listed nothing yet, goes on where it was. */
static void
test_directory_lists_from_a_place(void **state)
{
    struct store_row row = row_of_alice();
    struct store_place place = {.key = "aaa", .sid = "S-1"};
    char got[256] = "";

    (void)state;
    assert_int_equal(store_swap(store, &row), 0);
    assert_int_equal(store_each_from(store, &place, collect, got), 0);
    assert_string_equal(got, "alice@x 400;");
    assert_string_equal(place.key, "alice@x");
    assert_int_equal(store_each_from(store, &place, collect, got), 0);
    assert_string_equal(got, "alice@x 400;");
}

static int
drop_tokens(struct record *record, void *arg)
{
    (void)arg;
    record_init(record);
    return 0;
}

/* I-29: "none" is believed where one could be put and taken away again: not of what is hidden, and nothing is changed by it. */
static void
test_directory_absence_i29(void **state)
{
    char before[AD_VALUE];

    (void)state;
    assert_int_equal(store_absent(store, alice, "alice@x", 1), 0);
    assert_string_equal(ad_value(alice), "");
    assert_int_equal(people_put(store, alice, "alice@x", 7, false), 0);
    assert_int_equal(store_absent(store, alice, "alice@x", 1), FED_E_EXISTS);
    memcpy(before, ad_value(alice), sizeof(before));
    ad.hidden = alice;
    assert_int_equal(store_absent(store, alice, "alice@x", 1), FED_E_STORE);
    assert_string_equal(ad_value(alice), before);
    assert_int_equal(store_absent(store, bob, "bob@x", 1), 0);
    assert_string_equal(ad_value(bob), "");
    ad.hidden = NULL;
    ad.away = FED_E_DIRECTORY;
    assert_int_equal(store_absent(store, alice, "alice@x", 1), FED_E_STORE);
    ad.away = 0;
    /* A record that is to be seen, and has no token, is none either; it stays. */
    assert_int_equal(person_change(store, alice, NULL, 0, drop_tokens, NULL), 0);
    memcpy(before, ad_value(alice), sizeof(before));
    assert_int_equal(store_absent(store, alice, "alice@x", 1), 0);
    assert_string_equal(ad_value(alice), before);
    ad_value(alice)[10] ^= 1; /* nothing is known of one that does not open */
    assert_int_equal(store_absent(store, alice, "alice@x", 1), FED_E_STORE);
}

/* ---- Absence and an enrolment at once ---- */

enum { LOGINS = 4, ROUNDS = 40 };

static pthread_barrier_t together;

/* Of somebody without a second factor, over and over. What is no answer is the result. */
static void *
log_in(void *arg)
{
    int *bad = arg;

    (void)pthread_barrier_wait(&together);
    for (int i = 0; i < ROUNDS; i++) {
        int r = store_absent(store, alice, "alice@x", 1);
        if (r != 0 && r != FED_E_EXISTS)
            *bad = r;
    }
    return NULL;
}

/* I-29: a row that is put and taken away by several logins takes no enrolment with it that comes in between. */
static void
test_absence_leaves_an_enrolment(void **state)
{
    pthread_t threads[LOGINS];
    int bad[LOGINS] = {0};
    struct person p;

    (void)state;
    assert_int_equal(pthread_barrier_init(&together, NULL, LOGINS + 1), 0);
    for (int round = 0; round < ROUNDS; round++) {
        for (int i = 0; i < LOGINS; i++)
            assert_int_equal(pthread_create(&threads[i], NULL, log_in, &bad[i]), 0);
        (void)pthread_barrier_wait(&together);
        int r;
        do
            r = people_put(store, alice, "alice@x", 7, false);
        while (r == FED_E_BUSY);
        for (int i = 0; i < LOGINS; i++) {
            assert_int_equal(pthread_join(threads[i], NULL), 0);
            assert_int_equal(bad[i], 0);
        }
        assert_int_equal(r, 0);
        assert_int_equal(person_load(store, alice, &p), 0);
        assert_true(record_enrolled(&p.record));
        assert_int_equal(store_absent(store, alice, "alice@x", 1), FED_E_EXISTS);
        assert_int_equal(store_remove(store, alice), 0);
        assert_string_equal(ad_value(alice), "");
    }
    (void)pthread_barrier_destroy(&together);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_directory_absence_i29, set_up_directory, tear_down),
        cmocka_unit_test_setup_teardown(test_directory_away_i29, set_up_directory, tear_down),
        cmocka_unit_test_setup_teardown(
            test_directory_lists_what_does_not_open_i29, set_up_directory, tear_down),
        cmocka_unit_test_setup_teardown(
            test_directory_lists_from_a_place, set_up_directory, tear_down),
        cmocka_unit_test_setup_teardown(
            test_directory_values_refused_i29_i34, set_up_directory, tear_down),
        cmocka_unit_test_setup_teardown(
            test_absence_leaves_an_enrolment, set_up_directory, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
