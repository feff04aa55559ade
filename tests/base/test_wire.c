/*
 * The wire: what a mangled message may do, which is nothing but be refused (I-54).
 * SPDX-License-Identifier: Apache-2.0
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/wire.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* ---- Messages made by hand, so that they can be wrong ---- */

struct raw {
    unsigned char bytes[WIRE_MESSAGE_MAX + 64];
    size_t len;
};

static struct raw raw;

static void
raw_number(size_t at, size_t size, uint64_t number)
{
    for (size_t i = 0; i < size; i++)
        raw.bytes[at + i] = (unsigned char)(number >> (8 * (size - 1 - i)));
}

static void
raw_begin(unsigned type)
{
    raw.len = WIRE_HEADER_SIZE;
    raw.bytes[0] = 'A';
    raw.bytes[1] = 'F';
    raw.bytes[2] = WIRE_VERSION;
    raw.bytes[3] = (unsigned char)type;
    raw_number(4, 8, 77);
}

static void
raw_field(unsigned tag, const void *value, size_t len)
{
    raw_number(raw.len, 2, tag);
    raw_number(raw.len + 2, 4, len);
    if (len != 0)
        memcpy(raw.bytes + raw.len + 6, value, len);
    raw.len += 6 + len;
}

static void
raw_text(unsigned tag, const char *text)
{
    raw_field(tag, text, strlen(text) + 1);
}

static void
raw_u64(unsigned tag, uint64_t number)
{
    unsigned char value[8];

    for (size_t i = 0; i < 8; i++)
        value[i] = (unsigned char)(number >> (56 - 8 * i));
    raw_field(tag, value, 8);
}

static int
raw_parse(void)
{
    struct wire_msg msg;

    raw_number(12, 4, raw.len - WIRE_HEADER_SIZE);
    return wire_parse(raw.bytes, raw.len, &msg);
}

/* A login that is right, for the tests that then spoil it. */
static void
raw_login(void)
{
    raw_begin(ASK_AUTHENTICATE);
    raw_text(WIRE_USER, "alice");
    raw_field(WIRE_PASSWORD, "secret", 6);
    raw_field(WIRE_CODE, "123456", 6);
    raw_u64(WIRE_FACTORS, 3);
    raw_text(WIRE_SERVICE, "sshd");
    assert_int_equal(raw_parse(), 0);
}

/* ---- Refusals ---- */

static void
bad_headers_are_refused(void **state)
{
    static const struct {
        size_t at;
        unsigned char value;
    } spoils[] = {{0, 'B'}, {1, 'f'}, {2, 0}, {2, 2}, {3, 0}, {3, 99}, {12, 1}, {13, 1}, {15, 0}};
    struct wire_msg msg;

    (void)state;
    for (size_t i = 0; i < COUNT(spoils); i++) {
        raw_login();
        raw.bytes[spoils[i].at] = spoils[i].value;
        assert_int_equal(wire_parse(raw.bytes, raw.len, &msg), FED_E_PROTO);
    }
    assert_int_equal(wire_parse(NULL, 0, &msg), FED_E_PROTO);
}

/* Torn anywhere, with the length as it was and with a length that hides the tear. */
static void
torn_messages_are_refused(void **state)
{
    unsigned char part[256];
    struct wire_msg msg;
    unsigned whole = 0;

    (void)state;
    raw_login();
    assert_true(raw.len < sizeof(part));
    for (size_t len = 0; len < raw.len; len++) {
        memcpy(part, raw.bytes, len);
        assert_int_equal(wire_parse(part, len, &msg), FED_E_PROTO);
        if (len < WIRE_HEADER_SIZE)
            continue;
        part[15] = (unsigned char)(len - WIRE_HEADER_SIZE);
        whole += wire_parse(part, len, &msg) == 0;
    }
    /* Cut after a field it may lack the rest; here every cut loses the service, which must be there. */
    assert_int_equal(whole, 0);
    raw.bytes[raw.len] = 0;
    assert_int_equal(wire_parse(raw.bytes, raw.len + 1, &msg), FED_E_PROTO);
}

