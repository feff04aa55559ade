/*
 * What answers in the clear may want of the password's key.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ldap/preauth.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "ldap/why.h"

/* DER from the inside out: what is there becomes the content of an element. */
struct message {
    unsigned char bytes[512];
    size_t len;
};

static void
wrap(struct message *m, unsigned char tag)
{
    size_t head = m->len < 0x80 ? 2 : 4;

    assert_true(m->len + head <= sizeof(m->bytes));
    memmove(m->bytes + head, m->bytes, m->len);
    m->bytes[0] = tag;
    m->bytes[1] = m->len < 0x80 ? (unsigned char)m->len : 0x82;
    if (head == 4) {
        m->bytes[2] = (unsigned char)(m->len >> 8);
        m->bytes[3] = (unsigned char)m->len;
    }
    m->len += head;
}

static void
before(struct message *m, const char *bytes, size_t len)
{
    assert_true(m->len + len <= sizeof(m->bytes));
    memmove(m->bytes + len, m->bytes, m->len);
    memcpy(m->bytes, bytes, len);
    m->len += len;
}

#define BEFORE(m, literal) before(m, literal, sizeof(literal) - 1)

/* ETYPE-INFO2 of one etype, with a salt and a count of these bytes; in METHOD-DATA, by this type. */
static struct message
methods(const char *count, size_t count_len, const char *type, size_t type_len)
{
    struct message m = {.len = 0};

    before(&m, count, count_len);
    wrap(&m, 0x04);
    wrap(&m, 0xa2);
    BEFORE(&m, "\xa0\x03\x02\x01\x12\xa1\x06\x1b\x04SALT");
    wrap(&m, 0x30);
    BEFORE(&m, "\x30\x05\xa0\x03\x02\x01\x17"); /* rc4, without one */
    wrap(&m, 0x30);
    wrap(&m, 0x04);
    wrap(&m, 0xa2);
    before(&m, type, type_len);
    wrap(&m, 0x30);
    BEFORE(&m, "\x30\x09\xa1\x03\x02\x01\x02\xa2\x02\x04\x00"); /* a timestamp is wanted */
    wrap(&m, 0x30);
    return m;
}

static struct message
error_with(struct message m)
{
    wrap(&m, 0x04);
    wrap(&m, 0xac);
    BEFORE(&m, "\xa0\x03\x02\x01\x05\xa1\x03\x02\x01\x1e\xa6\x03\x02\x01\x19");
    wrap(&m, 0x30);
    wrap(&m, 0x7e);
    return m;
}

static struct message
reply_with(struct message m)
{
    wrap(&m, 0xa2);
    BEFORE(&m, "\xa0\x03\x02\x01\x05\xa1\x03\x02\x01\x0b");
    wrap(&m, 0x30);
    wrap(&m, 0x6b);
    return m;
}

static bool
is_taken(const struct message *m, size_t len)
{
    char why[WHY_MAX] = "";
    unsigned char exact[512];

    memcpy(exact + sizeof(exact) - len, m->bytes, len); /* to be read past the end of, under ASan */
    int r = preauth_look(exact + sizeof(exact) - len, len, why);
    assert_true(r == 0 || (r == FED_E_DIRECTORY && why[0] != '\0'));
    return r == 0;
}

#define TYPE "\xa1\x03\x02\x01\x13"

static void
rounds_are_as_everybody_has_them(void **state)
{
    static const struct {
        const char *count;
        size_t len;
        bool taken;
    } table[] = {
        {"\0\0\x10\0", 4, true},
        {"\0\0\x80\0", 4, true},
        {"\0\1\0\0", 4, true},
        {"\0\0\x0f\xff", 4, false},
        {"\0\0\0\1", 4, false},
        {"\0\0\0\0", 4, false},
        {"\0\1\0\1", 4, false},
        {"\0\xff\xff\xff", 4, false},
        {"\xff\xff\xff\xff", 4, false},
        {"", 0, false},
        {"\x10\0", 2, false},
        {"\0\0\0\x10\0", 5, false},
        {"\0\0\0\0\0\0\0\0\x10\0", 10, false},
    };
    (void)state;

    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        struct message m = methods(table[i].count, table[i].len, TYPE, 5);
        struct message error = error_with(m), reply = reply_with(m);
        if (is_taken(&error, error.len) != table[i].taken ||
            is_taken(&reply, reply.len) != table[i].taken)
            fail_msg("row %zu", i);
    }
}

/* The same in other clothes, which libkrb5 would see through, is not taken either. */
static void
other_forms_of_the_same(void **state)
{
    static const struct {
        const char *type;
        size_t len;
    } types[] = {
        {"\xa1\x04\x02\x02\0\x13", 6},
        {"\xa1\x0a\x02\x08\0\0\0\0\0\0\0\x13", 12},
        {"\xa1\x81\x03\x02\x01\x13", 6},
        {"\xa1\x03\x02\x81\x01\x13", 6},
        {"\xa1\x84\0\0\0\x03\x02\x01\x13", 9},
        {"\xa1\x80\x02\x01\x13\0\0", 7},
        {"\xbf\x01\x03\x02\x01\x13", 6},
    };
    (void)state;

    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
        struct message m = error_with(methods("\0\0\0\1", 4, types[i].type, types[i].len));
        if (is_taken(&m, m.len))
            fail_msg("row %zu", i);
    }
    /* Of another type they may say what they like. */
    struct message other = error_with(methods("\0\0\0\1", 4, "\xa1\x04\x02\x02\0\x85", 6));
    assert_true(is_taken(&other, other.len));
}

static void
what_is_cut_is_not_taken(void **state)
{
    struct message whole = error_with(methods("\0\0\x10\0", 4, TYPE, 5));
    struct message reply = reply_with(methods("\0\0\x10\0", 4, TYPE, 5));
    struct message other = {.bytes = "\x30\x03\x02\x01\x05", .len = 5};
    (void)state;

    assert_true(is_taken(&whole, whole.len));
    for (size_t len = 0; len < whole.len; len++)
        assert_false(is_taken(&whole, len));
    for (size_t len = 0; len < reply.len; len++)
        assert_false(is_taken(&reply, len));
    assert_false(is_taken(&other, other.len));
}

/* Refusals without such data, and with AD's own kind of it, are libkrb5's to read. */
static void
other_errors_are_taken(void **state)
{
    struct message plain = {.len = 0}, of_ad = {.len = 0};
    (void)state;

    BEFORE(&plain, "\xa0\x03\x02\x01\x05\xa1\x03\x02\x01\x1e\xa6\x03\x02\x01\x18");
    wrap(&plain, 0x30);
    wrap(&plain, 0x7e);
    assert_true(is_taken(&plain, plain.len));
    BEFORE(&of_ad, "\xa1\x03\x02\x01\x03\xa2\x0e\x04\x0c\x34\x02\0\xc0\0\0\0\0\1\0\0\0");
    wrap(&of_ad, 0x30);
    of_ad = error_with(of_ad);
    assert_true(is_taken(&of_ad, of_ad.len));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rounds_are_as_everybody_has_them),
        cmocka_unit_test(other_forms_of_the_same),
        cmocka_unit_test(what_is_cut_is_not_taken),
        cmocka_unit_test(other_errors_are_taken),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
