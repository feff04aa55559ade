/*
 * Keytabs: which account and which keys, and what is no keytab.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ldap/keytab.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ldap/why.h"
#include "tests/ldap/keytab_file.h"

#define REALM "CORP.EXAMPLE.COM"

/* What adcli leaves on a host: each key under several names, two versions of them, and those that nobody should use any more. */
static const struct keytab_row joined[] = {
    {"host/jump.corp.example.com", REALM, 3, 18, 32},
    {"JUMP$", REALM, 2, 18, 32},
    {"JUMP$", REALM, 3, 23, 16},
    {"JUMP$", REALM, 3, 18, 32},
    {"JUMP$", REALM, 3, 17, 16},
    {"OTHER$", REALM, 9, 18, 32},
    {"JUMP$", "OTHER.EXAMPLE.COM", 7, 18, 32},
};

static struct keytab_file file;
static struct keytab_account account;
static char why[WHY_MAX];

static void
fill(const struct keytab_row *rows, size_t n)
{
    keytab_start(&file);
    for (size_t i = 0; i < n; i++)
        keytab_add(&file, &rows[i]);
}

/* From memory of exactly that size, so that a byte too far is seen. */
static int
find(size_t len, const char *wanted)
{
    unsigned char *bytes = malloc(len > 0 ? len : 1);

    assert_non_null(bytes);
    memcpy(bytes, file.bytes, len);
    why[0] = '\0';
    int r = keytab_find(bytes, len, REALM, wanted, &account, why);
    free(bytes);
    return r;
}

static void
refused(const char *wanted, const char *text)
{
    assert_int_equal(find(file.len, wanted), FED_E_CONFIG);
    if (strstr(why, text) == NULL)
        fail_msg("\"%s\" is not in \"%s\"", text, why);
}

static void
test_no_keytab(void **state)
{
    (void)state;
    file.len = 0;
    refused(NULL, "not a keytab");
    memcpy(file.bytes, "\5\1\0\0", file.len = 4);
    refused(NULL, "not a keytab");
    memcpy(file.bytes, "password\n", file.len = 9);
    refused(NULL, "not a keytab");
    keytab_start(&file);
    refused(NULL, "no keys of the realm");
}

/* Cut anywhere: refused, or what stands before the cut, and never a byte behind it. */
static void
test_cut(void **state)
{
    (void)state;
    fill(joined, 4);
    size_t whole = file.len;
    for (size_t len = 0; len < whole; len++) {
        int r = find(len, NULL);
        assert_true(r == FED_E_CONFIG || (r == 0 && account.n_keys > 0));
    }
    fill(joined, 1);
    for (size_t len = 0; len < file.len; len++)
        assert_int_equal(find(len, NULL), FED_E_CONFIG);
}

/* Lengths that lead out of the file, or out of the entry. */
static void
test_lengths(void **state)
{
    static const struct {
        size_t at;
        unsigned char byte;
    } bad[] = {{2, 0x7f}, {2, 0x80}, {6, 0xff}, {8, 0xff}, {9, 0xff}, {26, 0xff}};
    (void)state;

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        fill(joined, 1);
        file.bytes[bad[i].at] = bad[i].byte;
        refused(NULL, "damaged");
    }
}

static void
test_nobody_to_be(void **state)
{
    static const struct keytab_row elsewhere[] = {{"JUMP$", "OTHER.EXAMPLE.COM", 1, 18, 32}};
    static const struct keytab_row strange[] = {{"JU MP$", REALM, 1, 18, 32},
        {"JU@MP$", REALM, 1, 18, 32}, {"", REALM, 1, 18, 32}, {"a/", REALM, 1, 18, 32}};
    (void)state;

    fill(elsewhere, 1);
    refused(NULL, "only of \"OTHER.EXAMPLE.COM\"");
    fill(strange, 4);
    refused(NULL, "no keys of the realm");
    fill(joined, 7);
    refused("NOBODY$", "no keys of \"NOBODY$\"");
    refused("JUMP$@OTHER.EXAMPLE.COM", "no keys of");
}

/* Only AES keys of their right length count, and only the newest version's: an older one would be refused by AD. */
static void
test_only_strong_keys(void **state)
{
    static const struct keytab_row rows[] = {{"JUMP$", REALM, 2, 18, 32},
        {"JUMP$", REALM, 3, 23, 16}, {"JUMP$", REALM, 3, 3, 8}, {"JUMP$", REALM, 3, 18, 31},
        {"JUMP$", REALM, 3, 0xffff, 32}};
    (void)state;

    fill(rows, 5);
    refused(NULL, "no AES key of \"JUMP$\"");
}

static void
test_the_computer_is_found(void **state)
{
    (void)state;
    fill(joined, 7);
    assert_int_equal(find(file.len, NULL), 0);
    assert_string_equal(account.name, "JUMP$");
    assert_int_equal(account.version, 3);
    assert_int_equal(account.n_keys, 2);
    assert_int_equal(account.keys[0].enctype, 18);
    assert_int_equal(account.keys[0].len, 32);
    assert_int_equal(account.keys[1].enctype, 17);
    assert_int_equal(account.keys[1].len, 16);
    fill(joined, 1);
    assert_int_equal(find(file.len, NULL), 0);
    assert_string_equal(account.name, "host/jump.corp.example.com");
}

static void
test_the_one_that_is_named(void **state)
{
    (void)state;
    fill(joined, 7);
    assert_int_equal(find(file.len, "other$@corp.example.com"), 0);
    assert_string_equal(account.name, "OTHER$");
    assert_int_equal(account.version, 9);
    assert_int_equal(find(file.len, "jump$"), 0);
    assert_string_equal(account.name, "JUMP$");
}

/* The byte has the low bits of a version alone; after 255 changes the number behind the key counts. Holes are passed over. */
static void
test_high_versions_and_holes(void **state)
{
    static const struct keytab_row rows[] = {{"JUMP$", REALM, 255, 18, 32},
        {"JUMP$", REALM, 256, 18, 32}, {"JUMP$", REALM, 999, 18, 32}};
    size_t hole;
    (void)state;

    fill(rows, 2);
    hole = file.len;
    keytab_add(&file, &rows[2]);
    assert_int_equal(find(file.len, NULL), 0);
    assert_int_equal(account.version, 999);
    uint32_t size = (uint32_t)(file.len - hole - 4);
    file.len = hole;
    keytab_number(&file, -size, 4);
    file.len += size;
    assert_int_equal(find(file.len, NULL), 0);
    assert_int_equal(account.version, 256);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_no_keytab),
        cmocka_unit_test(test_cut),
        cmocka_unit_test(test_lengths),
        cmocka_unit_test(test_nobody_to_be),
        cmocka_unit_test(test_only_strong_keys),
        cmocka_unit_test(test_the_computer_is_found),
        cmocka_unit_test(test_the_one_that_is_named),
        cmocka_unit_test(test_high_versions_and_holes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