static void
lengths_beyond_the_packet_are_refused(void **state)
{
    static const uint64_t lengths[] = {7, 100, 0x7fffffff, 0x80000000, 0xfffffffa, 0xffffffff};

    (void)state;
    for (size_t i = 0; i < COUNT(lengths); i++) {
        raw_begin(ASK_REVOKE);
        raw_text(WIRE_USER, "alice"); /* 6 bytes */
        raw_number(WIRE_HEADER_SIZE + 2, 4, lengths[i]);
        assert_int_equal(raw_parse(), FED_E_PROTO);
    }
}

/* One value after the other in the place of USER. */
static void
bad_text_is_refused(void **state)
{
    static const struct {
        const char *value;
        size_t len;
    } bad[] = {{"", 0}, {"alice", 5}, {"al\0ice", 7}, {"alice\0", 7}, {"al\xffice", 7}, {"\0", 2}};
    char long_name[258];

    (void)state;
    for (size_t i = 0; i < COUNT(bad); i++) {
        raw_begin(ASK_REVOKE);
        raw_field(WIRE_USER, bad[i].value, bad[i].len);
        assert_int_equal(raw_parse(), FED_E_PROTO);
    }
    memset(long_name, 'a', sizeof(long_name));
    long_name[257] = '\0';
    raw_begin(ASK_REVOKE);
    raw_text(WIRE_USER, long_name);
    assert_int_equal(raw_parse(), FED_E_PROTO);
    raw_begin(ASK_REVOKE);
    raw_text(WIRE_USER, long_name + 1);
    assert_int_equal(raw_parse(), 0);
}

static void
bad_numbers_and_bytes_are_refused(void **state)
{
    static const unsigned char zeros[600];
    static const size_t lengths[] = {0, 1, 4, 7, 9, 16};

    (void)state;
    for (size_t i = 0; i < COUNT(lengths); i++) {
        raw_begin(ASK_CREDENTIALS);
        raw_field(WIRE_DURATION, zeros, lengths[i]);
        assert_int_equal(raw_parse(), FED_E_PROTO);
    }
    raw_begin(ASK_SIGN_IN);
    raw_field(WIRE_PASSWORD, zeros, 512);
    raw_field(WIRE_CODE, "1", 1);
    assert_int_equal(raw_parse(), FED_E_PROTO);
    raw_begin(ASK_SIGN_IN);
    raw_field(WIRE_PASSWORD, zeros, 511);
    raw_field(WIRE_CODE, zeros, 65);
    assert_int_equal(raw_parse(), FED_E_PROTO);
    raw_begin(ASK_SIGN_IN);
    raw_field(WIRE_PASSWORD, zeros, 511);
    raw_field(WIRE_CODE, zeros, 64);
    assert_int_equal(raw_parse(), 0);
}

static void
order_and_repetition_are_checked(void **state)
{
    (void)state;
    raw_begin(ASK_CREDENTIALS);
    raw_u64(WIRE_DURATION, 3600);
    raw_text(WIRE_ROLE_NAME, "admin");
    assert_int_equal(raw_parse(), FED_E_PROTO); /* descending */
    raw_begin(ASK_CREDENTIALS);
    raw_text(WIRE_ROLE_NAME, "admin");
    raw_text(WIRE_ROLE_NAME, "admin");
    assert_int_equal(raw_parse(), FED_E_PROTO); /* twice */
    raw_begin(ASK_ROLES | WIRE_REPLY_BIT);
    raw_u64(WIRE_STATUS, 0);
    raw_text(WIRE_MESSAGE, "one");
    raw_text(WIRE_MESSAGE, "two");
    assert_int_equal(raw_parse(), 0); /* MANY */
    raw_text(WIRE_USER, "alice");
    raw_text(WIRE_MESSAGE, "three");
    assert_int_equal(raw_parse(), FED_E_PROTO); /* not directly after itself */
    raw_begin(ASK_ROLES | WIRE_REPLY_BIT);
    raw_u64(WIRE_STATUS, 0);
    raw_field(999, "x", 1);
    assert_int_equal(raw_parse(), FED_E_PROTO); /* no such tag */
    raw_begin(ASK_ROLES | WIRE_REPLY_BIT);
    raw_u64(WIRE_STATUS, 0);
    raw_field(0, "", 0);
    assert_int_equal(raw_parse(), FED_E_PROTO);
}

