/*
 * Values of attributes, one by one: what AD may send, and what it must not. And the pure parts beside
 * them: unicodePwd's form, the cache of names, the order of servers.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "ldap/entry.h"
#include "ldap/identity.h"
#include "ldap/password.h"
#include "ldap/servers.h"
#include "ldap/why.h"

static const char sid_bytes[] = "\1\5\0\0\0\0\0\5\25\0\0\0\1\0\0\0\2\0\0\0\3\0\0\0\117\4\0\0";

static int
give(struct conn_sink *sink, const char *name, const char *value, size_t len)
{
    struct berval name_bv = {strlen(name), (char *)name};
    struct berval values[2] = {{len, (char *)value}, {0, NULL}};

    return sink->attribute(sink->arg, &name_bv, values, 1);
}

static int
give_text(struct conn_sink *sink, const char *name, const char *value)
{
    return give(sink, name, value, strlen(value));
}

static int
give_dn(struct conn_sink *sink)
{
    struct berval dn = {4, (char *)"CN=x"};

    sink->start(sink->arg);
    return sink->entry(sink->arg, &dn);
}

static void
numbers_are_strict(void **state)
{
    static const char *const bad[] = {"", "-", "+1", " 1", "1 ", "0x1", "1e3", "--1",
        "9223372036854775808", "-9223372036854775809", "99999999999999999999999999"};
    static const struct {
        const char *text;
        int64_t value;
    } good[] = {{"0", 0}, {"-1", -1}, {"9223372036854775807", INT64_MAX},
        {"-9223372036854775808", INT64_MIN}, {"134397690587387620", 134397690587387620}};
    struct entry_reader reader;
    struct conn_sink sink;
    (void)state;

    entry_reader_init(&reader, NULL);
    sink = entry_sink(&reader);
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_int_equal(give_dn(&sink), 0);
        if (give_text(&sink, "accountExpires", bad[i]) != FED_E_DIRECTORY)
            fail_msg("\"%s\"", bad[i]);
    }
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        assert_int_equal(give_dn(&sink), 0);
        assert_int_equal(give_text(&sink, "ACCOUNTEXPIRES", good[i].text), 0);
        assert_true(reader.entry.account.expires_nt == good[i].value);
    }
    assert_int_equal(give_dn(&sink), 0);
    assert_int_equal(give(&sink, "accountExpires", "1\0", 2), FED_E_DIRECTORY);
    assert_int_equal(give_dn(&sink), 0);
    assert_int_equal(give_text(&sink, "userAccountControl", "-2147483136"), 0);
    assert_int_equal(reader.entry.account.control, 0x80000200U);
    assert_int_equal(give_dn(&sink), 0);
    assert_int_equal(give_text(&sink, "userAccountControl", "4294967296"), FED_E_DIRECTORY);
    entry_reader_done(&reader);
}

/* I-15, I-16: twice, none or many where there is one; a name that only begins alike is another. */
static void
shapes_are_strict(void **state)
{
    struct berval groups[2] = {
        {sizeof(sid_bytes) - 1, (char *)sid_bytes}, {sizeof(sid_bytes) - 2, (char *)sid_bytes}};
    struct berval name = {11, (char *)"tokenGroups"}, control = {18, (char *)"userAccountControl"};
    struct berval two[2] = {{3, (char *)"512"}, {3, (char *)"514"}};
    struct entry_reader reader;
    struct conn_sink sink;
    (void)state;

    entry_reader_init(&reader, NULL);
    sink = entry_sink(&reader);
    assert_int_equal(give_dn(&sink), 0);
    assert_int_equal(give_text(&sink, "userAccountControl", "512"), 0);
    assert_int_equal(give_text(&sink, "userAccountControl", "512"), FED_E_DIRECTORY);
    assert_int_equal(give_dn(&sink), 0);
    assert_int_equal(sink.attribute(sink.arg, &control, two, 2), FED_E_DIRECTORY);
    assert_int_equal(sink.attribute(sink.arg, &control, two, 0), FED_E_DIRECTORY);
    assert_int_equal(give_text(&sink, "userAccountControlX", "514"), 0);
    assert_int_equal(give_text(&sink, "userAccountContro", "514"), 0);
    assert_false(reader.entry.account.has_control);
    assert_int_equal(sink.attribute(sink.arg, &name, groups, 2), FED_E_DIRECTORY);
    assert_int_equal(give_dn(&sink), 0);
    assert_int_equal(sink.attribute(sink.arg, &name, groups, 1), 0);
    assert_int_equal(sink.attribute(sink.arg, &name, groups, 1), FED_E_DIRECTORY);
    assert_int_equal(give_text(&sink, "tokengroups;range=0-1499", ""), FED_E_DIRECTORY);
    entry_reader_done(&reader);
}

