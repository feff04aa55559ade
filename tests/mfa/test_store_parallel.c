/*
 * One step used up by exactly one of many threads, and of many processes.
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
#include <pthread.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/folder.h"
#include "tests/mfa/people.h"

static const char alice[] = "S-1-5-21-1-2-3-1104";

static char folder[FOLDER_SIZE], where[160], why[STORE_WHY_MAX];
static struct store *store;

static pid_t elsewhere;
static int elsewhere_ask, elsewhere_answer;

static void
make_place(void)
{
    assert_int_equal(folder_make(folder), 0);
    (void)snprintf(where, sizeof(where), "sqlite:%s/mfa.db", folder);
}

static int
open_with_alice(void **state)
{
    (void)state;
    assert_int_equal(store_open(where, &store, why), 0);
    assert_int_equal(people_put(store, alice, "alice@corp.example.com", 0, false), 0);
    return 0;
}

static int
set_up(void **state)
{
    make_place();
    return open_with_alice(state);
}

static int
tear_down(void **state)
{
    (void)state;
    store_close(store);
    store = NULL;
    return folder_remove(folder);
}

enum { THREADS = 16, PROCESSES = 8, ROUNDS = 40 };

static pthread_barrier_t barrier;

static void *
consume_all(void *arg)
{
    int *won = arg;

    for (uint64_t step = 1; step <= ROUNDS; step++) {
        (void)pthread_barrier_wait(&barrier);
        int r = people_use(store, alice, step);
        if (r == 0)
            won[step]++;
        else if (r != FED_E_REPLAY)
            won[0]++;
    }
    return NULL;
}

static void
test_one_of_many_threads_wins_i26(void **state)
{
    static int won[THREADS][ROUNDS + 1];
    pthread_t threads[THREADS];

    (void)state;
    memset(won, 0, sizeof(won));
    assert_int_equal(pthread_barrier_init(&barrier, NULL, THREADS), 0);
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, consume_all, won[i]), 0);
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    for (int step = 0; step <= ROUNDS; step++) {
        int sum = 0;
        for (int i = 0; i < THREADS; i++)
            sum += won[i][step];
        assert_int_equal(sum, step == 0 ? 0 : 1);
    }
}

/* The same from processes, each with a store of its own; they report their wins by exit status and pipe. */
static void
contend(int gun, int report)
{
    struct store *own = NULL;
    char go;

    if (store_open(where, &own, why) != 0 || read(gun, &go, 1) != 0)
        _exit(2);
    for (uint64_t step = 1; step <= ROUNDS; step++) {
        int r = people_use(own, alice, step);
        unsigned char won = (unsigned char)step;
        if (r != 0 && r != FED_E_REPLAY)
            _exit(3);
        if (r == 0 && write(report, &won, 1) != 1)
            _exit(4);
    }
    store_close(own);
    _exit(0);
}

static void
test_one_of_many_processes_wins_i26(void **state)
{
    int gun[2], report[2], wins[ROUNDS + 1] = {0}, status;
    unsigned char step;

    (void)state;
    store_close(store); /* not to be kept across fork */
    store = NULL;
    assert_int_equal(pipe(gun), 0);
    assert_int_equal(pipe(report), 0);
    for (int i = 0; i < PROCESSES; i++) {
        pid_t pid = fork();
        assert_true(pid >= 0);
        if (pid == 0) {
            (void)close(gun[1]);
            contend(gun[0], report[1]);
        }
    }
    (void)close(report[1]);
    (void)close(gun[1]); /* end of file starts them all */
    while (read(report[0], &step, 1) == 1)
        wins[step]++;
    for (int i = 0; i < PROCESSES; i++) {
        assert_true(wait(&status) > 0);
        assert_int_equal(status, 0);
    }
    /* A process may run ahead and leave steps to nobody; but never one to two, and the last to one. */
    for (int i = 1; i <= ROUNDS; i++)
        assert_in_range(wins[i], 0, 1);
    assert_int_equal(wins[ROUNDS], 1);
    (void)close(gun[0]);
    (void)close(report[0]);
}

/* Two stores on one file in one process: closing one must not take the other's locks with it. */
static void
test_second_store_of_a_process(void **state)
{
    struct store *second = NULL;

    (void)state;
    assert_int_equal(store_open(where, &second, why), 0);
    assert_int_equal(people_use(second, alice, 7), 0);
    store_close(second);
    assert_int_equal(people_use(store, alice, 7), FED_E_REPLAY);
    assert_int_equal(people_use(store, alice, 8), 0);
}

/* Another process: for each step it reads it opens the store, uses the step up, closes, and answers. */
static void
serve_elsewhere(int ask, int answer)
{
    uint64_t step;

    while (read(ask, &step, sizeof(step)) == (ssize_t)sizeof(step)) {
        struct store *own = NULL;
        int r = store_open(where, &own, why);
        if (r == 0)
            r = people_use(own, alice, step);
        store_close(own);
        if (write(answer, &r, sizeof(r)) != (ssize_t)sizeof(r))
            _exit(1);
    }
    _exit(0);
}

static int
consume_elsewhere(uint64_t step)
{
    int r = 0;

    assert_int_equal(write(elsewhere_ask, &step, sizeof(step)), sizeof(step));
    assert_int_equal(read(elsewhere_answer, &r, sizeof(r)), sizeof(r));
    return r;
}

/* Forked before this process has opened a store: SQLite's own notes on locks must not be inherited. */
static int
set_up_elsewhere(void **state)
{
    int ask[2], answer[2];

    make_place();
    assert_int_equal(pipe(ask), 0);
    assert_int_equal(pipe(answer), 0);
    elsewhere = fork();
    assert_true(elsewhere >= 0);
    if (elsewhere == 0) {
        (void)close(ask[1]);
        serve_elsewhere(ask[0], answer[1]);
    }
    (void)close(ask[0]);
    (void)close(answer[1]);
    elsewhere_ask = ask[1];
    elsewhere_answer = answer[0];
    return open_with_alice(state);
}

static int
tear_down_elsewhere(void **state)
{
    int status;

    (void)close(elsewhere_ask);
    (void)close(elsewhere_answer);
    assert_int_equal(waitpid(elsewhere, &status, 0), elsewhere);
    return tear_down(state);
}

/*
 * Closing any descriptor of a file drops the process's locks on it. Had a second store_open done that, the
 * other process, closing, would take itself for the last one and remove the log that we go on writing to.
 */
static void
test_locks_survive_a_second_open_i26(void **state)
{
    struct store *second = NULL;

    (void)state;
    assert_int_equal(people_use(store, alice, 1), 0);
    assert_int_equal(store_open(where, &second, why), 0);
    store_close(second);
    assert_int_equal(consume_elsewhere(2), 0);
    assert_int_equal(people_use(store, alice, 2), FED_E_REPLAY);
    assert_int_equal(people_use(store, alice, 3), 0);
    assert_int_equal(consume_elsewhere(3), FED_E_REPLAY);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_one_of_many_threads_wins_i26),
        TEST(test_one_of_many_processes_wins_i26),
        TEST(test_second_store_of_a_process),
        cmocka_unit_test_setup_teardown(
            test_locks_survive_a_second_open_i26, set_up_elsewhere, tear_down_elsewhere),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
