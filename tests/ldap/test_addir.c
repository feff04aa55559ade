/*
 * One login against domain controllers that are wrong in every way we could think of: what is said,
 * how often a password left this host, and how long it took.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "tests/ldap/peer.h"

#define PERSON_BIND  " bind " PEER_PERSON
#define SERVICE_BIND " bind " PEER_SERVICE

struct peer_case {
    const char *script;
    int error;
};

/* One login at one peer, with exactly one bind of the person. */
static void
check_login(const char *script, int error)
{
    struct peer *peer = peer_start(script);
    struct peer_domain *d = domain_start(CONF_LDAPS, (unsigned[4]){peer->port});
    int64_t start = clock_mono_ms();

    if (domain_login(d, "correct horse") != error)
        fail_msg("%s: %s", script, d->why);
    assert_true(clock_mono_ms() - start < 2000 + 500);
    assert_true((d->why[0] == '\0') == (error == 0));
    assert_null(strstr(d->why, "horse"));
    assert_true((d->entry.groups == NULL) == (error != 0));
    domain_stop(d);
    peer_stop(peer);
    assert_int_equal(peer_count(peer, PERSON_BIND), 1);
    peer_free(peer);
}

/* I-6, I-8, I-16 */
static void
each_fault_of_a_login(void **state)
{
    static const struct peer_case table[] = {
        {"bind=die", FED_E_DIRECTORY},
        {"bind=mute", FED_E_DIRECTORY},
        {"bind=type", FED_E_DIRECTORY}, /* the end of a search is no bind's answer */
        {"bind=id", FED_E_DIRECTORY},
        {"bind=cut", FED_E_DIRECTORY},
        {"bind=drip", FED_E_DIRECTORY}, /* a byte now and then does not stretch the deadline */
        {"bind=garbage", FED_E_DIRECTORY},
        {"bind=8", FED_E_DIRECTORY},
        {"bind=10", FED_E_DIRECTORY},
        {"bind=14", FED_E_DIRECTORY}, /* a SASL step where there is none */
        {"bind=51", FED_E_DIRECTORY},
        {"bind=32", FED_E_DENIED},
        {"read=othersid", FED_E_DENIED},
        {"read=bare", FED_E_DENIED},
        {"read=notokens", FED_E_DIRECTORY},
        {"read=ranged", FED_E_DIRECTORY},
        {"read=badtoken", FED_E_DIRECTORY},
        {"read=none", FED_E_DIRECTORY},
        {"read=two", FED_E_DIRECTORY},
        {"read=mute", FED_E_DIRECTORY},
        {"read=die", FED_E_DIRECTORY},
        {"bind=ok", 0},
    };
    (void)state;

    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
        check_login(table[i].script, table[i].error);
}

/* I-11 */
static void
each_data_code_of_a_refusal(void **state)
{
    static const struct peer_case table[] = {
        {"bind=49:525", FED_E_DENIED},
        {"bind=49:52e", FED_E_DENIED},
        {"bind=49:530", FED_E_RESTRICTED},
        {"bind=49:531", FED_E_RESTRICTED},
        {"bind=49:532", FED_E_PASSWORD_EXPIRED},
        {"bind=49:533", FED_E_DISABLED},
        {"bind=49:568", FED_E_RESTRICTED},
        {"bind=49:701", FED_E_EXPIRED},
        {"bind=49:773", FED_E_PASSWORD_EXPIRED},
        {"bind=49:775", FED_E_DENIED},
        {"bind=49:999", FED_E_DENIED},
        {"bind=49", FED_E_DENIED},
    };
    (void)state;

    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
        check_login(table[i].script, table[i].error);
}

static void
a_good_login_brings_the_entry(void **state)
{
    struct peer *peer = peer_start("");
    struct peer_domain *d = domain_start(CONF_LDAPS, (unsigned[4]){peer->port});
    struct sid in, out;
    (void)state;

    assert_int_equal(domain_login(d, "correct horse"), 0);
    assert_int_equal(sid_from_text(PEER_GROUP, &in), 0);
    assert_int_equal(sid_from_text("S-1-5-21-1-2-3-1111", &out), 0);
    assert_int_equal(d->entry.n_groups, 4);
    assert_true(addir_in_group(&d->entry, &in));
    assert_false(addir_in_group(&d->entry, &out));
    assert_false(addir_in_group(&d->entry, &(struct sid){0}));
    assert_int_equal(d->entry.n_attributes, 1);
    assert_string_equal(d->entry.attributes[0], "department=R & D");
    assert_int_equal(account_check(&d->entry.account, 1800000000), 0);
    assert_int_equal(d->data, ADDATA_NONE);
    domain_stop(d);
    peer_free(peer);
}

