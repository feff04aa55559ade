/*
 * Hardware tokens from PSKC files: what is refused, with its line; and RFC 6030's own figures.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "mfa/import_owners.h"
#include "mfa/pskc_cipher.h"
#include "tests/mfa/pskc.h"

#define TOTP(serial) PSKC_PACKAGE(serial, "totp", PSKC_DECIMAL("6"), PSKC_PLAIN)

static const char rfc_secret[] = "12345678901234567890";

static struct import_list list;

/* Read a file with its owners and a key; the list is as the command would have it. */
static void
take(const char *text, const char *key, const char *table)
{
    struct fed_secret given = FED_SECRET_INIT(256);
    struct pskc_cipher *secrets = NULL;
    struct import_owners owners;
    const char *why = "";
    unsigned line = 0;

    import_done(&list);
    assert_int_equal(import_owners_read(&owners, &list, "owners", table, strlen(table)), 0);
    int r = pskc_cipher_read(text, strlen(text), &secrets, &line, &why);
    if (r != 0) {
        assert_int_equal(r, FED_E_INVALID);
        assert_int_equal(import_fail(&list, "f", line, why), 0);
    } else {
        assert_int_equal(fed_secret_add_str(&given, key), 0);
        if (pskc_cipher_is_locked(secrets) && pskc_cipher_unlock(secrets, &given) != 0)
            assert_int_equal(import_fail(&list, "f", 0, "unlock"), 0);
        else
            assert_int_equal(import_pskc(&list, "f", text, strlen(text), secrets, &owners), 0);
        assert_int_equal(import_owners_check(&owners, &list, "owners"), 0);
    }
    pskc_cipher_free(secrets);
    import_owners_done(&owners);
    fed_secret_done(&given);
}

static void
assert_error(const char *text, const char *key, unsigned line, const char *says)
{
    take(text, key, "1,alice\n");
    for (size_t i = 0; i < list.n_errors; i++)
        if (list.errors[i].line == line && strstr(list.errors[i].why, says) != NULL)
            return;
    fail_msg("%s: %zu errors, line %u: %s", text, list.n_errors,
        list.n_errors > 0 ? list.errors[0].line : 0,
        list.n_errors > 0 ? list.errors[0].why : "none");
}

#define FILE_OF(packages) PSKC_BEGIN packages PSKC_END
/* A package of serial 1 in line 6. */
#define ONE(algorithm, parameters, data) FILE_OF(PSKC_PACKAGE("1", algorithm, parameters, data))

static void
test_tokens_are_refused_with_line_and_reason(void **state)
{
    (void)state;
    assert_error("", "", 1, "XML");
    assert_error("hello", "", 1, "XML");
    assert_error("<KeyContainer/>", "", 1, "not a PSKC file");
    assert_error("<!DOCTYPE x [<!ENTITY a \"b\">]>" FILE_OF(TOTP("1")), "", 1, "document type");
    assert_error("<?xml version=\"1.0\"?>\n<!DOCTYPE x SYSTEM \"file:///etc/passwd\">\n<x/>", "", 2,
        "document type");
    assert_error(PSKC_BEGIN TOTP("1"), "", 7, "XML");
    assert_error(FILE_OF(""), "", 0, "no tokens");
    assert_error(ONE("hotp", PSKC_DECIMAL("6"), PSKC_PLAIN), "", 6, "HOTP");
    assert_error(ONE("ocra", PSKC_DECIMAL("6"), PSKC_PLAIN), "", 6, "not a key for time-based");
    assert_error(ONE("totp", PSKC_DECIMAL("5"), PSKC_PLAIN), "", 6, "digits");
    assert_error(ONE("totp", PSKC_DECIMAL("9"), PSKC_PLAIN), "", 6, "digits");
    assert_error(
        ONE("totp", "<pskc:ResponseFormat Length=\"6\" Encoding=\"HEXADECIMAL\"/>", PSKC_PLAIN), "",
        6, "decimal");
    assert_error(
        ONE("totp", "<pskc:ResponseFormat Length=\"6\" Encoding=\"DECIMAL\" CheckDigits=\"true\"/>",
            PSKC_PLAIN),
        "", 6, "check digit");
    assert_error(ONE("totp", "<pskc:Suite>HMAC-MD5</pskc:Suite>" PSKC_DECIMAL("6"), PSKC_PLAIN), "",
        6, "Suite");
    assert_error(ONE("totp", PSKC_DECIMAL("6"), PSKC_PLAIN PSKC_PERIOD("45")), "", 6, "30 nor 60");
    assert_error(ONE("totp", PSKC_DECIMAL("6"), ""), "", 6, "no secret");
    assert_error(ONE("totp", PSKC_DECIMAL("6"),
                     "<pskc:Secret><pskc:PlainValue>MTIz</pskc:PlainValue></pskc:Secret>"),
        "", 6, "128 bits");
    assert_error(ONE("totp", PSKC_DECIMAL("6"),
                     PSKC_PLAIN "<pskc:TimeInterval><pskc:EncryptedValue/></pskc:TimeInterval>"),
        "", 6, "other than the secret");
    assert_error(FILE_OF(TOTP("1") TOTP("2")), "", 7, "nobody has this serial");
    assert_error(FILE_OF(TOTP("1") TOTP("1")), "", 7, "an earlier token");
    assert_error(FILE_OF(TOTP("2")), "", 1, "no token of this serial");
}

