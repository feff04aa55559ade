/*
 * What the service identity asks: people, groups, entries, password changes; and what it makes of
 * domain controllers that answer wrongly or send it elsewhere.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "tests/ldap/peer.h"

#define SERVICE_BIND " bind " PEER_SERVICE " service-password\n"

static struct peer_domain *
domain_at(const struct peer *peer)
{
    return domain_start(CONF_LDAPS, (unsigned[4]){peer->port});
}

/* I-10: exactly one entry, with a SID; and I-5: a referral is no answer. */
static void
each_answer_to_a_name(void **state)
{
    static const struct {
        const char *script;
        int error;
    } table[] = {
        {"find=1", 0},
        {"find=0", FED_E_UNKNOWN_USER},
        {"find=2", FED_E_UNKNOWN_USER},
        {"find=3", FED_E_UNKNOWN_USER},
        {"find=limit", FED_E_UNKNOWN_USER},
        {"find=nosid", FED_E_UNKNOWN_USER},
        {"find=flood", FED_E_DIRECTORY},
        {"find=refer", FED_E_DIRECTORY},
        {"find=references", 0},
        {"service=49", FED_E_DIRECTORY},
    };
    (void)state;

    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        struct peer *peer = peer_start(table[i].script);
        struct peer_domain *d = domain_at(peer);
        struct addir_person person = {.dn = "untouched"};
        int r = addir_resolve(d->dir, "alice", &person, d->why);
        if (r != table[i].error)
            fail_msg("%s: %s: %s", table[i].script, fed_error_name(r), d->why);
        assert_string_equal(person.dn, r == 0 ? PEER_PERSON : "untouched");
        if (r == 0) {
            assert_string_equal(person.sam, "alice");
            assert_string_equal(person.upn, "alice@corp.example.com");
            assert_true(sid_equal(&person.sid, &d->person.sid));
        }
        domain_stop(d);
        peer_free(peer);
    }
}

static void
a_name_that_is_none_is_not_asked_for(void **state)
{
    struct peer *peer = peer_start("");
    struct peer_domain *d = domain_at(peer);
    (void)state;

    assert_int_equal(addir_resolve(d->dir, "", &d->person, d->why), FED_E_NAME);
    assert_int_equal(addir_resolve(d->dir, "-x", &d->person, d->why), FED_E_NAME);
    assert_int_equal(addir_resolve(d->dir, "a\nb", &d->person, d->why), FED_E_NAME);
    domain_stop(d);
    peer_stop(peer);
    assert_int_equal(peer_count(peer, "connect"), 0);
    peer_free(peer);
}

/* I-5: not with a bind's referral, nor a search's, nor search references. */
static void
no_referral_is_followed(void **state)
{
    static const char *const scripts[] = {"find=refer", "find=references", "bind=10"};
    (void)state;

    for (size_t i = 0; i < 3; i++) {
        struct peer *there = peer_start("tls=starttls");
        struct peer *peer;
        struct peer_domain *d;
        char script[128];
        (void)snprintf(
            script, sizeof(script), "%s refer=ldap://127.0.0.1:%u/", scripts[i], there->port);
        peer = peer_start(script);
        d = domain_at(peer);
        assert_int_equal(addir_resolve(d->dir, "alice", &d->person, d->why) == 0, i != 0);
        assert_int_equal(domain_login(d, "correct horse") == 0, i != 2);
        domain_stop(d);
        peer_stop(peer);
        peer_stop(there);
        assert_int_equal(peer_count(there, "connect"), 0);
        peer_free(peer);
        peer_free(there);
    }
}

static void
names_are_remembered(void **state)
{
    struct peer *peer = peer_start(""), *empty = peer_start("find=0");
    struct peer_domain *d = domain_at(peer);
    (void)state;

    for (int i = 0; i < 3; i++)
        assert_int_equal(addir_resolve(d->dir, i == 1 ? "ALICE" : "alice", &d->person, d->why), 0);
    domain_stop(d);
    peer_stop(peer);
    assert_int_equal(peer_count(peer, " find "), 1);
    peer_free(peer);

    d = domain_at(empty);
    for (int i = 0; i < 3; i++)
        assert_int_equal(addir_resolve(d->dir, "alice", &d->person, d->why), FED_E_UNKNOWN_USER);
    domain_stop(d);
    peer_stop(empty);
    assert_int_equal(peer_count(empty, " find "), 1);
    peer_free(empty);
}

