/*
 * A domain without a service identity: a person is whom their enrolment says, until the bind has shown it.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "tests/ldap/peer.h"

#define UPN_BIND " bind alice@corp.example.com "

static struct peer_domain *
alone_at(const struct peer *peer)
{
    struct peer_domain *d = domain_start_as(CONF_LDAPS, (unsigned[4]){peer->port}, false);
    struct sid sid = d->person.sid;

    assert_false(addir_has_service(d->dir));
    assert_int_equal(addir_expect(d->dir, "ALICE", &sid, &d->person), 0);
    assert_string_equal(d->person.dn, "");
    (void)snprintf(d->person.upn, sizeof(d->person.upn), "alice@corp.example.com");
    return d;
}

static void
a_name_is_expected_to_be_its_sid_s(void **state)
{
    struct peer *peer = peer_start("");
    struct peer_domain *d = alone_at(peer);
    struct addir_person p = {.dn = "untouched"};
    struct sid sid = d->person.sid;
    char longest[TEXT_NAME_MAX + 1];
    (void)state;

    memset(longest, 'x', TEXT_NAME_MAX);
    longest[TEXT_NAME_MAX] = '\0';
    assert_int_equal(addir_expect(d->dir, "", &sid, &p), FED_E_NAME);
    assert_int_equal(addir_expect(d->dir, "@corp.example.com", &sid, &p), FED_E_NAME);
    assert_int_equal(addir_expect(d->dir, "alice@other.example", &sid, &p), FED_E_NAME);
    assert_int_equal(addir_expect(d->dir, longest, &sid, &p), FED_E_NAME);
    assert_string_equal(p.dn, "untouched");
    assert_int_equal(addir_expect(d->dir, "alice@CORP.example.com", &sid, &p), 0);
    assert_string_equal(p.sam, "alice");
    assert_string_equal(p.upn, "alice@corp.example.com");
    domain_stop(d);
    peer_stop(peer);
    assert_int_equal(peer_count(peer, "connect"), 0);
    peer_free(peer);
}

/* I-6, I-7: one bind as the person, and everything after it on that connection; nobody else ever binds. */
static void
everything_is_read_as_the_person(void **state)
{
    struct peer *peer = peer_start("");
    struct peer_domain *d = alone_at(peer);
    (void)state;

    assert_int_equal(domain_login(d, "correct horse"), 0);
    assert_string_equal(d->person.dn, PEER_PERSON);
    assert_string_equal(d->person.sam, "alice");
    assert_int_equal(d->entry.n_groups, 4);
    domain_stop(d);
    peer_stop(peer);
    assert_int_equal(peer_count(peer, " bind "), 1);
    assert_int_equal(peer_count(peer, "1" UPN_BIND), 1);
    assert_int_equal(peer_count(peer, "\n1 find "), 1);
    assert_int_equal(peer_count(peer, "\n1 read "), 1);
    peer_free(peer);
}

/* I-8: the name is somebody else's now, with a right password: no success. I-10: two entries, or none: neither. */
static void
the_sid_is_checked_after_the_bind(void **state)
{
    static const struct {
        const char *script;
        int error;
    } table[] = {
        {"bind=49:52e", FED_E_DENIED},
        {"bind=49:532", FED_E_PASSWORD_EXPIRED},
        {"find=0", FED_E_DENIED},
        {"find=2", FED_E_DENIED},
        {"find=limit", FED_E_DENIED},
        {"find=nosid", FED_E_DENIED},
        {"find=refer", FED_E_DIRECTORY},
        {"find=flood", FED_E_DIRECTORY},
        {"read=othersid", FED_E_DENIED},
        {"read=notokens", FED_E_DIRECTORY},
        {"read=ranged", FED_E_DIRECTORY},
        {"read=none", FED_E_DIRECTORY},
        {"bind=die", FED_E_DIRECTORY},
    };
    (void)state;

    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        struct peer *peer = peer_start(table[i].script);
        struct peer_domain *d = alone_at(peer);
        int r = domain_login(d, "correct horse");
        if (r != table[i].error)
            fail_msg("%s: %s: %s", table[i].script, fed_error_name(r), d->why);
        assert_string_equal(d->person.dn, "");
        assert_int_equal(d->entry.n_groups, 0);
        domain_stop(d);
        peer_stop(peer);
        assert_int_equal(peer_count(peer, " bind "), 1);
        peer_free(peer);
    }
    struct peer *peer = peer_start("");
    struct peer_domain *d = alone_at(peer);
    assert_int_equal(sid_from_text("S-1-5-21-1-2-3-1104", &d->person.sid), 0);
    assert_int_equal(domain_login(d, "correct horse"), FED_E_DENIED);
    assert_non_null(strstr(d->why, "enrolled"));
    domain_stop(d);
    peer_free(peer);
}

