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

/* Revoked between the login and its session: the receipt is worth nothing any more; another person's is. */
static void
test_a_revoked_receipt_opens_nothing(void **state)
{
    struct receipts *r = NULL;
    struct proof mine = proof_of("S-1-5-21-1", BOTH), other = proof_of("S-1-5-21-2", BOTH),
                 got = {0};
    char token[TOKEN_SIZE], kept[TOKEN_SIZE];

    (void)state;
    assert_int_equal(receipts_new(&r), 0);
    assert_int_equal(receipts_add(r, "alice", &mine, token), 0);
    assert_int_equal(receipts_add(r, "bob", &other, kept), 0);
    receipts_end_sid(r, "S-1-5-21-1");
    assert_int_equal(receipts_take(r, token, "alice", &got), FED_E_DENIED);
    assert_int_equal(receipts_take(r, kept, "bob", &got), 0);
    proof_done(&got);
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

/* I-60: a choice of role made meanwhile does not keep the roles of before; nor does a re-check undo a sign-in. */
static void
test_a_recheck_of_a_ticket_that_was_replaced_is_done_again(void **state)
{
    struct tickets *t = fresh_tickets(60, NULL);
    struct proof a = proof_of("S-1-5-21-1", BOTH), less = proof_of("S-1-5-21-1", BOTH),
                 again = proof_of("S-1-5-21-1", BOTH);
    struct ticket *old = NULL, *used = NULL, *got = NULL;

    (void)state;
    less.n_roles = again.n_roles = 1;
    assert_int_equal(tickets_sign_in(t, 2000, "alice", &a, &old), 0);
    assert_int_equal(tickets_use(t, old, "prod", &used), 0);
    assert_int_equal(tickets_rechecked(t, old, &less, &got), FED_E_BUSY);
    assert_int_equal(tickets_rechecked(t, used, &again, &got), 0);
    assert_int_equal(got->proof.n_roles, 1);
    assert_string_equal(got->use, "prod");
    ticket_unref(got);
    ticket_unref(used);
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

/* What was chosen stays through re-checks and renewals, and goes with the ticket. */
static void
test_a_chosen_role_lasts_as_long_as_the_ticket(void **state)
{
    struct tickets *t = fresh_tickets(60, NULL);
    struct proof a = proof_of("S-1-5-21-1", BOTH), b = proof_of("S-1-5-21-1", BOTH),
                 c = proof_of("S-1-5-21-1", BOTH), d = proof_of("S-1-5-21-1", BOTH);
    struct ticket *old = NULL, *used = NULL, *got = NULL;
    char too_long[TICKET_ROLE_SIZE + 1];

    (void)state;
    assert_int_equal(tickets_sign_in(t, 2000, "alice", &a, &old), 0);
    assert_string_equal(old->use, "");
    memset(too_long, 'x', TICKET_ROLE_SIZE);
    too_long[TICKET_ROLE_SIZE] = '\0';
    assert_int_equal(tickets_use(t, old, too_long, &used), FED_E_ROLE);
    assert_int_equal(tickets_use(t, old, "prod", &used), 0);
    assert_string_equal(used->use, "prod");
    assert_string_equal(used->id, old->id);
    assert_int_equal(used->ends_s, old->ends_s);
    assert_int_equal(tickets_use(t, old, "dev", &got), FED_E_BUSY); /* it is not the one of now */

    assert_int_equal(tickets_rechecked(t, used, &b, &got), 0);
    assert_string_equal(got->use, "prod");
    ticket_unref(got);
    assert_int_equal(tickets_sign_in(t, 2000, "alice", &c, &got), 0);
    assert_string_equal(got->use, "prod");
    assert_int_equal(tickets_end_uid(t, 2000), 1);
    ticket_unref(got);
    assert_int_equal(tickets_use(t, used, "dev", &got), FED_E_NO_TICKET);
    assert_int_equal(tickets_sign_in(t, 2000, "alice", &d, &got), 0);
    assert_string_equal(got->use, "");
    ticket_unref(got);
    ticket_unref(used);
    ticket_unref(old);
    tickets_free(t);
}

static int
find(struct tickets *t, const char *token)
{
    unsigned char hash[TOKEN_HASH_SIZE];
    uid_t uid = 0;

    assert_int_equal(token_hash(token, strlen(token), hash), 0);
    int r = tickets_find_endpoint(t, hash, &uid);
    return r == 0 ? (int)uid : r;
}

static void
test_an_endpoint_is_of_one_session(void **state)
{
    struct tickets *t = fresh_tickets(60, NULL);
    struct proof p = proof_of("S-1-5-21-1", BOTH);
    char one[TOKEN_SIZE], two[TOKEN_SIZE], first[TOKEN_SIZE], second[TOKEN_SIZE];

    (void)state;
    assert_int_equal(tickets_open_session(t, 2000, getpid(), one), 0);
    assert_int_equal(tickets_open_session(t, 2000, getpid(), two), 0);
    assert_int_equal(tickets_add_endpoint(t, one, first), FED_E_NO_TICKET);
    assert_int_equal(tickets_sign_in(t, 2000, "alice", &p, NULL), 0);
    assert_int_equal(tickets_add_endpoint(t, "nobody's", first), FED_E_NOT_FOUND);
    assert_int_equal(tickets_add_endpoint(t, one, first), 0);
    assert_int_equal(tickets_add_endpoint(t, two, second), 0);
    assert_int_equal(strlen(first), TOKEN_SIZE - 1);
    assert_string_not_equal(first, second);
    assert_int_equal(find(t, first), 2000);
    assert_int_equal(find(t, one), FED_E_DENIED); /* a session's name opens nothing */
    assert_int_equal(find(t, ""), FED_E_DENIED);
    assert_int_equal(tickets_close_session(t, one), 0);
    assert_int_equal(find(t, first), FED_E_DENIED); /* gone at logout, though the ticket lives */
    assert_int_equal(find(t, second), 2000);
    tickets_free(t);
}

static void
test_the_first_hand_out_of_a_role_is_told_once(void **state)
{
    struct tickets *t = fresh_tickets(60, NULL);
    struct proof p = proof_of("S-1-5-21-1", BOTH);
    char session[TOKEN_SIZE], token[TOKEN_SIZE];
    unsigned char hash[TOKEN_HASH_SIZE];

    (void)state;
    assert_int_equal(tickets_open_session(t, 2000, getpid(), session), 0);
    assert_int_equal(tickets_sign_in(t, 2000, "alice", &p, NULL), 0);
    assert_int_equal(tickets_add_endpoint(t, session, token), 0);
    assert_int_equal(token_hash(token, TOKEN_SIZE - 1, hash), 0);
    assert_true(tickets_endpoint_handed(t, hash, "dev"));
    assert_false(tickets_endpoint_handed(t, hash, "dev"));
    assert_true(tickets_endpoint_handed(t, hash, "prod"));
    tickets_free(t);
}

/* linger-sessions = keep: ticket and endpoint outlive the last session, but not each other. */
static void
test_a_ticket_may_outlive_its_sessions(void **state)
{
    struct tickets_options options = {.lifetime_s = 60, .linger = true, .ended = count_ended};
    struct tickets *t = NULL;
    struct proof p = proof_of("S-1-5-21-1", BOTH);
    struct ticket *got = NULL;
    char session[TOKEN_SIZE], token[TOKEN_SIZE];

    (void)state;
    ended = 0;
    assert_int_equal(tickets_new(&options, &t), 0);
    assert_int_equal(tickets_open_session(t, 2000, getpid(), session), 0);
    assert_int_equal(tickets_sign_in(t, 2000, "alice", &p, NULL), 0);
    assert_int_equal(tickets_add_endpoint(t, session, token), 0);
    assert_int_equal(tickets_close_session(t, session), 0);
    assert_int_equal(tickets_close_session(t, session), FED_E_NOT_FOUND);
    assert_int_equal(tickets_get(t, 2000, &got), 0);
    ticket_unref(got);
    assert_int_equal(find(t, token), 2000);
    assert_int_equal(tickets_end_uid(t, 2000), 1);
    assert_int_equal(find(t, token), FED_E_DENIED);
    tickets_free(t);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_receipt_works_once),
        cmocka_unit_test(test_a_revoked_receipt_opens_nothing),
        cmocka_unit_test(test_receipts_are_bounded),
        cmocka_unit_test(test_no_ticket_without_signing_in),
        cmocka_unit_test(test_the_last_session_takes_the_ticket_along),
        cmocka_unit_test(test_a_ticket_ends_at_its_time),
        cmocka_unit_test(test_another_person_does_not_inherit),
        cmocka_unit_test(test_fewer_factors_do_not_weaken_a_ticket),
        cmocka_unit_test(test_a_recheck_cannot_bring_a_ticket_back),
        cmocka_unit_test(test_a_recheck_of_a_ticket_that_was_replaced_is_done_again),
        cmocka_unit_test(test_revoking_ends_every_uid_of_a_person),
        cmocka_unit_test(test_a_killed_process_closes_its_session),
        cmocka_unit_test(test_a_chosen_role_lasts_as_long_as_the_ticket),
        cmocka_unit_test(test_an_endpoint_is_of_one_session),
        cmocka_unit_test(test_the_first_hand_out_of_a_role_is_told_once),
        cmocka_unit_test(test_a_ticket_may_outlive_its_sessions),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
