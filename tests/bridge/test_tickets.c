/*
 * Receipts, tickets and sessions: what opens once, what ends with what.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/wire.h"
#include "bridge/receipts.h"
#include "bridge/tickets.h"

static unsigned ended;

static void
count_ended(void *arg, const char *ticket_id)
{
    (void)arg;
    assert_int_equal(strlen(ticket_id), TOKEN_SIZE - 1);
    ended++;
}

static struct proof
proof_of(const char *sid, unsigned factors)
{
    struct proof p = {.factors = factors, .password_s = 1, .code_s = 1};

    (void)strncpy(p.sid, sid, sizeof(p.sid) - 1);
    p.roles = calloc(2, sizeof(*p.roles));
    p.n_roles = 2;
    return p;
}

static struct tickets *
fresh_tickets(int64_t lifetime_s, struct listener *listener)
{
    struct tickets_options options = {
        .lifetime_s = lifetime_s, .ended = count_ended, .listener = listener};
    struct tickets *t = NULL;

    ended = 0;
    assert_int_equal(tickets_new(&options, &t), 0);
    return t;
}

enum { BOTH = WIRE_FACTOR_PASSWORD | WIRE_FACTOR_CODE };

/* I-44: a receipt works once, and only for the name it was given for. */
static void
test_a_receipt_works_once(void **state)
{
    struct receipts *r = NULL;
    struct proof p = proof_of("S-1-5-21-1", BOTH), got = {0};
    char token[TOKEN_SIZE];

    (void)state;
    assert_int_equal(receipts_new(&r), 0);
    assert_int_equal(receipts_add(r, "alice", &p, token), 0);
    assert_int_equal(receipts_look(r, token, "bob", &got), FED_E_DENIED);
    assert_int_equal(receipts_look(r, "", "alice", &got), FED_E_DENIED);
    assert_int_equal(
        receipts_look(r, "00000000000000000000000000000000", "alice", &got), FED_E_DENIED);
    assert_int_equal(receipts_look(r, token, "alice", &got), 0);
    assert_int_equal(got.n_roles, 2);
    proof_done(&got);
    assert_int_equal(receipts_take(r, token, "Alice", &got), FED_E_DENIED);
    assert_int_equal(receipts_take(r, token, "alice", &got), 0);
    assert_string_equal(got.sid, "S-1-5-21-1");
    proof_done(&got);
    assert_int_equal(receipts_take(r, token, "alice", &got), FED_E_DENIED);
    receipts_free(r);
}

static void
test_receipts_are_bounded(void **state)
{
    struct receipts *r = NULL;
    struct proof got = {0};
    char first[TOKEN_SIZE], token[TOKEN_SIZE];

    (void)state;
    assert_int_equal(receipts_new(&r), 0);
    for (int i = 0; i <= RECEIPTS_MAX; i++) {
        struct proof p = proof_of("S-1-5-21-1", BOTH);
        assert_int_equal(receipts_add(r, "alice", &p, i == 0 ? first : token), 0);
    }
    assert_int_equal(receipts_take(r, first, "alice", &got), FED_E_DENIED);
    assert_int_equal(receipts_take(r, token, "alice", &got), 0);
    proof_done(&got);
    receipts_free(r);
}

static void
test_no_ticket_without_signing_in(void **state)
{
    struct tickets *t = fresh_tickets(60, NULL);
    struct ticket *got = NULL;
    char session[TOKEN_SIZE];

    (void)state;
    assert_int_equal(tickets_get(t, 2000, &got), FED_E_NO_TICKET);
    assert_int_equal(tickets_open_session(t, 2000, getpid(), session), 0);
    assert_int_equal(tickets_get(t, 2000, &got), FED_E_NO_TICKET); /* I-46 */
    tickets_free(t);
}

static void
test_the_last_session_takes_the_ticket_along(void **state)
{
    struct tickets *t = fresh_tickets(60, NULL);
    struct proof p = proof_of("S-1-5-21-1", BOTH);
    struct ticket *got = NULL;
    char one[TOKEN_SIZE], two[TOKEN_SIZE];

    (void)state;
    assert_int_equal(tickets_open_session(t, 2000, getpid(), one), 0);
    assert_int_equal(tickets_open_session(t, 2000, getpid(), two), 0);
    assert_int_equal(tickets_sign_in(t, 2000, "alice", &p, NULL), 0);
    assert_int_equal(tickets_close_session(t, "no such session"), FED_E_NOT_FOUND);
    assert_int_equal(tickets_close_session(t, one), 0);
    assert_int_equal(tickets_close_session(t, one), FED_E_NOT_FOUND);
    assert_int_equal(tickets_get(t, 2000, &got), 0);
    ticket_unref(got);
    assert_int_equal(tickets_close_session(t, two), 0);
    assert_int_equal(ended, 1);
    assert_int_equal(tickets_get(t, 2000, &got), FED_E_NO_TICKET);
    tickets_free(t);
}