/* What takes a service identity says so, and asks nobody. Groups that are SIDs take none. */
static void
the_rest_is_unavailable(void **state)
{
    static char *const names[] = {(char *)PEER_GROUP, (char *)"Platform"};
    struct peer *peer = peer_start("");
    struct peer_domain *d = alone_at(peer);
    struct sid sids[2];
    unsigned threshold;
    (void)state;

    assert_int_equal(addir_read(d->dir, &d->person, &d->entry, d->why), FED_E_DIRECTORY);
    assert_int_equal(addir_groups(d->dir, names, 1, sids, d->why), 0);
    assert_int_not_equal(sids[0].len, 0);
    assert_int_equal(addir_groups(d->dir, names, 2, sids, d->why), FED_E_CONFIG);
    assert_int_equal(addir_lockout_threshold(d->dir, &threshold, d->why), FED_E_CONFIG);
    domain_stop(d);
    peer_stop(peer);
    assert_int_equal(peer_count(peer, "connect"), 0);
    peer_free(peer);
}

/* I-14: one modify, as the person, after a bind with the old password. */
static void
a_password_is_changed_as_the_person(void **state)
{
    struct peer *peer = peer_start(""), *strict = peer_start("bind=49:52e");
    struct peer_domain *d = alone_at(peer);
    struct fed_secret old = FED_SECRET_INIT(64), new = FED_SECRET_INIT(64);
    char text[ADDIR_WHY_MAX];
    (void)state;

    assert_int_equal(fed_secret_add_str(&old, "old one"), 0);
    assert_int_equal(fed_secret_add_str(&new, "new one"), 0);
    assert_int_equal(addir_change_password(d->dir, &d->person, &old, &new, text, d->why), 0);
    domain_stop(d);
    peer_stop(peer);
    assert_int_equal(
        peer_count(peer, "\n1 modify " PEER_PERSON
                         ": delete unicodePwd \"old one\"; add unicodePwd \"new one\"\n"),
        1);
    d = alone_at(strict);
    assert_int_equal(
        addir_change_password(d->dir, &d->person, &old, &new, text, d->why), FED_E_DENIED);
    domain_stop(d);
    peer_stop(strict);
    assert_int_equal(peer_count(strict, " modify "), 0);
    fed_secret_done(&old);
    fed_secret_done(&new);
    peer_free(peer);
    peer_free(strict);
}

static int
change_expired(struct peer_domain *d, const char *old_password, bool *ret_changed, char *text)
{
    struct fed_secret old = FED_SECRET_INIT(600), new = FED_SECRET_INIT(64);

    assert_int_equal(fed_secret_add_str(&old, old_password), 0);
    assert_int_equal(fed_secret_add_str(&new, "new one"), 0);
    int r =
        addir_change_expired(d->dir, &d->person, &old, &new, &d->entry, ret_changed, text, d->why);
    fed_secret_done(&old);
    fed_secret_done(&new);
    return r;
}

/*
 * I-6, I-8: whether the old password is right and expired is asked once, of the SID that was enrolled, and nothing else goes on from
 * any other answer. From that one it does, to the Kerberos service of the same server, which is not there.
 */
static void
an_expired_password_is_proved_by_the_sid(void **state)
{
    static const struct {
        const char *script;
        int error;
        bool goes_on;
    } table[] = {
        {"bind=49:52e", FED_E_DENIED, false},
        {"bind=49:525", FED_E_DENIED, false},
        {"bind=49:533", FED_E_DISABLED, false},
        {"bind=49:775", FED_E_DENIED, false},
        {"bind=49:701", FED_E_EXPIRED, false},
        {"bind=8", FED_E_DIRECTORY, false},
        {"bind=die", FED_E_DIRECTORY, false},
        {"bind=mute", FED_E_DIRECTORY, false},
        {"bind=49:532", FED_E_DIRECTORY, true},
        {"bind=49:773", FED_E_DIRECTORY, true},
    };
    char text[ADDIR_WHY_MAX];
    (void)state;

    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        struct peer *peer = peer_start(table[i].script);
        struct peer_domain *d = alone_at(peer);
        bool changed = true;
        int r = change_expired(d, "old one", &changed, text);
        if (r != table[i].error)
            fail_msg("%s: %s: %s", table[i].script, fed_error_name(r), d->why);
        assert_false(changed);
        assert_int_equal(strstr(text, "this host could not do that") != NULL, table[i].goes_on);
        assert_int_equal(strstr(d->why, "Kerberos") != NULL, table[i].goes_on);
        assert_string_equal(d->person.dn, "");
        if (strcmp(table[i].script, "bind=49:52e") == 0) /* and is not sent again for a while */
            assert_int_equal(change_expired(d, "old one", &changed, text), FED_E_DENIED);
        domain_stop(d);
        peer_stop(peer);
        assert_int_equal(peer_count(peer, " bind "), 1);
        assert_int_equal(peer_count(peer, " bind " PEER_SID " old one"), 1);
        assert_int_equal(peer_count(peer, " modify "), 0);
        peer_free(peer);
    }
}

