/*
 * TLS before everything: what a domain controller may not do wrong without being left, and that no
 * password went out before it was left (I-4). All under an environment that asks libldap for the
 * opposite (I-56).
 * SPDX-License-Identifier: Apache-2.0
 */
#include "tests/base/sanitized.h"
#include "tests/base/skip.h"
#include "tests/ldap/peer.h"

/* Log in at a peer that is wrong in one way: the error, and that nobody heard a password. */
static void
check_refused(enum conf_transport transport, const char *script, int error)
{
    struct peer *peer = peer_start(script);
    struct peer_domain *d = domain_start(transport, (unsigned[4]){peer->port});
    int64_t start = clock_mono_ms();

    if (domain_login(d, "correct horse") != error)
        fail_msg("%s: %s", script, d->why);
    assert_string_not_equal(d->why, "");
    assert_null(strstr(d->why, "horse"));
    assert_int_not_equal(addir_resolve(d->dir, "alice", &d->person, d->why), 0);
    assert_int_not_equal(addir_answers(d->dir, d->why), 0);
    assert_true(clock_mono_ms() - start < 3 * 2000 + 1000);
    domain_stop(d);
    peer_stop(peer);
    assert_true(peer_count(peer, "connect") >= 3);
    assert_int_equal(peer_count(peer, "bind"), 0);
    assert_int_equal(peer_count(peer, "find"), 0);
    peer_free(peer);
}

/* I-4, I-56 */
static void
a_certificate_that_is_not_verified_ends_it(void **state)
{
    (void)state;
    check_refused(CONF_LDAPS, "cert=authority", FED_E_TLS);
    check_refused(CONF_LDAPS, "cert=name", FED_E_TLS);
    check_refused(CONF_LDAPS, "cert=dates", FED_E_TLS);
    check_refused(CONF_STARTTLS, "tls=starttls cert=authority", FED_E_TLS);
    check_refused(CONF_STARTTLS, "tls=starttls cert=name", FED_E_TLS);
    check_refused(CONF_STARTTLS, "tls=starttls cert=dates", FED_E_TLS);
}

/* I-4 */
static void
old_tls_ends_it(void **state)
{
    (void)state;
    check_refused(CONF_LDAPS, "tls=old", FED_E_TLS);
}

/* I-4 */
static void
refused_starttls_ends_it(void **state)
{
    (void)state;
    check_refused(CONF_STARTTLS, "tls=refuse", FED_E_TLS);
    check_refused(CONF_STARTTLS, "tls=vanish", FED_E_DIRECTORY);
}

/* I-4: LDAPS to a port that speaks plain LDAP, StartTLS to one that speaks TLS. */
static void
the_wrong_port_ends_it(void **state)
{
    (void)state;
    check_refused(CONF_LDAPS, "tls=refuse", FED_E_DIRECTORY);
    check_refused(CONF_STARTTLS, "tls=ldaps", FED_E_DIRECTORY);
}

static void
a_mute_server_costs_the_connect_timeout(void **state)
{
    (void)state;
    check_refused(CONF_LDAPS, "tls=mute", FED_E_DIRECTORY);
    check_refused(CONF_STARTTLS, "tls=mute", FED_E_DIRECTORY);
}

static void
verified_tls_lets_in(void **state)
{
    static const struct {
        enum conf_transport transport;
        const char *script;
    } table[] = {{CONF_LDAPS, "tls=ldaps"}, {CONF_STARTTLS, "tls=starttls"}};
    (void)state;

    for (size_t i = 0; i < 2; i++) {
        struct peer *peer = peer_start(table[i].script);
        struct peer_domain *d = domain_start(table[i].transport, (unsigned[4]){peer->port});
        assert_int_equal(domain_login(d, "correct horse"), 0);
        assert_int_equal(addir_answers(d->dir, d->why), 0);
        domain_stop(d);
        peer_stop(peer);
        assert_int_equal(peer_count(peer, " bind " PEER_PERSON " correct horse\n"), 1);
        assert_int_equal(peer_count(peer, "CLEAR"), 0);
        peer_free(peer);
    }
}

