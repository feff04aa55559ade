/*
 * Pending enrolments: whose they are, how long, how many, and once.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "bridge/pending.h"

enum { NOW_MS = 5000, LIFE_MS = PENDING_LIFE_S * 1000, THREADS = 8, ROUNDS = 200 };

static struct pending *table;

static int
set_up(void **state)
{
    (void)state;
    return pending_new(&table);
}

static int
tear_down(void **state)
{
    (void)state;
    pending_free(table);
    return 0;
}

static int
add(const char *user, const char *sid, int64_t now_ms, char ret_token[TOKEN_SIZE])
{
    struct pending_enrolment p = {.tries = 3};

    (void)snprintf(p.user, sizeof(p.user), "%s", user);
    (void)snprintf(p.proof.sid, sizeof(p.proof.sid), "%s", sid);
    return pending_add(table, &p, now_ms, ret_token);
}

static int
lend(const char *token, const char *user, int64_t now_ms)
{
    struct pending_enrolment *p;
    int r = pending_lend(table, token, user, now_ms, &p);

    if (r == 0)
        pending_give_back(table, p);
    return r;
}

static void
test_its_own_person_and_name_only(void **state)
{
    char token[TOKEN_SIZE], other[TOKEN_SIZE];

    (void)state;
    assert_int_equal(add("alice", "S-1-5-21-1", NOW_MS, token), 0);
    assert_int_equal(add("bob", "S-1-5-21-2", NOW_MS, other), 0);
    assert_string_not_equal(token, other);
    assert_int_equal(lend(token, "bob", NOW_MS), FED_E_NOT_FOUND);
    assert_int_equal(lend(token, "Alice", NOW_MS), FED_E_NOT_FOUND);
    assert_int_equal(lend(token, "", NOW_MS), FED_E_NOT_FOUND);
    assert_int_equal(lend("", "alice", NOW_MS), FED_E_NOT_FOUND);
    token[0] = token[0] == '0' ? '1' : '0';
    assert_int_equal(lend(token, "alice", NOW_MS), FED_E_NOT_FOUND);
    assert_int_equal(lend(other, "bob", NOW_MS), 0);
}

static void
test_it_expires(void **state)
{
    char token[TOKEN_SIZE];

    (void)state;
    assert_int_equal(add("alice", "S-1-5-21-1", NOW_MS, token), 0);
    assert_int_equal(lend(token, "alice", NOW_MS + LIFE_MS - 1), 0);
    assert_int_equal(lend(token, "alice", NOW_MS + LIFE_MS), FED_E_NOT_FOUND);
    assert_int_equal(lend(token, "alice", NOW_MS), FED_E_NOT_FOUND); /* gone, not only late */
}

static void
test_one_borrower_and_one_end(void **state)
{
    struct pending_enrolment *p;
    char token[TOKEN_SIZE];

    (void)state;
    assert_int_equal(add("alice", "S-1-5-21-1", NOW_MS, token), 0);
    assert_int_equal(pending_lend(table, token, "alice", NOW_MS, &p), 0);
    assert_int_equal(p->tries, 3);
    p->tries--;
    assert_int_equal(lend(token, "alice", NOW_MS), FED_E_NOT_FOUND);
    pending_give_back(table, p);
    assert_int_equal(pending_lend(table, token, "alice", NOW_MS, &p), 0);
    assert_int_equal(p->tries, 2); /* what the borrower changed */
    assert_int_equal(lend(token, "alice", NOW_MS + LIFE_MS), FED_E_NOT_FOUND);
    assert_true(pending_end(table, p)); /* its borrower was in time */
    assert_int_equal(lend(token, "alice", NOW_MS), FED_E_NOT_FOUND);
}

