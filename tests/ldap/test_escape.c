/*
 * Escapes: whatever goes in comes out of the other side's parser, and changes nothing around it (I-9).
 * The judges are libldap's own parser of DNs, and a decoder of RFC 4515 written here from its grammar.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <ldap.h>

#include "ldap/escape.h"
#include "base/text.h"
#include "ldap/names.h"

static int
hex(char c)
{
    const char *digits = "0123456789abcdef", *p = strchr(digits, c);

    return c != '\0' && p != NULL ? (int)(p - digits) : -1;
}

/* assertionvalue = *(normal / escaped); normal is none of NUL ( ) * \ and above 0x7f only as UTF-8. */
static size_t
decode_filter(const char *text, size_t len, unsigned char *to)
{
    size_t n = 0;

    for (size_t i = 0; i < len; i++) {
        assert_null(memchr("\0()*", text[i], 4));
        assert_true((unsigned char)text[i] < 0x80);
        if (text[i] != '\\') {
            to[n++] = (unsigned char)text[i];
            continue;
        }
        assert_true(i + 2 < len && hex(text[i + 1]) >= 0 && hex(text[i + 2]) >= 0);
        to[n++] = (unsigned char)(hex(text[i + 1]) << 4 | hex(text[i + 2]));
        i += 2;
    }
    return n;
}

static void
check_filter(const unsigned char *value, size_t len)
{
    struct fed_secret out = FED_SECRET_INIT(4096);
    unsigned char back[4096];

    assert_int_equal(escape_filter(&out, value, len), 0);
    assert_int_equal(decode_filter(fed_secret_str(&out), out.len, back), len);
    assert_memory_equal(back, value, len);
    fed_secret_done(&out);
}

static void
check_dn(const unsigned char *value, size_t len)
{
    struct fed_secret out = FED_SECRET_INIT(4096);
    LDAPDN dn = NULL;

    assert_int_equal(fed_secret_add_str(&out, "cn="), 0);
    assert_int_equal(escape_dn(&out, value, len), 0);
    assert_int_equal(fed_secret_add_str(&out, ",dc=x"), 0);
    assert_int_equal(ldap_str2dn(fed_secret_str(&out), &dn, LDAP_DN_FORMAT_LDAPV3), LDAP_SUCCESS);
    assert_non_null(dn[0]);
    assert_non_null(dn[1]);
    assert_null(dn[2]);
    assert_null(dn[0][1]);
    assert_int_equal(dn[0][0]->la_value.bv_len, len);
    assert_memory_equal(dn[0][0]->la_value.bv_val, value, len);
    ldap_dnfree(dn);
    fed_secret_done(&out);
}

/* I-9 */
static void
every_byte_round_trips(void **state)
{
    (void)state;
    for (unsigned c = 0; c < 256; c++) {
        const unsigned char alone = (unsigned char)c;
        const unsigned char inside[] = {'a', (unsigned char)c, 'b'};
        const unsigned char twice[] = {(unsigned char)c, (unsigned char)c};
        check_filter(&alone, 1);
        check_filter(inside, sizeof(inside));
        check_dn(&alone, 1);
        check_dn(inside, sizeof(inside));
        check_dn(twice, sizeof(twice));
    }
}

/* I-9 */
static void
any_string_round_trips(void **state)
{
    unsigned char value[64];
    (void)state;

    srand(1);
    for (int i = 0; i < 20000; i++) {
        size_t len = 1 + (size_t)rand() % sizeof(value);
        for (size_t k = 0; k < len; k++)
            value[k] = i % 2 != 0 ? (unsigned char)rand()
                                  : (unsigned char)"\\*()|&=,+\"<>;# \0a"[rand() % 17];
        check_filter(value, len);
        check_dn(value, len);
    }
}

/* I-9: a name never adds a test to the filter that it stands in. */
static void
a_name_stays_inside_its_test(void **state)
{
    static const char *const attacks[] = {
        "*", "alice)(objectClass=*", "a*", "x))(|(cn=*", "alice\\", "\\2a", "a\tb", "ü*"};
    struct names names;
    (void)state;

    names_init(&names, "corp.example.com", NULL);
    for (size_t i = 0; i < sizeof(attacks) / sizeof(attacks[0]); i++) {
        struct fed_secret filter = FED_SECRET_INIT(4096);
        const char *text;
        size_t open = 0;
        assert_int_equal(names_filter(&names, attacks[i], &filter), 0);
        text = fed_secret_str(&filter);
        for (const char *p = text; *p != '\0'; p++)
            open += *p == '(';
        assert_int_equal(open, 5);
        assert_null(strchr(text, '*'));
        fed_secret_done(&filter);
    }
}

