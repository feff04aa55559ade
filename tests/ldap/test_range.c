/*
 * ldap/range.c, reading.c: tokenGroups in pieces, from a server that gives them in every wrong order.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "tests/ldap/peer.h"

#include "ldap/range.h"

static void
names_of_pieces(void **state)
{
    static const struct {
        const char *name;
        int result;
        size_t first, last;
        bool is_last;
    } table[] = {
        {"tokenGroups;range=0-1499", 0, 0, 1499, false},
        {"TOKENGROUPS;Range=1500-2999", 0, 1500, 2999, false},
        {"tokenGroups;range=3000-*", 0, 3000, 0, true},
        {"tokenGroups;range=7-7", 0, 7, 7, false},
        {"tokenGroups", FED_E_NOT_FOUND, 0, 0, false},
        {"tokenGroupsNoGCAcceptable", FED_E_NOT_FOUND, 0, 0, false},
        {"tokenGroup;range=0-1", FED_E_NOT_FOUND, 0, 0, false},
        {"token", FED_E_NOT_FOUND, 0, 0, false},
        {"", FED_E_NOT_FOUND, 0, 0, false},
        {"tokenGroups;", FED_E_DIRECTORY, 0, 0, false},
        {"tokenGroups;range=", FED_E_DIRECTORY, 0, 0, false},
        {"tokenGroups;range=0", FED_E_DIRECTORY, 0, 0, false},
        {"tokenGroups;range=0-", FED_E_DIRECTORY, 0, 0, false},
        {"tokenGroups;range=-1", FED_E_DIRECTORY, 0, 0, false},
        {"tokenGroups;range=*-*", FED_E_DIRECTORY, 0, 0, false},
        {"tokenGroups;range=0-**", FED_E_DIRECTORY, 0, 0, false},
        {"tokenGroups;range=00-1", FED_E_DIRECTORY, 0, 0, false},
        {"tokenGroups;range=0-01", FED_E_DIRECTORY, 0, 0, false},
        {"tokenGroups;range=2-1", FED_E_DIRECTORY, 0, 0, false},
        {"tokenGroups;range=+0-1", FED_E_DIRECTORY, 0, 0, false},
        {"tokenGroups;range= 0-1", FED_E_DIRECTORY, 0, 0, false},
        {"tokenGroups;range=0-1 ", FED_E_DIRECTORY, 0, 0, false},
        {"tokenGroups;range=0-1;x", FED_E_DIRECTORY, 0, 0, false},
        {"tokenGroups;range=0-9999999999999999999999", FED_E_DIRECTORY, 0, 0, false},
        {"tokenGroups;binary", FED_E_DIRECTORY, 0, 0, false},
        {"tokenGroups;binary;range=0-1", FED_E_DIRECTORY, 0, 0, false},
    };
    (void)state;

    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        struct range range = {9, 9, true};
        int r = range_parse(table[i].name, strlen(table[i].name), "tokenGroups", &range);
        if (r != table[i].result)
            fail_msg("%s: %d", table[i].name, r);
        if (r != 0)
            continue;
        assert_int_equal(range.first, table[i].first);
        assert_int_equal(range.last, table[i].last);
        assert_int_equal(range.is_last, table[i].is_last);
    }
}

static void
the_whole_has_bounds(void **state)
{
    struct range_progress p = {0}, many = {0};
    char text[64];
    (void)state;

    assert_int_equal(
        range_take(&p, &(struct range){0, RANGE_VALUES_MAX - 1, false}, RANGE_VALUES_MAX), 0);
    range_ask(&p, "tokenGroups", text, sizeof(text));
    assert_string_equal(text, "tokenGroups;range=20000-*");
    assert_int_equal(
        range_take(&p, &(struct range){RANGE_VALUES_MAX, 0, true}, 1), FED_E_DIRECTORY);
    for (size_t i = 0; i < RANGE_PIECES_MAX; i++)
        assert_int_equal(range_take(&many, &(struct range){i, i, false}, 1), 0);
    assert_int_equal(
        range_take(&many, &(struct range){RANGE_PIECES_MAX, 0, true}, 1), FED_E_DIRECTORY);
}

static struct sid
group(unsigned n)
{
    struct sid sid;
    char text[SID_TEXT_MAX];

    (void)snprintf(text, sizeof(text), "S-1-5-21-1-2-3-%u", 5000 + n);
    assert_int_equal(sid_from_text(text, &sid), 0);
    return sid;
}

/* I-16: all pieces make the list, on one connection, after one bind; by the person's read and by the service's. */
static void
pieces_make_the_whole(void **state)
{
    static const char *const scripts[] = {"pieces=0-2,3-4,5-*", "pieces=0-*:0+7"};
    (void)state;

    for (size_t i = 0; i < 2; i++) {
        struct peer *peer = peer_start(scripts[i]);
        struct peer_domain *d = domain_start(CONF_LDAPS, (unsigned[4]){peer->port});
        for (unsigned k = 0; k < 2; k++) {
            if (k == 0 && domain_login(d, "correct horse") != 0)
                fail_msg("%s: %s", scripts[i], d->why);
            if (k == 1) {
                addir_entry_done(&d->entry);
                assert_int_equal(addir_read(d->dir, &d->person, &d->entry, d->why), 0);
            }
            assert_int_equal(d->entry.n_groups, 7);
            for (unsigned n = 0; n < 7; n++) {
                struct sid sid = group(n);
                assert_true(addir_in_group(&d->entry, &sid));
            }
            assert_int_equal(account_check(&d->entry.account, 1800000000), 0);
        }
        domain_stop(d);
        peer_stop(peer);
        assert_int_equal(peer_count(peer, " bind " PEER_PERSON), 1);
        assert_int_equal(peer_count(peer, "connect"), 2);
        assert_int_equal(peer_count(peer, "asked for all"), 2);
        assert_int_equal(peer_count(peer, "asked for 3\n"), i == 0 ? 2 : 0);
        assert_int_equal(peer_count(peer, "asked for 5\n"), i == 0 ? 2 : 0);
        peer_free(peer);
    }
}