static void
test_a_ticket_ends_at_its_time(void **state)
{
    struct tickets *t = fresh_tickets(0, NULL);
    struct proof p = proof_of("S-1-5-21-1", BOTH);
    struct ticket *got = NULL;

    (void)state;
    assert_int_equal(tickets_sign_in(t, 2000, "alice", &p, NULL), 0);
    assert_int_equal(tickets_get(t, 2000, &got), FED_E_NO_TICKET);
    assert_int_equal(ended, 1);
    tickets_free(t);
}

/* One uid, another SID: the account changed hands, and nothing of the first person's passes on. */
static void
test_another_person_does_not_inherit(void **state)
{
    struct tickets *t = fresh_tickets(60, NULL);
    struct proof a = proof_of("S-1-5-21-1", BOTH), b = proof_of("S-1-5-21-2", BOTH);
    struct ticket *first = NULL, *second = NULL;

    (void)state;
    assert_int_equal(tickets_sign_in(t, 2000, "alice", &a, &first), 0);
    assert_int_equal(tickets_sign_in(t, 2000, "alice", &b, &second), 0);
    assert_int_equal(ended, 1);
    assert_string_not_equal(first->id, second->id);
    ticket_unref(first);
    ticket_unref(second);
    tickets_free(t);
}

static void
test_fewer_factors_do_not_weaken_a_ticket(void **state)
{
    struct tickets *t = fresh_tickets(60, NULL);
    struct proof a = proof_of("S-1-5-21-1", BOTH), b = proof_of("S-1-5-21-1", WIRE_FACTOR_PASSWORD);
    struct ticket *got = NULL;

    (void)state;
    assert_int_equal(tickets_sign_in(t, 2000, "alice", &a, NULL), 0);
    assert_int_equal(tickets_sign_in(t, 2000, "alice", &b, &got), 0);
    assert_int_equal(got->proof.factors, BOTH);
    assert_int_equal(ended, 0);
    ticket_unref(got);
    tickets_free(t);
}

static void
test_a_recheck_cannot_bring_a_ticket_back(void **state)
{
    struct tickets *t = fresh_tickets(60, NULL);
    struct proof a = proof_of("S-1-5-21-1", BOTH), again = proof_of("S-1-5-21-1", BOTH);
    struct ticket *old = NULL, *got = NULL;

    (void)state;
    assert_int_equal(tickets_sign_in(t, 2000, "alice", &a, &old), 0);
    assert_int_equal(tickets_end_uid(t, 2000), 1);
    assert_int_equal(tickets_rechecked(t, old, &again, &got), FED_E_NO_TICKET);
    assert_int_equal(tickets_get(t, 2000, &got), FED_E_NO_TICKET);
    ticket_unref(old);
    tickets_free(t);
}

static void
test_revoking_ends_every_uid_of_a_person(void **state)
{
    struct tickets *t = fresh_tickets(60, NULL);
    struct ticket *got = NULL;

    (void)state;
    for (uid_t uid = 2000; uid < 2004; uid++) {
        struct proof p = proof_of(uid < 2002 ? "S-1-5-21-1" : "S-1-5-21-2", BOTH);
        assert_int_equal(tickets_sign_in(t, uid, "alice", &p, NULL), 0);
    }
    assert_int_equal(tickets_end_sid(t, "S-1-5-21-1"), 2);
    assert_int_equal(tickets_get(t, 2000, &got), FED_E_NO_TICKET);
    assert_int_equal(tickets_get(t, 2002, &got), 0);
    ticket_unref(got);
    tickets_free(t);
}

/* A process that is killed closes no session; the bridge notices and does. */
static void
test_a_killed_process_closes_its_session(void **state)
{
    struct listener_options options = {.fd = -1, .max_per_uid = 1};
    struct listener *l = NULL;
    struct proof p = proof_of("S-1-5-21-1", BOTH);
    char session[TOKEN_SIZE];
    int ends[2];

    (void)state;
    assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends), 0);
    options.fd = ends[0];
    assert_int_equal(listener_new(&options, &l), 0);
    struct tickets *t = fresh_tickets(60, l);
    pid_t child = fork();
    if (child == 0) {
        (void)pause();
        _exit(0);
    }
    assert_int_equal(tickets_open_session(t, 2000, child, session), 0);
    assert_int_equal(tickets_sign_in(t, 2000, "alice", &p, NULL), 0);
    assert_int_equal(kill(child, SIGKILL), 0);
    for (int i = 0; i < 100 && ended == 0; i++)
        assert_int_equal(listener_run_once(l, 100), 0);
    assert_int_equal(ended, 1);
    assert_int_equal(waitpid(child, NULL, 0), child);
    tickets_free(t);
    listener_free(l);
    (void)close(ends[1]);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_receipt_works_once),
        cmocka_unit_test(test_receipts_are_bounded),
        cmocka_unit_test(test_no_ticket_without_signing_in),
        cmocka_unit_test(test_the_last_session_takes_the_ticket_along),
        cmocka_unit_test(test_a_ticket_ends_at_its_time),
        cmocka_unit_test(test_another_person_does_not_inherit),
        cmocka_unit_test(test_fewer_factors_do_not_weaken_a_ticket),
        cmocka_unit_test(test_a_recheck_cannot_bring_a_ticket_back),
        cmocka_unit_test(test_revoking_ends_every_uid_of_a_person),
        cmocka_unit_test(test_a_killed_process_closes_its_session),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