/* Is a text, given inverted so that it is not found here, in any memory that we may write? */
static bool
in_memory(const unsigned char *inverted, size_t len)
{
    FILE *maps = fopen("/proc/self/maps", "r");
    bool found = false;
    char line[512];

    assert_non_null(maps);
    while (!found && fgets(line, sizeof(line), maps) != NULL) {
        char *end, mode[8] = "";
        unsigned char *p = (unsigned char *)strtoul(line, &end, 16);
        unsigned char *last = (unsigned char *)strtoul(end + 1, &end, 16);
        memcpy(mode, end + 1, 4);
        if (strncmp(mode, "rw", 2) != 0 || strstr(line, "[v") != NULL)
            continue;
        for (; !found && p + len <= last; p++) {
            size_t same = 0;
            while (same < len && p[same] == (unsigned char)~inverted[same])
                same++;
            found = same == len;
        }
    }
    (void)fclose(maps);
    return found;
}

/* I-57: after a bind and a change, neither the password nor its UTF-16 form is left in our memory. */
static void
a_password_leaves_no_trace(void **state)
{
    enum { LEN = 12 };
    unsigned char inverted[LEN], wide[2 * LEN];
    struct fed_secret password = FED_SECRET_INIT(64), other = FED_SECRET_INIT(64);
    struct peer *peer;
    struct peer_domain *d;
    char text[ADDIR_WHY_MAX];
    (void)state;

    if (SANITIZED) /* they map memory that may not be read, and keep what was freed */
        SKIP("a sanitizer keeps copies");
    peer = peer_start("modify=19:x");
    d = domain_start(CONF_LDAPS, (unsigned[4]){peer->port});
    for (size_t i = 0; i < LEN; i++) {
        unsigned char c = (unsigned char)("ZQXJVKWPBFGY"[(i * 7 + 3) % LEN]);
        inverted[i] = wide[2 * i] = (unsigned char)~c;
        wide[2 * i + 1] = 0xff;
        assert_int_equal(fed_secret_add_byte(&password, c), 0);
    }
    assert_int_equal(fed_secret_add_str(&other, "another"), 0);
    assert_true(in_memory(inverted, LEN)); /* the search does find it */
    assert_int_equal(addir_login(d->dir, &d->person, &password, &d->entry, &d->data, d->why), 0);
    assert_int_equal(addir_change_password(d->dir, &d->person, &password, &other, text, d->why),
        FED_E_PASSWORD_REFUSED);
    fed_secret_done(&password);
    fed_secret_done(&other);
    assert_false(in_memory(inverted, LEN));
    assert_false(in_memory(wide, sizeof(wide)));
    domain_stop(d);
    peer_free(peer);
}

/* I-56: one server verified, one not, and the environment vouches for the wrong one. */
static int
set_up_hostile(void **state)
{
    char text[256];
    FILE *file;

    if (peer_set_up(state) != 0)
        return -1;
    (void)snprintf(text, sizeof(text), "%s", peer_file("ldaprc"));
    file = fopen(text, "w");
    if (file == NULL)
        return -1;
    (void)fprintf(file, "TLS_REQCERT never\nREFERRALS on\nTLS_CACERT %s/other.pem\n", peer_folder);
    (void)fclose(file);
    (void)setenv("LDAPCONF", text, 1);
    (void)setenv("LDAPRC", text, 1);
    (void)setenv("LDAPTLS_REQCERT", "never", 1);
    (void)setenv("LDAPTLS_REQSAN", "never", 1);
    (void)setenv("LDAPTLS_CACERT", peer_file("other.pem"), 1);
    (void)setenv("LDAPTLS_CACERTDIR", peer_folder, 1);
    (void)setenv("LDAPTLS_CERT", "/nonexistent", 1);
    (void)setenv("LDAPTLS_KEY", "/nonexistent", 1);
    (void)setenv("LDAPTLS_CIPHER_SUITE", "NONE", 1);
    (void)setenv("LDAPREFERRALS", "on", 1);
    (void)setenv("LDAPNETWORK_TIMEOUT", "60", 1);
    (void)setenv("LDAPTIMEOUT", "60", 1);
    return unsetenv("LDAPNOINIT");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_certificate_that_is_not_verified_ends_it),
        cmocka_unit_test(old_tls_ends_it),
        cmocka_unit_test(refused_starttls_ends_it),
        cmocka_unit_test(the_wrong_port_ends_it),
        cmocka_unit_test(a_mute_server_costs_the_connect_timeout),
        cmocka_unit_test(verified_tls_lets_in),
        cmocka_unit_test(a_password_leaves_no_trace),
    };
    return cmocka_run_group_tests(tests, set_up_hostile, peer_tear_down);
}