static void
bad_groups_are_refused(void **state)
{
    static const unsigned char group_in_group[] = {0, 60, 0, 0, 0, 0};
    static const unsigned char short_field[] = {0, 30, 0, 0, 0};
    static const unsigned char past_end[] = {0, 30, 0, 0, 0, 9, 'a', 0};
    static const unsigned char twice[] = {
        0, 35, 0, 0, 0, 8, 0, 0, 0, 0, 0, 0, 0, 1, 0, 35, 0, 0, 0, 8, 0, 0, 0, 0, 0, 0, 0, 1};
    static unsigned char large[8193];
    const struct {
        const unsigned char *bytes;
        size_t len;
    } bad[] = {{group_in_group, sizeof(group_in_group)}, {short_field, sizeof(short_field)},
        {past_end, sizeof(past_end)}, {twice, sizeof(twice)}, {large, sizeof(large)}};

    (void)state;
    for (size_t i = 0; i < COUNT(bad); i++) {
        raw_begin(ASK_ROLES | WIRE_REPLY_BIT);
        raw_u64(WIRE_STATUS, 0);
        raw_field(WIRE_ROLE, bad[i].bytes, bad[i].len);
        assert_int_equal(raw_parse(), FED_E_PROTO);
    }
}

/* A message above its size is refused whatever it says: requests at 16 KiB, replies at 160 KiB. */
static void
oversized_messages_are_refused(void **state)
{
    static char text[1024];

    (void)state;
    memset(text, 'x', sizeof(text) - 1);
    raw_begin(ASK_EXPLAIN | WIRE_REPLY_BIT);
    raw_u64(WIRE_STATUS, 0);
    while (raw.len + 6 + sizeof(text) <= WIRE_MESSAGE_MAX)
        raw_text(WIRE_STEP, text);
    assert_int_equal(raw_parse(), 0);
    size_t left = WIRE_MESSAGE_MAX - raw.len;
    assert_true(left > 8);
    raw_text(WIRE_STEP, text + sizeof(text) - (left - 6));
    assert_int_equal(raw.len, WIRE_MESSAGE_MAX);
    assert_int_equal(raw_parse(), 0);
    raw_text(WIRE_STEP, "");
    assert_int_equal(raw_parse(), FED_E_PROTO);
}

enum { REQUEST_MOST = 8 };