static void
an_entry_needs_its_groups(void **state)
{
    struct entry_reader reader;
    struct addir_entry entry = {0};
    struct conn_sink sink;
    char why[WHY_MAX];
    (void)state;

    entry_reader_init(&reader, NULL);
    sink = entry_sink(&reader);
    sink.start(sink.arg);
    assert_int_equal(entry_take(&reader, &entry, why), FED_E_UNKNOWN_USER);
    assert_int_equal(give_dn(&sink), 0);
    assert_int_equal(entry_take(&reader, &entry, why), FED_E_DIRECTORY);
    assert_int_equal(give(&sink, "tokenGroups", sid_bytes, sizeof(sid_bytes) - 1), 0);
    assert_int_equal(entry_take(&reader, &entry, why), 0);
    assert_int_equal(entry.n_groups, 1);
    addir_entry_done(&entry);
    entry_reader_done(&reader);
}

/* Extra values that are not text do not get into a template, and harm nothing. */
static void
extra_values_are_text(void **state)
{
    static char *names[] = {(char *)"department", (char *)"pwdLastSet"};
    static const struct conf_list extra = {names, 2};
    static char huge[4096];
    struct entry_reader reader;
    struct conn_sink sink;
    (void)state;

    memset(huge, 'x', sizeof(huge));
    entry_reader_init(&reader, &extra);
    sink = entry_sink(&reader);
    assert_int_equal(give_dn(&sink), 0);
    assert_int_equal(give(&sink, "department", "a\0b", 3), 0);
    assert_int_equal(give_text(&sink, "department", "\377"), 0);
    assert_int_equal(give(&sink, "department", huge, sizeof(huge)), 0);
    assert_int_equal(reader.entry.n_attributes, 0);
    assert_int_equal(give_text(&sink, "DEPARTMENT", "r&d"), 0);
    assert_int_equal(give_text(&sink, "pwdLastSet", "7"), 0);
    assert_int_equal(reader.entry.n_attributes, 2);
    assert_string_equal(reader.entry.attributes[0], "department=r&d");
    assert_string_equal(reader.entry.attributes[1], "pwdLastSet=7");
    assert_true(reader.entry.account.password_set_nt == 7);
    for (int i = 0; i < 1000; i++)
        assert_int_equal(give_text(&sink, "department", "more"), 0);
    assert_int_equal(reader.entry.n_attributes, 256);
    entry_reader_done(&reader);
}

/* I-14 */
static void
unicode_pwd_is_quoted_utf16(void **state)
{
    struct fed_secret password = FED_SECRET_INIT(1024);
    struct fed_secret value = FED_SECRET_INIT(PASSWORD_VALUE_MAX);
    char longest[512];
    (void)state;

    assert_int_equal(fed_secret_set(&password, "a\303\251\360\237\230\200", 7), 0);
    assert_int_equal(password_value(&password, &value), 0);
    assert_int_equal(value.len, 12);
    assert_memory_equal(value.data, "\"\0a\0\351\0\75\330\0\336\"\0", 12);
    assert_int_equal(fed_secret_set(&password, "\xed\xa0\x80", 3), 0); /* a surrogate */
    assert_int_equal(password_value(&password, &value), FED_E_INVALID);
    assert_int_equal(fed_secret_set(&password, "\300\200", 2), 0);
    assert_int_equal(password_value(&password, &value), FED_E_INVALID);
    memset(longest, 'x', sizeof(longest));
    assert_int_equal(fed_secret_set(&password, longest, 511), 0);
    assert_int_equal(password_value(&password, &value), 0);
    assert_int_equal(value.len, 2 * 513);
    fed_secret_done(&password);
    fed_secret_done(&value);
}