static void
test_owners_are_refused_with_line_and_reason(void **state)
{
    static const struct {
        const char *text;
        unsigned line;
    } bad[] = {{"1\n", 1}, {"1,alice,x\n", 1}, {"serial,user\n,alice\n", 2}, {"1,\n", 1},
        {"1,alice\n\n1,bob\n", 3}, {"\"1\",alice\n", 1}, {"1,ali\xff\n", 1}};
    struct import_owners owners;

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        import_done(&list);
        assert_int_equal(
            import_owners_read(&owners, &list, "o", bad[i].text, strlen(bad[i].text)), 0);
        assert_int_equal(list.n_errors, 1);
        assert_int_equal(list.errors[0].line, bad[i].line);
        import_owners_done(&owners);
    }
    import_done(&list);
}

static void
test_plain_tokens(void **state)
{
    (void)state;
    take(FILE_OF(TOTP("17") PSKC_PACKAGE("A-18", "totp",
             "<pskc:Suite>HMAC-SHA512</pskc:Suite>" PSKC_DECIMAL("8"),
             PSKC_PLAIN PSKC_PERIOD("60"))),
        "", "serial, user\r\nA-18 , bob\r\n17,alice");
    if (list.n_errors != 0)
        fail_msg("%u: %s", list.errors[0].line, list.errors[0].why);
    assert_int_equal(list.n, 2);
    const struct import_item *a = &list.items[0], *b = &list.items[1];
    assert_string_equal(a->name, "alice");
    assert_string_equal(a->label, "17");
    assert_int_equal(a->line, 6);
    assert_int_equal(a->params.digits, 6);
    assert_int_equal(a->params.period_s, 30);
    assert_int_equal(a->params.algorithm, CONF_SHA1);
    assert_string_equal(fed_secret_str(&a->seed), rfc_secret);
    assert_string_equal(b->name, "bob");
    assert_string_equal(b->label, "A-18");
    assert_int_equal(b->line, 7);
    assert_int_equal(b->params.digits, 8);
    assert_int_equal(b->params.period_s, 60);
    assert_int_equal(b->params.algorithm, CONF_SHA512);
    import_done(&list);
}

/* ---- Encrypted ---- */

#define PRESHARED(secret)                                                                          \
    PSKC_BEGIN PSKC_PRESHARED PSKC_PACKAGE("1", "totp", PSKC_DECIMAL("8"), secret) PSKC_END
#define DERIVED(how)                                                                               \
    PSKC_BEGIN how PSKC_PACKAGE("1", "totp", PSKC_DECIMAL("8"), PSKC_DERIVED_SECRET)               \
    PSKC_END

static const char rfc_key[] = "12345678901234567890123456789012";