/* I-1, I-2, I-3: refused before any packet. */
static void
a_password_that_may_not_be_sent_is_not(void **state)
{
    struct peer *peer = peer_start("");
    struct peer_domain *d = domain_start(CONF_LDAPS, (unsigned[4]){peer->port});
    struct fed_secret nul = FED_SECRET_INIT(16);
    char longest[600];
    (void)state;

    memset(longest, 'x', sizeof(longest));
    longest[512] = '\0';
    assert_int_equal(domain_login(d, ""), FED_E_DENIED);
    assert_int_equal(domain_login(d, "\b\n\r\177INCORRECT"), FED_E_DENIED);
    nul.limit = 1024;
    assert_int_equal(fed_secret_add(&nul, longest, 512), 0);
    assert_int_equal(
        addir_login(d->dir, &d->person, &nul, &d->entry, &d->data, d->why), FED_E_DENIED);
    assert_int_equal(fed_secret_set(&nul, "a\0b", 3), 0);
    assert_int_equal(
        addir_login(d->dir, &d->person, &nul, &d->entry, &d->data, d->why), FED_E_DENIED);
    assert_int_equal(fed_secret_set(&nul, "good", 4), 0);
    d->person.dn[0] = '\0';
    assert_int_equal(
        addir_login(d->dir, &d->person, &nul, &d->entry, &d->data, d->why), FED_E_INVALID);
    fed_secret_done(&nul);
    domain_stop(d);
    peer_stop(peer);
    assert_int_equal(peer_count(peer, "connect"), 0);
    peer_free(peer);
}

/* I-6: a bind that was sent is not sent to another server, whatever became of it. */
static void
one_bind_across_two_servers(void **state)
{
    static const char *const scripts[] = {"bind=die", "bind=mute", "bind=garbage", "bind=cut",
        "bind=49:52e", "bind=51", "bind=8", "bind=10", "read=die"};
    (void)state;

    for (size_t i = 0; i < sizeof(scripts) / sizeof(scripts[0]); i++) {
        struct peer *first = peer_start(scripts[i]), *second = peer_start("");
        struct peer_domain *d = domain_start(CONF_LDAPS, (unsigned[4]){first->port, second->port});
        assert_int_not_equal(domain_login(d, "correct horse"), 0);
        peer_stop(second);
        domain_stop(d);
        peer_stop(first);
        assert_int_equal(peer_count(first, PERSON_BIND), 1);
        assert_int_equal(peer_count(second, PERSON_BIND), 0);
        peer_free(first);
        peer_free(second);
    }
}

/* I-6: what fails before the bind moves on, and the failed server is left alone after that. */
static void
a_failed_connection_moves_on(void **state)
{
    static const char *const scripts[] = {"tls=mute", "tls=refuse", "cert=authority"};
    (void)state;

    for (size_t i = 0; i < sizeof(scripts) / sizeof(scripts[0]); i++) {
        struct peer *first = peer_start(scripts[i]), *second = peer_start("");
        struct peer_domain *d =
            domain_start(CONF_LDAPS, (unsigned[4]){1, first->port, second->port});
        assert_int_equal(domain_login(d, "correct horse"), 0);
        assert_int_equal(addir_resolve(d->dir, "alice", &d->person, d->why), 0);
        domain_stop(d);
        peer_stop(first);
        peer_stop(second);
        assert_int_equal(peer_count(first, "connect"), 1);
        assert_int_equal(peer_count(first, "bind"), 0);
        assert_int_equal(peer_count(second, PERSON_BIND), 1);
        peer_free(first);
        peer_free(second);
    }
}