static void
test_revoked_while_it_is_checked(void **state)
{
    struct pending_enrolment *lent, *tried;
    char token[3][TOKEN_SIZE], other[TOKEN_SIZE];

    (void)state;
    for (int i = 0; i < 3; i++)
        assert_int_equal(add("alice", "S-1-5-21-1", NOW_MS, token[i]), 0);
    assert_int_equal(add("bob", "S-1-5-21-11", NOW_MS, other), 0);
    assert_int_equal(pending_lend(table, token[0], "alice", NOW_MS, &lent), 0);
    assert_int_equal(pending_lend(table, token[1], "alice", NOW_MS, &tried), 0);
    pending_end_sid(table, "S-1-5-21-1");
    assert_int_equal(lend(token[2], "alice", NOW_MS), FED_E_NOT_FOUND);
    assert_false(pending_end(table, lent));
    pending_give_back(table, tried);
    assert_int_equal(lend(token[1], "alice", NOW_MS), FED_E_NOT_FOUND);
    assert_int_equal(lend(other, "bob", NOW_MS), 0);
}

static void
test_a_person_has_a_few_and_the_newest_stay(void **state)
{
    char token[PENDING_PER_PERSON + 1][TOKEN_SIZE], other[TOKEN_SIZE];

    (void)state;
    assert_int_equal(add("bob", "S-1-5-21-2", NOW_MS, other), 0);
    for (int i = 0; i <= PENDING_PER_PERSON; i++)
        assert_int_equal(add("alice", "S-1-5-21-1", NOW_MS, token[i]), 0);
    assert_int_equal(lend(token[0], "alice", NOW_MS), FED_E_NOT_FOUND);
    for (int i = 1; i <= PENDING_PER_PERSON; i++)
        assert_int_equal(lend(token[i], "alice", NOW_MS), 0);
    assert_int_equal(lend(other, "bob", NOW_MS), 0);
}

/* Nobody's goes for somebody else's: when all places are taken, there is none until one is free (I-55). */
static void
test_all_places_taken(void **state)
{
    char token[TOKEN_SIZE], first[TOKEN_SIZE] = "", sid[32];

    (void)state;
    for (int i = 0; i < PENDING_MAX; i++) {
        (void)snprintf(sid, sizeof(sid), "S-1-5-21-%d", i / PENDING_PER_PERSON);
        assert_int_equal(add("user", sid, NOW_MS, i == 0 ? first : token), 0);
    }
    assert_int_equal(add("late", "S-1-5-32", NOW_MS, token), FED_E_BUSY);
    assert_int_equal(lend(first, "user", NOW_MS), 0);
    assert_int_equal(add("late", "S-1-5-32", NOW_MS + LIFE_MS, token), 0);
}

struct run {
    char token[TOKEN_SIZE];
    int borrowers;
    unsigned ended;
};

static void *
borrow_and_end(void *arg)
{
    struct run *run = arg;
    struct pending_enrolment *p;

    for (int i = 0; i < ROUNDS; i++) {
        if (pending_lend(table, run->token, "alice", NOW_MS, &p) != 0)
            continue;
        if (__atomic_add_fetch(&run->borrowers, 1, __ATOMIC_SEQ_CST) != 1)
            __atomic_store_n(&run->ended, 1000, __ATOMIC_SEQ_CST); /* two at once */
        p->tries++;
        (void)__atomic_sub_fetch(&run->borrowers, 1, __ATOMIC_SEQ_CST);
        if (i < ROUNDS / 2) {
            pending_give_back(table, p);
        } else {
            (void)pending_end(table, p);
            (void)__atomic_add_fetch(&run->ended, 1, __ATOMIC_SEQ_CST);
        }
    }
    return NULL;
}

static void
test_used_up_once_by_many_threads(void **state)
{
    pthread_t threads[THREADS];
    struct run run = {.borrowers = 0};

    (void)state;
    assert_int_equal(add("alice", "S-1-5-21-1", NOW_MS, run.token), 0);
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, borrow_and_end, &run), 0);
    for (int i = 0; i < THREADS; i++)
        (void)pthread_join(threads[i], NULL);
    assert_int_equal(run.ended, 1);
}

int
main(void)
{
#define CASE(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        CASE(test_its_own_person_and_name_only),
        CASE(test_it_expires),
        CASE(test_one_borrower_and_one_end),
        CASE(test_revoked_while_it_is_checked),
        CASE(test_a_person_has_a_few_and_the_newest_stay),
        CASE(test_all_places_taken),
        CASE(test_used_up_once_by_many_threads),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