/* What each request must have and may have, once more and by hand: the table in wire.c is the one tested. */
static const struct {
    unsigned type;
    unsigned must[REQUEST_MOST], may[REQUEST_MOST];
} requests[] = {
    {ASK_AUTHENTICATE, {WIRE_USER, WIRE_FACTORS, WIRE_SERVICE},
        {WIRE_PASSWORD, WIRE_CODE, WIRE_RHOST, WIRE_TTY, WIRE_APPENDED, WIRE_NO_DIALOGUE}},
    {ASK_ACCOUNT, {WIRE_USER, WIRE_SERVICE}, {WIRE_RECEIPT, WIRE_RHOST, WIRE_TTY}},
    {ASK_SESSION_OPEN, {WIRE_USER, WIRE_SERVICE}, {WIRE_RECEIPT, WIRE_RHOST, WIRE_TTY}},
    {ASK_SESSION_CLOSE, {WIRE_SESSION}, {0}},
    {ASK_CHANGE_PASSWORD, {WIRE_USER, WIRE_PASSWORD, WIRE_NEW_PASSWORD, WIRE_SERVICE},
        {WIRE_CODE, WIRE_RECEIPT, WIRE_RHOST, WIRE_TTY}},
    {ASK_SIGN_IN, {WIRE_PASSWORD, WIRE_CODE}, {WIRE_TTY}},
    {ASK_STATUS_OF, {0}, {0}},
    {ASK_ROLES, {0}, {0}},
    {ASK_CREDENTIALS, {0}, {WIRE_ROLE_NAME, WIRE_DURATION}},
    {ASK_LOGOUT, {0}, {0}},
    {ASK_ENROL, {WIRE_USER},
        {WIRE_LABEL, WIRE_REPLACE, WIRE_DIGITS, WIRE_PERIOD, WIRE_ALGORITHM, WIRE_ADD, WIRE_SID}},
    {ASK_ENROL_AT_LOGIN, {WIRE_USER, WIRE_SERVICE, WIRE_PENDING},
        {WIRE_CODE, WIRE_CODE2, WIRE_RHOST, WIRE_TTY}},
    {ASK_RECOVERY_CODES, {WIRE_PASSWORD, WIRE_CODE}, {WIRE_TTY}},
    {ASK_RECOVERY_CODES_OF, {WIRE_USER}, {0}},
    {ASK_ENROL_SELF, {WIRE_PASSWORD, WIRE_CODE}, {WIRE_TTY, WIRE_PICTURE_KIND}},
    {ASK_ENROL_CONFIRM, {WIRE_CODE, WIRE_CODE2}, {0}},
    {ASK_ENROL_TICKET, {WIRE_USER}, {WIRE_SID}},
    {ASK_IMPORT, {WIRE_USER, WIRE_SEED, WIRE_PARCEL_NUMBER, WIRE_ARRIVAL},
        {WIRE_CODE_TIME, WIRE_LABEL, WIRE_DIGITS, WIRE_PERIOD, WIRE_ALGORITHM}},
    {ASK_RESEAL, {0}, {WIRE_PLACE}},
    {ASK_RESYNC, {WIRE_USER, WIRE_CODE, WIRE_CODE2}, {0}},
    {ASK_EXPORT, {0}, {WIRE_PARCEL_HEAD, WIRE_PARCEL_NUMBER, WIRE_PLACE}},
    {ASK_ARRIVAL_BEGIN, {0}, {WIRE_REPLACE, WIRE_DRY_RUN, WIRE_PARCEL_HEAD, WIRE_SKIPPED}},
    {ASK_ARRIVAL_PIECES, {WIRE_PARCEL_NUMBER, WIRE_PIECE, WIRE_ARRIVAL}, {0}},
    {ASK_ARRIVAL_END, {WIRE_ARRIVAL}, {0}},
    {ASK_EXPLAIN, {WIRE_USER}, {WIRE_ROLE_NAME}},
    {ASK_SESSIONS, {0}, {0}},
    {ASK_REVOKE, {WIRE_USER}, {WIRE_ROLE_NAME, WIRE_ROLE_ARN, WIRE_APPLY}},
    {ASK_WHOIS, {WIRE_ACCESS_KEY}, {WIRE_TICKET_ID}},
    {ASK_PEOPLE, {0}, {WIRE_SID}},
    {ASK_UNLOCK, {WIRE_USER}, {0}},
    {ASK_UNENROL, {WIRE_USER}, {WIRE_TOKEN}},
    {ASK_ENROLMENTS, {0}, {WIRE_USER}},
};

static bool
in(const unsigned tags[REQUEST_MOST], unsigned tag)
{
    for (size_t i = 0; i < REQUEST_MOST; i++) {
        if (tags[i] == tag)
            return true;
    }
    return false;
}

/* The kinds of all tags, from the header's list. */
static const struct {
    unsigned tag;
    char kind;
} tags[] = {
#define NUMBER                            'N'
#define TEXT                              'T'
#define BYTES                             'B'
#define GROUP                             'G'
#define TAG(name, tag, kind, many, limit) {WIRE_##name, kind},
    WIRE_TAGS(TAG)
#undef TAG
#undef NUMBER
#undef TEXT
#undef BYTES
#undef GROUP
};