/* I-16: what has a gap, overlaps, repeats itself, ends too soon or never, is no list: the login is denied. */
static void
every_broken_sequence_denies(void **state)
{
    static const char *const scripts[] = {
        "pieces=1-2,3-*",      /* does not begin at the beginning */
        "pieces=0-2,4-*",      /* a gap */
        "pieces=0-2,2-*",      /* an overlap */
        "pieces=0-2,0-2",      /* the same again, and again */
        "pieces=0-2,0-*",      /* from the beginning */
        "pieces=0-2,3-*:0+2",  /* the right numbers on the same values */
        "pieces=0-2:0+2,3-*",  /* fewer values than it says */
        "pieces=0-2:0+4,3-*",  /* more */
        "pieces=0-2,3-*:3+0",  /* an end without values */
        "pieces=0-2,none",     /* no more, though there must be */
        "pieces=0-2,whole",    /* another list instead */
        "pieces=0-2,gone",     /* the entry is gone in between */
        "pieces=0-2,die",      /* the connection is */
        "pieces=0-2,twice",    /* two entries */
        "pieces=0-2,othersid", /* another entry */
        "pieces=0-2,x-y",      /* nonsense */
        "pieces=endless",      /* one by one, for ever */
        "pieces=0-19999:0+3",  /* a promise of too many */
    };
    (void)state;

    for (size_t i = 0; i < sizeof(scripts) / sizeof(scripts[0]); i++) {
        struct peer *peer = peer_start(scripts[i]);
        struct peer_domain *d = domain_start(CONF_LDAPS, (unsigned[4]){peer->port});
        if (domain_login(d, "correct horse") != FED_E_DIRECTORY)
            fail_msg("%s: %s", scripts[i], d->why);
        assert_null(d->entry.groups);
        assert_string_not_equal(d->why, "");
        domain_stop(d);
        peer_stop(peer);
        assert_int_equal(peer_count(peer, " bind " PEER_PERSON), 1);
        assert_true(peer_count(peer, "asked for") <= RANGE_PIECES_MAX + 1);
        peer_free(peer);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_of_pieces),
        cmocka_unit_test(the_whole_has_bounds),
        cmocka_unit_test(pieces_make_the_whole),
        cmocka_unit_test(every_broken_sequence_denies),
    };

    return cmocka_run_group_tests(tests, peer_set_up, peer_tear_down);
}
