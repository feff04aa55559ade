/*
 * A value kept in an attribute: what AD's answers to an exchange mean, and that nothing but the first
 * server is ever asked. The exchange itself is proved against a real AD in tests/e2e/test_stores.py.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "tests/ldap/peer.h"

static int
exchange(struct peer_domain *d, const char *old_value, const char *new_value)
{
    struct fed_secret old_secret = FED_SECRET_INIT(64), new_secret = FED_SECRET_INIT(64);

    assert_int_equal(fed_secret_add_str(&old_secret, old_value), 0);
    assert_int_equal(fed_secret_add_str(&new_secret, new_value), 0);
    int r = addir_attribute_exchange(
        d->dir, &d->person.sid, "thumbnailLogo", &old_secret, &new_secret, d->why);
    fed_secret_done(&old_secret);
    fed_secret_done(&new_secret);
    return r;
}

static void
test_answers_of_an_exchange(void **state)
{
    static const struct {
        const char *script;
        int error;
    } cases[] = {
        {"modify=0:", 0},
        {"modify=16:gone", FED_E_REPLAY},
        {"modify=32:nobody", FED_E_UNKNOWN_USER},
        {"modify=19:too-long", FED_E_DIRECTORY},
        {"modify=20:there", FED_E_DIRECTORY},
        {"modify=50:no-right", FED_E_DIRECTORY},
        {"modify=51:busy", FED_E_DIRECTORY},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct peer *peer = peer_start(cases[i].script);
        struct peer_domain *d = domain_start(CONF_LDAPS, (unsigned[]){peer->port, 0});
        int r = exchange(d, "old", "new");
        if (r != cases[i].error)
            fail_msg("%s: %s (%s)", cases[i].script, fed_error_name(r), d->why);
        if (r != 0 && r != FED_E_REPLAY)
            assert_true(d->why[0] != '\0');
        domain_stop(d);
        peer_stop(peer);
        assert_int_equal(peer_count(peer, "modify <SID=" PEER_SID ">: delete thumbnailLogo old; "
                                          "add thumbnailLogo new"),
            1);
        peer_free(peer);
    }
}

/* The second server's copy may be older: a write that the first cannot take is not taken at all (I-24). */
static void
test_the_second_server_is_never_asked_i24(void **state)
{
    struct peer *first = peer_start(""), *second = peer_start("");
    struct peer_domain *d = domain_start(CONF_LDAPS, (unsigned[]){first->port, second->port, 0});
    struct fed_secret value = FED_SECRET_INIT(64);

    (void)state;
    assert_int_equal(exchange(d, "old", "new"), 0);
    peer_stop(first);
    assert_int_equal(exchange(d, "old", "new"), FED_E_DIRECTORY);
    assert_int_equal(exchange(d, "old", "new"), FED_E_DIRECTORY);
    assert_int_equal(addir_attribute_read(d->dir, &d->person.sid, "thumbnailLogo", &value, d->why),
        FED_E_DIRECTORY);
    domain_stop(d);
    peer_stop(second);
    assert_int_equal(peer_count(second, "bind"), 0);
    peer_free(first);
    peer_free(second);
}

/* AD tells what is hidden by nothing: "none" is believed where we could write one, and nowhere else (I-29). */
static void
test_none_or_hidden_i29(void **state)
{
    static const struct {
        const char *script;
        int error;
    } cases[] = {{"rights=thumbnailLogo", 0}, {"rights=THUMBNAILLOGO", 0},
        {"rights=thumbnailLogo2", FED_E_DIRECTORY}, {"", FED_E_DIRECTORY},
        {"read=othersid rights=thumbnailLogo", FED_E_DIRECTORY},
        {"read=none rights=thumbnailLogo", FED_E_DIRECTORY}};

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct peer *peer = peer_start(cases[i].script);
        struct peer_domain *d = domain_start(CONF_LDAPS, (unsigned[]){peer->port, 0});
        struct fed_secret value = FED_SECRET_INIT(64);
        assert_int_equal(
            addir_attribute_read(d->dir, &d->person.sid, "thumbnailLogo", &value, d->why),
            cases[i].error);
        assert_int_equal(value.len, 0);
        assert_true((d->why[0] != '\0') == (cases[i].error != 0));
        domain_stop(d);
        peer_free(peer);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_answers_of_an_exchange),
        cmocka_unit_test(test_none_or_hidden_i29),
        cmocka_unit_test(test_the_second_server_is_never_asked_i24),
    };

    return cmocka_run_group_tests(tests, peer_set_up, peer_tear_down);
}