static void
the_limit_is_an_error(void **state)
{
    struct fed_secret out = FED_SECRET_INIT(4);
    (void)state;

    assert_int_equal(escape_filter(&out, "**", 2), FED_E_TOO_BIG);
    fed_secret_done(&out);
}

static void
forms_of_names(void **state)
{
    static const struct {
        const char *name;
        bool own;
        const char *bare;
        bool is_bare;
        const char *filter; /* the tests inside */
    } table[] = {
        {"alice", true, "alice", true, "(sAMAccountName=alice)"},
        {"CORP\\alice", true, "alice", false, "(sAMAccountName=alice)"},
        {"corp\\ALICE", true, "ALICE", false, "(sAMAccountName=ALICE)"},
        {"alice@Corp.Example.COM", true, "alice@Corp.Example.COM", false,
            "(sAMAccountName=alice)(userPrincipalName=alice@Corp.Example.COM)"},
        {"a@b@corp.example.com", true, "a@b@corp.example.com", false,
            "(sAMAccountName=a@b)(userPrincipalName=a@b@corp.example.com)"},
        /* winbind's, with another separator: ours alone, and never what has an @ */
        {"CORP+alice", true, "alice", false, "(sAMAccountName=alice)"},
        {"corp+ALICE", true, "ALICE", false, "(sAMAccountName=ALICE)"},
        {"CORP+alice@corp.example.com", true, "CORP+alice@corp.example.com", false,
            "(sAMAccountName=CORP\\2balice)(userPrincipalName=CORP\\2balice@corp.example.com)"},
        {"CORP+alice@example.com", false, NULL, false, NULL},
        {"CORP\\CORP+alice", true, "CORP+alice", false, "(sAMAccountName=CORP\\2balice)"},
        {"CORP+", true, "CORP+", true, "(sAMAccountName=CORP\\2b)"},
        {"OTHER+alice", true, "OTHER+alice", true, "(sAMAccountName=OTHER\\2balice)"},
        {"OTHER\\alice", false, NULL, false, NULL},
        {"COR\\alice", false, NULL, false, NULL},
        {"CORPX\\alice", false, NULL, false, NULL},
        {"\\alice", false, NULL, false, NULL},
        {"CORP\\", false, NULL, false, NULL},
        {"CORP\\a\\b", false, NULL, false, NULL},
        {"CORP\\alice@corp.example.com", false, NULL, false, NULL},
        {"alice@example.com", false, NULL, false, NULL},
        {"alice@xcorp.example.com", false, NULL, false, NULL},
        {"@corp.example.com", false, NULL, false, NULL},
        {"alice@", false, NULL, false, NULL},
        {"", false, NULL, false, NULL},
    };
    struct names names;
    (void)state;

    names_init(&names, "corp.example.com", NULL);
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        struct fed_secret filter = FED_SECRET_INIT(4096);
        char bare[TEXT_NAME_MAX + 1] = "";
        bool is_bare = false;
        if (names_own(&names, table[i].name, bare, &is_bare) != table[i].own)
            fail_msg("%s", table[i].name);
        if (!table[i].own)
            continue;
        assert_string_equal(bare, table[i].bare);
        assert_int_equal(is_bare, table[i].is_bare);
        assert_int_equal(names_filter(&names, bare, &filter), 0);
        assert_non_null(strstr(fed_secret_str(&filter), table[i].filter));
        assert_true((strstr(fed_secret_str(&filter), "userPrincipalName") != NULL) ==
                    (strchr(bare, '@') != NULL));
        fed_secret_done(&filter);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_byte_round_trips),
        cmocka_unit_test(any_string_round_trips),
        cmocka_unit_test(a_name_stays_inside_its_test),
        cmocka_unit_test(the_limit_is_an_error),
        cmocka_unit_test(forms_of_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