/* A DN may have gone stale: after a refusal, and after a foreign SID, the name is asked for again. */
static void
a_refusal_forgets_the_name(void **state)
{
    static const char *const scripts[] = {"bind=49:525", "bind=49:52e", "read=othersid"};
    (void)state;

    for (size_t i = 0; i < 3; i++) {
        struct peer *peer = peer_start(scripts[i]);
        struct peer_domain *d = domain_at(peer);
        assert_int_equal(addir_resolve(d->dir, "alice", &d->person, d->why), 0);
        assert_int_equal(domain_login(d, "correct horse"), FED_E_DENIED);
        assert_int_equal(addir_resolve(d->dir, "alice", &d->person, d->why), 0);
        domain_stop(d);
        peer_stop(peer);
        assert_int_equal(peer_count(peer, " find "), 2);
        peer_free(peer);
    }
}

/* I-6 for the service identity too: a refused one is not tried until AD locks it. */
static void
a_refused_service_identity_rests(void **state)
{
    struct peer *first = peer_start("service=49"), *second = peer_start("service=49");
    struct peer_domain *d = domain_start(CONF_LDAPS, (unsigned[4]){first->port, second->port});
    (void)state;

    for (int i = 0; i < 5; i++)
        assert_int_equal(addir_resolve(d->dir, "alice", &d->person, d->why), FED_E_DIRECTORY);
    assert_null(strstr(d->why, "service-password"));
    domain_stop(d);
    peer_stop(first);
    peer_stop(second);
    assert_int_equal(peer_count(first, SERVICE_BIND) + peer_count(second, SERVICE_BIND), 1);
    peer_free(first);
    peer_free(second);
}

/* I-8, I-16, for the read without a password. */
static void
each_fault_of_a_read(void **state)
{
    static const struct {
        const char *script;
        int error;
    } table[] = {
        {"read=othersid", FED_E_UNKNOWN_USER},
        {"read=bare", FED_E_UNKNOWN_USER},
        {"read=none", FED_E_UNKNOWN_USER},
        {"read=notokens", FED_E_DIRECTORY},
        {"read=ranged", FED_E_DIRECTORY},
        {"read=badtoken", FED_E_DIRECTORY},
        {"read=two", FED_E_DIRECTORY},
        {"read=mute", FED_E_DIRECTORY},
        {"read=die", FED_E_DIRECTORY},
        {"read=ok", 0},
    };
    (void)state;

    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        struct peer *peer = peer_start(table[i].script);
        struct peer_domain *d = domain_at(peer);
        int64_t start = clock_mono_ms();
        int r = addir_read(d->dir, &d->person, &d->entry, d->why);
        if (r != table[i].error)
            fail_msg("%s: %s: %s", table[i].script, fed_error_name(r), d->why);
        assert_true(clock_mono_ms() - start < 2500);
        domain_stop(d);
        peer_free(peer);
    }
}

/* A search is sent again when its connection dies, on another server when there is one. */
static void
a_search_survives_a_server(void **state)
{
    struct peer *first = peer_start("read=die"), *second = peer_start("");
    struct peer_domain *d = domain_start(CONF_LDAPS, (unsigned[4]){first->port, second->port});
    (void)state;

    assert_int_equal(addir_read(d->dir, &d->person, &d->entry, d->why), 0);
    domain_stop(d);
    peer_stop(first);
    assert_int_equal(peer_count(first, " read "), 1);
    peer_free(first);
    peer_free(second);
}

/* I-21: by SID, whatever is called alike; two of one name are none. */
static void
groups_become_sids(void **state)
{
    static char *groups[] = {(char *)"platform", (char *)"S-1-5-32-544", (char *)"Nobody",
        (char *)"Twice", (char *)"S-1-x"};
    struct peer *peer = peer_start("");
    struct peer_domain *d = domain_at(peer);
    struct sid sids[5];
    char text[SID_TEXT_MAX];
    (void)state;

    assert_int_equal(addir_groups(d->dir, groups, 5, sids, d->why), 0);
    assert_string_equal(sid_to_text(&sids[0], text), PEER_GROUP);
    assert_string_equal(sid_to_text(&sids[1], text), "S-1-5-32-544");
    assert_int_equal(sids[2].len, 0);
    assert_int_equal(sids[3].len, 0);
    assert_int_equal(sids[4].len, 0);
    assert_int_equal(addir_groups(d->dir, groups, 0, sids, d->why), 0);
    domain_stop(d);
    peer_stop(peer);
    assert_int_equal(peer_count(peer, " groups "), 1);
    peer_free(peer);
}