/* I-6: a warm connection that ended, or says that it will, is replaced before the bind, not after. */
static void
a_dead_warm_connection_is_replaced(void **state)
{
    static const char *const scripts[][2] = {
        {"after=close", "closed"}, {"after=notice", "noticed"}};
    (void)state;

    for (size_t i = 0; i < 2; i++) {
        struct peer *peer = peer_start(scripts[i][0]);
        struct peer_domain *d = domain_start(CONF_LDAPS, (unsigned[4]){peer->port});
        assert_int_equal(domain_login(d, "correct horse"), 0);
        assert_true(peer_wait(peer, scripts[i][1]));
        assert_int_equal(domain_login(d, "correct horse"), 0);
        domain_stop(d);
        peer_stop(peer);
        assert_int_equal(peer_count(peer, PERSON_BIND), 2);
        assert_int_equal(peer_count(peer, "connect"), 2);
        peer_free(peer);
    }
}

static void
warm_connections_are_used_again(void **state)
{
    struct peer *peer = peer_start("bind=49:52e");
    struct peer_domain *d = domain_start(CONF_LDAPS, (unsigned[4]){peer->port});
    (void)state;

    /* A refusal leaves the connection as nobody's: it goes on serving. */
    for (int i = 0; i < 5; i++) {
        char wrong[16];
        (void)snprintf(wrong, sizeof(wrong), "wrong %d", i);
        assert_int_equal(domain_login(d, wrong), FED_E_DENIED);
    }
    domain_stop(d);
    peer_stop(peer);
    assert_int_equal(peer_count(peer, "connect"), 1);
    assert_int_equal(peer_count(peer, PERSON_BIND), 5);
    peer_free(peer);
}

/* I-39: what AD rejected a moment ago is not sent again; what it refused for another reason is. */
static void
a_rejected_password_is_not_sent_again(void **state)
{
    static const struct {
        const char *script;
        unsigned binds;
    } table[] = {{"bind=49:52e", 2}, {"bind=49:775", 4}, {"bind=49:533", 4}, {"bind=51", 4}};
    (void)state;

    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        struct peer *peer = peer_start(table[i].script);
        struct peer_domain *d = domain_start(CONF_LDAPS, (unsigned[4]){peer->port});
        for (int k = 0; k < 3; k++)
            assert_int_not_equal(domain_login(d, "wrong"), 0);
        assert_int_not_equal(domain_login(d, "wrong too"), 0);
        domain_stop(d);
        peer_stop(peer);
        assert_int_equal(peer_count(peer, PERSON_BIND), table[i].binds);
        peer_free(peer);
    }
}

/* I-7: no connection ever sees both identities, or a search for people after a person's bind. */
static void
the_two_pools_never_mix(void **state)
{
    struct peer *peer = peer_start("");
    struct peer_domain *d = domain_start(CONF_LDAPS, (unsigned[4]){peer->port});
    unsigned connections;
    (void)state;

    for (int i = 0; i < 3; i++) {
        char name[16];
        (void)snprintf(name, sizeof(name), "alice%d", i);
        assert_int_equal(addir_resolve(d->dir, name, &d->person, d->why), 0);
        assert_int_equal(domain_login(d, "correct horse"), 0);
        addir_entry_done(&d->entry);
        assert_int_equal(addir_read(d->dir, &d->person, &d->entry, d->why), 0);
    }
    domain_stop(d);
    peer_stop(peer);
    connections = peer_count(peer, "connect");
    assert_int_equal(connections, 2);
    assert_int_equal(peer_count(peer, SERVICE_BIND), 1);
    assert_int_equal(peer_count(peer, "1" SERVICE_BIND), 1);
    assert_int_equal(peer_count(peer, "\n1 find "), 3);
    assert_int_equal(peer_count(peer, "\n1 read "), 3);
    assert_int_equal(peer_count(peer, "\n2" PERSON_BIND), 3);
    assert_int_equal(peer_count(peer, "\n2 read "), 3);
    assert_int_equal(peer_count(peer, "\n2 find "), 0);
    peer_free(peer);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_fault_of_a_login),
        cmocka_unit_test(each_data_code_of_a_refusal),
        cmocka_unit_test(a_good_login_brings_the_entry),
        cmocka_unit_test(a_password_that_may_not_be_sent_is_not),
        cmocka_unit_test(one_bind_across_two_servers),
        cmocka_unit_test(a_failed_connection_moves_on),
        cmocka_unit_test(a_dead_warm_connection_is_replaced),
        cmocka_unit_test(warm_connections_are_used_again),
        cmocka_unit_test(a_rejected_password_is_not_sent_again),
        cmocka_unit_test(the_two_pools_never_mix),
    };
    return cmocka_run_group_tests(tests, peer_set_up, peer_tear_down);
}