static void
assert_rfc_secret(const char *text, const char *key)
{
    take(text, key, "1,alice\n");
    if (list.n_errors != 0)
        fail_msg("%u: %s", list.errors[0].line, list.errors[0].why);
    assert_int_equal(list.n, 1);
    assert_string_equal(fed_secret_str(&list.items[0].seed), rfc_secret);
    import_done(&list);
}

/* RFC 6030, figures 6 and 7: the secret is that of RFC 4226. */
static void
test_the_figures_of_rfc_6030(void **state)
{
    (void)state;
    assert_rfc_secret(PRESHARED(PSKC_PRESHARED_SECRET), rfc_key);
    assert_rfc_secret(DERIVED(PSKC_DERIVED), "qwerty");
    assert_rfc_secret(
        DERIVED(PSKC_DERIVED_BY("Ej7/PEpyEpw=", "1000", "", "")), "qwerty"); /* by default */
}

/* Nothing is decrypted that its MAC does not vouch for. */
static void
test_changed_or_of_another_key(void **state)
{
    char text[4096];

    (void)state;
    assert_error(PRESHARED(PSKC_PRESHARED_SECRET), "12345678901234567890123456789013", 0, "unlock");
    assert_error(PRESHARED(PSKC_PRESHARED_SECRET), "1234", 0, "unlock");
    assert_error(PRESHARED(PSKC_PRESHARED_SECRET), "", 0, "unlock");
    assert_error(DERIVED(PSKC_DERIVED), "", 0, "unlock");
    take(DERIVED(PSKC_DERIVED), "qwertz", "1,alice\n");
    assert_true(list.n_errors > 0);
    (void)snprintf(text, sizeof(text), "%s", PRESHARED(PSKC_PRESHARED_SECRET));
    char *cipher = strstr(text, PSKC_PRESHARED_CIPHER), *mac = strstr(text, "Su+NvtQ");
    for (size_t i = 0; i < strlen(PSKC_PRESHARED_CIPHER); i += 3) {
        char was = cipher[i];
        cipher[i] = was == 'A' ? 'B' : 'A';
        assert_error(text, rfc_key, 8, "MAC is wrong");
        cipher[i] = was;
    }
    *mac = 'T';
    assert_error(text, rfc_key, 8, "MAC is wrong");
    assert_error(DERIVED(PSKC_DERIVED_BY("Ej7/PEpyEpw=", "1001", "", "")), "qwerty", 0, "unlock");
}

static void
test_encrypted_but_not_as_it_should_be(void **state)
{
    (void)state;
    assert_error(ONE("totp", PSKC_DECIMAL("6"), PSKC_PRESHARED_SECRET), rfc_key, 0, "MACMethod");
    assert_error(PRESHARED("<pskc:Secret><pskc:EncryptedValue/></pskc:Secret>"), rfc_key, 8,
        "without its CipherValue");
    assert_error(PRESHARED(PSKC_ENCRYPTED(PSKC_PRESHARED_CIPHER, "*")), rfc_key, 10, "base64");
    assert_error(DERIVED(PSKC_DERIVED_BY("Ej7/PEpyEpw=", "0", "", "")), "qwerty", 6, "number");
    assert_error(
        DERIVED(PSKC_DERIVED_BY("Ej7/PEpyEpw=", "999999999", "", "")), "qwerty", 6, "number");
    assert_error(DERIVED(PSKC_DERIVED_BY("Ej7/PEpyEpw=", "10", "<KeyLength>64</KeyLength>", "")),
        "qwerty", 6, "number");
    assert_error(
        DERIVED(PSKC_DERIVED_BY("Ej7/PEpyEpw=", "10", "", "<PRF Algorithm=\"urn:x#md5\"/>")),
        "qwerty", 6, "function that is not known");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tokens_are_refused_with_line_and_reason),
        cmocka_unit_test(test_owners_are_refused_with_line_and_reason),
        cmocka_unit_test(test_plain_tokens),
        cmocka_unit_test(test_the_figures_of_rfc_6030),
        cmocka_unit_test(test_changed_or_of_another_key),
        cmocka_unit_test(test_encrypted_but_not_as_it_should_be),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