/* AD gives a thousand entries at once and no more: the rest comes in pages, and a group without a SID is none. */
static void
groups_by_prefix_come_in_pages(void **state)
{
    struct peer *peer = peer_start("pages=3");
    struct peer_domain *d = domain_at(peer);
    struct addir_group *groups = NULL;
    char text[SID_TEXT_MAX];
    size_t n = 0;
    (void)state;

    assert_int_equal(addir_groups_like(d->dir, "AWS-{x", 4, &groups, &n, d->why), 0);
    assert_int_equal(n, 6);
    assert_string_equal(groups[0].name, "AWS-2");
    assert_string_equal(groups[5].name, "AWS-7");
    assert_string_equal(sid_to_text(&groups[5].sid, text), "S-1-5-21-7-7");
    free(groups);
    domain_stop(d);
    peer_stop(peer);
    assert_int_equal(peer_count(peer, " like "), 3);
    peer_free(peer);
}

/* A search that is not whole is no answer: half of the groups would be half of the roles. */
static void
groups_by_prefix_come_whole_or_not(void **state)
{
    static const char *const scripts[] = {"pages=limit", "pages=badmark"};
    struct addir_group *groups = NULL;
    size_t n = 0;
    (void)state;

    for (size_t i = 0; i < 2; i++) {
        struct peer *peer = peer_start(scripts[i]);
        struct peer_domain *d = domain_at(peer);
        assert_int_equal(
            addir_groups_like(d->dir, "AWS-", 4, &groups, &n, d->why), FED_E_DIRECTORY);
        assert_null(groups);
        domain_stop(d);
        peer_free(peer);
    }
}

/* I-21: a thousand names are a few searches. */
static void
many_groups_are_few_searches(void **state)
{
    enum { N = 1000 };
    static char names[N][16], *groups[N];
    static struct sid sids[N];
    struct peer *peer = peer_start("");
    struct peer_domain *d = domain_at(peer);
    (void)state;

    for (size_t i = 0; i < N; i++) {
        (void)snprintf(names[i], sizeof(names[i]), "group-%zu", i);
        groups[i] = names[i];
    }
    (void)snprintf(names[N - 1], sizeof(names[0]), "Platform");
    assert_int_equal(addir_groups(d->dir, groups, N, sids, d->why), 0);
    assert_int_equal(sids[0].len, 0);
    assert_int_not_equal(sids[N - 1].len, 0);
    domain_stop(d);
    peer_stop(peer);
    assert_int_equal(peer_count(peer, " groups "), 5);
    peer_free(peer);
}

static int
change(struct peer_domain *d, const char *old_text, const char *new_text, char *ret_text)
{
    struct fed_secret old_password = FED_SECRET_INIT(1024), new_password = FED_SECRET_INIT(1024);
    int r;

    assert_int_equal(fed_secret_add_str(&old_password, old_text), 0);
    assert_int_equal(fed_secret_add_str(&new_password, new_text), 0);
    r = addir_change_password(d->dir, &d->person, &old_password, &new_password, ret_text, d->why);
    fed_secret_done(&old_password);
    fed_secret_done(&new_password);
    assert_null(strstr(d->why, "secret"));
    return r;
}

/* I-14: one modify, delete old and add new, quoted; by the service identity, on TLS. */
static void
a_password_is_changed_by_one_modify(void **state)
{
    struct peer *peer = peer_start("");
    struct peer_domain *d = domain_at(peer);
    char text[ADDIR_WHY_MAX];
    (void)state;

    assert_int_equal(change(d, "old secret", "n\303\251w \"\360\237\230\200", text), 0);
    assert_int_equal(change(d, "", "new secret", text), FED_E_DENIED);
    assert_int_equal(change(d, "old secret", "", text), FED_E_DENIED);
    assert_int_equal(change(d, "old secret", "\377", text), FED_E_DENIED);
    domain_stop(d);
    peer_stop(peer);
    assert_non_null(strstr(peer->log,
        "1" SERVICE_BIND "1 modify " PEER_PERSON ": delete unicodePwd \"old secret\"; "
        "add unicodePwd \"n\303\251w \"\360\237\230\200\"\n"));
    assert_int_equal(peer_count(peer, "modify"), 1);
    peer_free(peer);
}