static void
names_are_forgotten_in_time(void **state)
{
    struct identity_cache *cache = NULL;
    struct addir_person alice = {.dn = "CN=alice", .sam = "alice"}, found;
    (void)state;

    assert_int_equal(sid_parse(sid_bytes, sizeof(sid_bytes) - 1, &alice.sid), 0);
    assert_int_equal(identity_new(&cache), 0);
    assert_int_equal(identity_get(cache, "alice", 1000, &found), FED_E_NOT_FOUND);
    identity_put(cache, "Alice", &alice, 1000);
    identity_put(cache, "nobody", NULL, 1000);
    assert_int_equal(identity_get(cache, "ALICE", 1000 + IDENTITY_GOOD_MS - 1, &found), 0);
    assert_string_equal(found.dn, "CN=alice");
    assert_int_equal(
        identity_get(cache, "alice", 1000 + IDENTITY_GOOD_MS, &found), FED_E_NOT_FOUND);
    assert_int_equal(
        identity_get(cache, "nobody", 1000 + IDENTITY_UNKNOWN_MS - 1, &found), FED_E_UNKNOWN_USER);
    assert_int_equal(
        identity_get(cache, "nobody", 1000 + IDENTITY_UNKNOWN_MS, &found), FED_E_NOT_FOUND);
    identity_put(cache, "nobody", &alice, 2000);
    assert_int_equal(identity_get(cache, "nobody", 2000, &found), 0);
    identity_drop(cache, &alice.sid);
    assert_int_equal(identity_get(cache, "alice", 2000, &found), FED_E_NOT_FOUND);
    assert_int_equal(identity_get(cache, "nobody", 2000, &found), FED_E_NOT_FOUND);
    identity_free(cache);
}

/* Many names that nobody has do not push out somebody who is known. */
static void
strangers_push_out_strangers(void **state)
{
    struct identity_cache *cache = NULL;
    struct addir_person alice = {.dn = "CN=alice", .sam = "alice"}, found;
    char name[32];
    (void)state;

    assert_int_equal(sid_parse(sid_bytes, sizeof(sid_bytes) - 1, &alice.sid), 0);
    assert_int_equal(identity_new(&cache), 0);
    identity_put(cache, "alice", &alice, 1000);
    for (int i = 0; i < 100000; i++) {
        (void)snprintf(name, sizeof(name), "stranger-%d", i);
        identity_put(cache, name, NULL, 1001);
    }
    assert_int_equal(identity_get(cache, "alice", 1002, &found), 0);
    assert_int_equal(identity_get(cache, name, 1002, &found), FED_E_UNKNOWN_USER);
    identity_free(cache);
}

static void
failed_servers_go_last(void **state)
{
    static char *items[] = {(char *)"a", (char *)"b:3269", (char *)"[::1]:636"};
    struct conf_domain conf = {.name = (char *)"x", .servers = {items, 3}};
    struct servers *servers = NULL;
    size_t order[SERVERS_MAX];
    char why[WHY_MAX];
    (void)state;

    assert_int_equal(servers_new(&conf, &servers, why), 0);
    assert_string_equal(servers_get(servers, 0)->uri, "ldap://a:636");
    assert_string_equal(servers_get(servers, 1)->uri, "ldap://b:3269");
    assert_string_equal(servers_get(servers, 2)->uri, "ldap://[::1]:636");
    assert_int_equal(servers_order(servers, order), 3);
    assert_true(order[0] == 0 && order[1] == 1 && order[2] == 2);
    servers_failed(servers, 0);
    assert_int_equal(servers_order(servers, order), 3);
    assert_true(order[0] == 1 && order[1] == 2 && order[2] == 0);
    servers_failed(servers, 1);
    servers_failed(servers, 2);
    assert_int_equal(servers_order(servers, order), 3); /* all failed: all are still tried */
    servers_worked(servers, 2);
    assert_int_equal(servers_order(servers, order), 3);
    assert_int_equal(order[0], 2);
    servers_free(servers);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_are_strict),
        cmocka_unit_test(shapes_are_strict),
        cmocka_unit_test(an_entry_needs_its_groups),
        cmocka_unit_test(extra_values_are_text),
        cmocka_unit_test(unicode_pwd_is_quoted_utf16),
        cmocka_unit_test(names_are_forgotten_in_time),
        cmocka_unit_test(strangers_push_out_strangers),
        cmocka_unit_test(failed_servers_go_last),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
