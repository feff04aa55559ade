/*
 * URIs of keys: what a service can work with, and what is refused before anything is opened.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "conf/key_uri.h"

#define GOOD "pkcs11:token=awsfed;object=saml?module-path=/usr/lib/softhsm/libsofthsm2.so"

static void
test_refused(void **state)
{
    static const struct {
        const char *text, *remedy;
    } cases[] = {
        {"pkcs11:", "name the token"},
        {"pkcs11:object=saml?module-path=/m.so", "name the token"},
        {"pkcs11:token=awsfed?module-path=/m.so", "name the key"},
        {"pkcs11:token=awsfed;object=saml", "module-path"},
        {"pkcs11:token=awsfed;object=saml?module-path=m.so", "absolute path for module-path"},
        {"pkcs11:token=awsfed;object=saml?module-path=/a/../m.so", "absolute path for module-path"},
        {"pkcs11:token=awsfed;object=saml?module-name=softhsm2", "module-name"},
        {"pkcs11:token=awsfed;object=saml;slot-id=1?module-path=/m.so", "slot-"},
        {"pkcs11:token=awsfed;object=saml;slot-description=x?module-path=/m.so", "slot-"},
        {"pkcs11:token=awsfed;object=saml;library-version=2?module-path=/m.so", "library-"},
        {"pkcs11:token=awsfed;object=saml;library-description=x?module-path=/m.so", "library-"},
        {"pkcs11:token=awsfed;object=saml;type=public?module-path=/m.so", "type=private"},
        {"pkcs11:token=awsfed;object=saml;type=cert?module-path=/m.so", "type=private"},
        {"pkcs11:token=awsfed;object=saml;colour=red?module-path=/m.so", "not understood"},
        {"pkcs11:token=awsfed;object=%zz?module-path=/m.so", "RFC 7512"},
        {"pkcs11:token=awsfed;id=1%?module-path=/m.so", "RFC 7512"},
        {GOOD "&pin-source=saml.pin", "pin-source as file:"},
        {GOOD "&pin-source=file:saml.pin", "pin-source as file:"},
        {GOOD "&pin-source=file://host/saml.pin", "pin-source as file:"},
        {GOOD "&pin-source=|/bin/echo", "pin-source as file:"},
        {GOOD "&pin-source=file:/etc/../saml.pin", "pin-source as file:"},
        {GOOD "&pin-value=s3cr3t", "take pin-value out"},
        {GOOD "&pin-source=file:/p&pin-value=s3cr3t", "take pin-value out"},
        {"relative/path", "absolute path"},
        {"PKCS11:token=awsfed", "absolute path"},
    };
    char remedy[FORM_REMEDY_MAX];

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        remedy[0] = '\0';
        if (form_key(cases[i].text, false, remedy) != FED_E_CONFIG)
            fail_msg("%s: taken", cases[i].text);
        if (strstr(remedy, cases[i].remedy) == NULL)
            fail_msg("%s: \"%s\"", cases[i].text, remedy);
        assert_null(strstr(remedy, "s3cr3t")); /* I-57: an error shows no PIN */
    }
}

static void
test_taken(void **state)
{
    static const struct {
        const char *text, *module, *pin;
    } cases[] = {
        {GOOD, "/usr/lib/softhsm/libsofthsm2.so", NULL},
        {GOOD "&pin-source=file:/etc/awsfed/saml.pin", "/usr/lib/softhsm/libsofthsm2.so",
            "/etc/awsfed/saml.pin"},
        {GOOD "&pin-source=file:///etc/awsfed/saml.pin", "/usr/lib/softhsm/libsofthsm2.so",
            "/etc/awsfed/saml.pin"},
        {GOOD "&pin-source=/etc/awsfed/saml%20one.pin", "/usr/lib/softhsm/libsofthsm2.so",
            "/etc/awsfed/saml one.pin"},
        {"pkcs11:serial=0123;id=%01%02;type=private?module-path=/m.so", "/m.so", NULL},
        {"pkcs11:model=x;manufacturer=y;object=z?pin-source=/p&module-path=/m.so", "/m.so", "/p"},
    };
    char remedy[FORM_REMEDY_MAX] = "";

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct key_uri uri;
        if (key_uri_parse(cases[i].text, &uri, remedy) != 0)
            fail_msg("%s: %s", cases[i].text, remedy);
        assert_string_equal(uri.module, cases[i].module);
        assert_int_equal(uri.pin == NULL, cases[i].pin == NULL);
        if (uri.pin != NULL)
            assert_string_equal(uri.pin, cases[i].pin);
        key_uri_done(&uri);
        assert_int_equal(form_key(cases[i].text, false, remedy), 0);
        assert_true(key_uri_is(cases[i].text));
    }
    assert_int_equal(form_key("/etc/awsfed/saml.key", false, remedy), 0);
    assert_false(key_uri_is("/etc/awsfed/saml.key"));
    key_uri_done(NULL);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_taken),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