/* I-1, I-2: passwords that are none go nowhere; nor does anybody's where a service identity can change them. */
static void
no_expired_password_to_change(void **state)
{
    struct peer *peer = peer_start("");
    struct peer_domain *d = alone_at(peer),
                       *with = domain_start(CONF_LDAPS, (unsigned[4]){peer->port});
    char text[ADDIR_WHY_MAX], longest[TEXT_PASSWORD_MAX + 2];
    bool changed;
    (void)state;

    memset(longest, 'x', sizeof(longest));
    longest[TEXT_PASSWORD_MAX + 1] = '\0';
    assert_int_equal(change_expired(d, "", &changed, text), FED_E_DENIED);
    assert_int_equal(change_expired(d, longest, &changed, text), FED_E_DENIED);
    assert_int_equal(change_expired(with, "old one", &changed, text), FED_E_INVALID);
    domain_stop(d);
    domain_stop(with);
    peer_stop(peer);
    assert_int_equal(peer_count(peer, "connect"), 0);
    peer_free(peer);
}

/* I-14: it has not expired after all: one modify, as the person, and the login after it on the same connection. */
static void
what_has_not_expired_is_changed_as_ever(void **state)
{
    struct peer *peer = peer_start("");
    struct peer_domain *d = alone_at(peer);
    char text[ADDIR_WHY_MAX];
    bool changed = false;
    (void)state;

    assert_int_equal(change_expired(d, "old one", &changed, text), 0);
    assert_true(changed);
    assert_string_equal(d->person.dn, PEER_PERSON);
    assert_int_equal(d->entry.n_groups, 4);
    domain_stop(d);
    peer_stop(peer);
    assert_int_equal(peer_count(peer, "1 bind " PEER_SID " old one"), 1);
    assert_int_equal(peer_count(peer, "\n1 modify " PEER_PERSON), 1);
    assert_int_equal(peer_count(peer, "1" UPN_BIND "new one"), 1);
    assert_int_equal(peer_count(peer, " bind "), 2);
    peer_free(peer);
}

/* I-8: the name has come to be another SID's: not even a change that needs no Kerberos. */
static void
the_change_is_the_enrolled_person_s(void **state)
{
    struct peer *peer = peer_start("");
    struct peer_domain *d = alone_at(peer);
    char text[ADDIR_WHY_MAX];
    bool changed = true;
    (void)state;

    assert_int_equal(sid_from_text("S-1-5-21-1-2-3-1104", &d->person.sid), 0);
    assert_int_equal(change_expired(d, "old one", &changed, text), FED_E_DENIED);
    assert_false(changed);
    domain_stop(d);
    peer_stop(peer);
    assert_int_equal(peer_count(peer, " bind S-1-5-21-1-2-3-1104 "), 1);
    assert_int_equal(peer_count(peer, " modify "), 0);
    peer_free(peer);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_name_is_expected_to_be_its_sid_s),
        cmocka_unit_test(everything_is_read_as_the_person),
        cmocka_unit_test(the_sid_is_checked_after_the_bind),
        cmocka_unit_test(the_rest_is_unavailable),
        cmocka_unit_test(a_password_is_changed_as_the_person),
        cmocka_unit_test(an_expired_password_is_proved_by_the_sid),
        cmocka_unit_test(no_expired_password_to_change),
        cmocka_unit_test(what_has_not_expired_is_changed_as_ever),
        cmocka_unit_test(the_change_is_the_enrolled_person_s),
    };
    return cmocka_run_group_tests(tests, peer_set_up, peer_tear_down);
}
