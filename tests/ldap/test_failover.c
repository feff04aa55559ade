/*
 * The loss of a domain controller: noticed before a bind is spent on it, once, and by nobody after that.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "tests/ldap/peer.h"

#include "ldap/conn.h"

#define PERSON_BIND " bind " PEER_PERSON

static void
rest(void)
{
    (void)usleep(
        350 * 1000); /* longer than conn.c's RESTED_MS: this is about connections that rested */
}

/* I-6: a server that froze is found out by a question, so the one bind of the attempt goes where somebody answers. */
static void
a_frozen_server_costs_one_login_one_connect_timeout(void **state)
{
    struct peer *first = peer_start(""), *second = peer_start("");
    struct peer_domain *d = domain_start(CONF_LDAPS, (unsigned[4]){first->port, second->port});
    int64_t start;
    (void)state;

    assert_int_equal(addir_resolve(d->dir, "alice", &d->person, d->why), 0);
    assert_int_equal(domain_login(d, "correct horse"), 0);
    assert_int_equal(kill(first->pid, SIGSTOP), 0);
    rest();
    start = clock_mono_ms();
    assert_int_equal(domain_login(d, "correct horse"), 0);
    assert_true(clock_mono_ms() - start < 1000 + 200);

    /* The next: nothing, the service identity's neither, though its connection had rested too. */
    start = clock_mono_ms();
    assert_int_equal(domain_login(d, "correct horse"), 0);
    addir_entry_done(&d->entry);
    assert_int_equal(addir_read(d->dir, &d->person, &d->entry, d->why), 0);
    assert_true(clock_mono_ms() - start < 300);

    assert_int_equal(kill(first->pid, SIGCONT), 0);
    domain_stop(d);
    peer_stop(first);
    peer_stop(second);
    assert_int_equal(peer_count(first, PERSON_BIND), 1);
    assert_int_equal(peer_count(second, PERSON_BIND), 2);
    peer_free(first);
    peer_free(second);
}

/* AD ends connections that were idle: the next login opens another to the same server and finds no fault with it. */
static void
an_idle_close_is_no_failure(void **state)
{
    struct peer *first = peer_start("after=close"), *second = peer_start("");
    struct peer_domain *d = domain_start(CONF_LDAPS, (unsigned[4]){first->port, second->port});
    (void)state;

    for (int i = 0; i < 3; i++) {
        assert_int_equal(domain_login(d, "correct horse"), 0);
        rest();
    }
    domain_stop(d);
    peer_stop(first);
    peer_stop(second);
    assert_int_equal(peer_count(first, PERSON_BIND), 3);
    assert_int_equal(peer_count(second, "connect"), 0);
    peer_free(first);
    peer_free(second);
}

/* Nothing is asked on a connection that is in use all the time: a question a login would be a third of its cost. */
static void
a_hot_connection_is_not_questioned(void **state)
{
    struct peer *peer = peer_start("");
    struct peer_domain *d = domain_start(CONF_LDAPS, (unsigned[4]){peer->port});
    (void)state;

    for (int i = 0; i < 20; i++)
        assert_int_equal(domain_login(d, "correct horse"), 0);
    rest();
    assert_int_equal(domain_login(d, "correct horse"), 0);
    domain_stop(d);
    peer_stop(peer);
    assert_int_equal(peer_count(peer, "connect"), 1);
    assert_int_equal(peer_count(peer, " ping"), 1);
    peer_free(peer);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_frozen_server_costs_one_login_one_connect_timeout),
        cmocka_unit_test(an_idle_close_is_no_failure),
        cmocka_unit_test(a_hot_connection_is_not_questioned),
    };
    return cmocka_run_group_tests(tests, peer_set_up, peer_tear_down);
}