/* I-14: AD's refusal reaches the person. */
static void
each_answer_to_a_password_change(void **state)
{
    static const struct {
        const char *script;
        int error;
        const char *text;
    } table[] = {
        {"'modify=19:0000052D: Constraint violation - check_password_restrictions: the password is "
         "too short. It should be longer'",
            FED_E_PASSWORD_REFUSED, "the password is too short. It should be longer"},
        {"'modify=19:0000052D: AtrErr: DSID-03191083, #1:'", FED_E_PASSWORD_REFUSED,
            "the new password does not meet the domain's rules for length, complexity, history or "
            "age"},
        {"'modify=19:00000056: AtrErr: DSID-03190F80, #1:'", FED_E_DENIED, ""},
        {"'modify=53:0000052D: SvcErr: x'", FED_E_PASSWORD_REFUSED,
            "the new password does not meet the domain's rules for length, complexity, history or "
            "age"},
        {"'modify=53:0000001F: SvcErr: x'", FED_E_DIRECTORY, ""},
        {"'modify=50:00000005: x'", FED_E_PASSWORD_REFUSED,
            "this account may not change its password"},
        {"'modify=49:x'", FED_E_DENIED, ""},
        {"'modify=10:x'", FED_E_DIRECTORY, ""},
        {"'modify=51:busy'", FED_E_DIRECTORY, ""},
    };
    (void)state;

    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        struct peer *peer = peer_start(table[i].script);
        struct peer_domain *d = domain_at(peer);
        char text[ADDIR_WHY_MAX] = "before";
        int r = change(d, "old secret", "new secret", text);
        if (r != table[i].error)
            fail_msg("%s: %s: %s", table[i].script, fed_error_name(r), d->why);
        assert_string_equal(text, table[i].text);
        domain_stop(d);
        peer_free(peer);
    }
}

static void
the_lockout_threshold_is_read(void **state)
{
    struct peer *peer = peer_start("");
    struct peer_domain *d = domain_at(peer);
    unsigned threshold = 0;
    (void)state;

    assert_int_equal(addir_lockout_threshold(d->dir, &threshold, d->why), 0);
    assert_int_equal(threshold, 10);
    domain_stop(d);
    peer_free(peer);
}

static void
bad_configuration_is_an_error_at_once(void **state)
{
    struct peer_domain *d = domain_start(CONF_LDAPS, (unsigned[4]){1});
    static const char *const servers[] = {"", "dc1:", "dc1:0", "dc1:65536", "dc1:x", "dc 1", "[::1",
        "::1", "[]:1", "dc1/x", "ldap://dc1", "[::1]x", "dc1:636:1"};
    struct addir *dir = NULL;
    struct conf_domain conf;
    (void)state;

    for (size_t i = 0; i < sizeof(servers) / sizeof(servers[0]); i++) {
        char *item = (char *)servers[i];
        conf = d->conf;
        conf.servers = (struct conf_list){&item, 1};
        if (addir_new(&conf, NULL, &dir, d->why) != FED_E_CONFIG)
            fail_msg("\"%s\" accepted", servers[i]);
    }
    conf = d->conf;
    conf.ca_file = (char *)"/nonexistent";
    assert_int_equal(addir_new(&conf, NULL, &dir, d->why), FED_E_CONFIG);
    conf = d->conf;
    conf.service_password_file = (char *)"/nonexistent";
    assert_int_equal(addir_new(&conf, NULL, &dir, d->why), FED_E_CONFIG);
    conf = d->conf;
    conf.service_bind = CONF_SERVICE_NONE;
    assert_int_equal(addir_new(&conf, NULL, &dir, d->why), 0);
    assert_int_equal(addir_resolve(dir, "alice", &d->person, d->why), FED_E_CONFIG);
    addir_free(dir);
    domain_stop(d);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_answer_to_a_name),
        cmocka_unit_test(a_name_that_is_none_is_not_asked_for),
        cmocka_unit_test(no_referral_is_followed),
        cmocka_unit_test(names_are_remembered),
        cmocka_unit_test(a_refusal_forgets_the_name),
        cmocka_unit_test(a_refused_service_identity_rests),
        cmocka_unit_test(each_fault_of_a_read),
        cmocka_unit_test(a_search_survives_a_server),
        cmocka_unit_test(groups_become_sids),
        cmocka_unit_test(many_groups_are_few_searches),
        cmocka_unit_test(groups_by_prefix_come_in_pages),
        cmocka_unit_test(groups_by_prefix_come_whole_or_not),
        cmocka_unit_test(a_password_is_changed_by_one_modify),
        cmocka_unit_test(each_answer_to_a_password_change),
        cmocka_unit_test(the_lockout_threshold_is_read),
        cmocka_unit_test(bad_configuration_is_an_error_at_once),
    };
    return cmocka_run_group_tests(tests, peer_set_up, peer_tear_down);
}