/* The request with all that it must have, without one tag, and with one more. */
static int
try_request(size_t which, unsigned without, unsigned with)
{
    raw_begin(requests[which].type);
    for (size_t i = 0; i < COUNT(tags); i++) {
        bool wanted = (in(requests[which].must, tags[i].tag) && tags[i].tag != without) ||
                      tags[i].tag == with;
        if (!wanted)
            continue;
        if (tags[i].kind == 'N')
            raw_u64(tags[i].tag, 1);
        else if (tags[i].kind == 'G')
            raw_field(tags[i].tag, NULL, 0);
        else
            raw_text(tags[i].tag, "x");
    }
    return raw_parse();
}

static void
requests_have_what_they_must_and_may(void **state)
{
    (void)state;
    for (size_t r = 0; r < COUNT(requests); r++) {
        assert_int_equal(try_request(r, 0, 0), 0);
        for (size_t i = 0; i < COUNT(tags); i++) {
            unsigned tag = tags[i].tag;
            bool must = in(requests[r].must, tag), may = in(requests[r].may, tag);
            assert_int_equal(try_request(r, tag, 0), must ? FED_E_PROTO : 0);
            assert_int_equal(try_request(r, 0, tag), must || may ? 0 : FED_E_PROTO);
        }
    }
}

static void
replies_need_a_status(void **state)
{
    struct wire_msg msg;

    (void)state;
    raw_begin(ASK_ROLES | WIRE_REPLY_BIT);
    raw_text(WIRE_USER, "alice");
    assert_int_equal(raw_parse(), FED_E_PROTO);
    /* A status that is no error's number is a malformed answer and not success. */
    static const uint64_t foreign[] = {29, 255, 256, UINT64_C(1) << 32, UINT64_MAX};
    for (size_t i = 0; i < COUNT(foreign); i++) {
        raw_begin(ASK_ROLES | WIRE_REPLY_BIT);
        raw_u64(WIRE_STATUS, foreign[i]);
        assert_int_equal(raw_parse(), 0);
        assert_int_equal(wire_parse(raw.bytes, raw.len, &msg), 0);
        assert_int_equal(wire_status(&msg), FED_E_PROTO);
    }
    msg = (struct wire_msg){.type = 1};
    assert_int_equal(wire_status(&msg), FED_E_PROTO);
}

/* Every bit of a good message flipped: refused or read, and never more than the message is read (ASan). */
static void
flipped_bits_are_survived(void **state)
{
    struct wire_msg msg;
    unsigned refused = 0;

    (void)state;
    raw_login();
    unsigned char *exact = malloc(raw.len);
    assert_non_null(exact);
    for (size_t bit = 0; bit < raw.len * 8; bit++) {
        memcpy(exact, raw.bytes, raw.len);
        exact[bit / 8] ^= (unsigned char)(1U << (bit % 8));
        if (wire_parse(exact, raw.len, &msg) != 0) {
            refused++;
            continue;
        }
        for (size_t i = 0; i < COUNT(tags); i++) {
            const char *text = wire_text(&msg, (enum wire_tag)tags[i].tag);
            assert_true(text == NULL || strlen(text) < raw.len);
        }
    }
    free(exact);
    assert_true(refused > 100);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bad_headers_are_refused),
        cmocka_unit_test(torn_messages_are_refused),
        cmocka_unit_test(lengths_beyond_the_packet_are_refused),
        cmocka_unit_test(bad_text_is_refused),
        cmocka_unit_test(bad_numbers_and_bytes_are_refused),
        cmocka_unit_test(order_and_repetition_are_checked),
        cmocka_unit_test(bad_groups_are_refused),
        cmocka_unit_test(oversized_messages_are_refused),
        cmocka_unit_test(requests_have_what_they_must_and_may),
        cmocka_unit_test(replies_need_a_status),
        cmocka_unit_test(flipped_bits_are_survived),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
