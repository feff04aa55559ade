/*
 * Moving, cut off in its middle: all or nobody, or in the directory some and by the same again the rest. And of very many.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/mfa/moving.h"

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
            int r = hand_over(arrival, &p);
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
    ready(a, b, 10, &p);
    struct arrival *arrival = begin(b, &p, false, false);
    assert_int_equal(hand_over(arrival, &p), 0);
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
    close_all(a, b, &p);
}

struct told {
    unsigned n;
    uint64_t lines; /* one digit each */
};

static int
tell(const struct store_row *row, uint64_t line, void *arg)
{
    struct told *told = arg;

    assert_non_null(strstr(row->name, "@corp"));
    told->n++;
    told->lines = 10 * told->lines + line;
    return 0;
}

/* After each part those of it, once, for the audit trail: whoever comes must not be able to come without a line. */
static void
test_each_part_is_told_of_once(void **state)
{
    struct store *a = open_store(0, 0), *b = open_store(2, 1);
    struct arrival_options options = {.store = b, .folder = folder};
    struct arrival *arrival = NULL;
    struct told told = {.n = 0};
    bool more;

    (void)state;
    empty(a);
    empty(b);
    put_people(a, 5);
    assert_int_equal(arrival_new(&options, &arrival), 0);
    hand_over_rows(arrival, a, 5, 1);
    assert_int_equal(arrival_each(arrival, tell, &told), 0);
    assert_int_equal(told.n, 0);
    assert_int_equal(arrival_finish(arrival, 2, &more), 0);
    assert_true(more);
    assert_int_equal(arrival_each(arrival, tell, &told), 0);
    assert_int_equal(told.lines, 12);
    assert_int_equal(arrival_finish(arrival, 2, &more), 0);
    assert_int_equal(arrival_each(arrival, tell, &told), 0);
    assert_int_equal(arrival_each(arrival, tell, &told), 0);
    assert_int_equal(told.lines, 1234);
    ad.away = FED_E_DIRECTORY;
    assert_int_equal(arrival_finish(arrival, 2, &more), FED_E_STORE);
    ad.away = 0;
    assert_int_equal(arrival_each(arrival, tell, &told), 0);
    assert_int_equal(told.lines, 1234);
    arrival_free(arrival);
    assert_int_equal(people_in(b), 4);
    store_close(a);
    store_close(b);
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

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_killed_in_mid_import_sqlite_i33),
        cmocka_unit_test(test_killed_in_mid_import_postgres_i33),
        cmocka_unit_test(test_cut_off_in_the_directory_and_done_again),
        cmocka_unit_test(test_each_part_is_told_of_once),
        cmocka_unit_test(test_ten_thousand_in_sqlite),
        cmocka_unit_test(test_ten_thousand_in_postgres),
    };

    return cmocka_run_group_tests(tests, set_up_with_server, tear_down_with_server);
}
