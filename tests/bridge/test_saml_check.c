/*
 * I-61: session names, source identities and tags that AWS would refuse are refused here, in words.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "bridge/saml.h"

static struct saml_request
plain_request(void)
{
    return (struct saml_request){.session_name = "alice"};
}

static void
check_refuses_what_aws_refuses(void **state)
{
    static const char *const names[] = {"", "a", "al ice", "alice:x", "aws:alice", "a/b",
        "caf\xc3\xa9", "a\nb", "x123456789x123456789x123456789x123456789x123456789x123456789x1234"};
    static const struct saml_tag tags[] = {{"", "v"}, {"aws:x", "v"}, {"AWS:x", "v"}, {"a,b", "v"},
        {"a&b", "v"}, {"Team", "a&b"}, {"Team", "a<b"}, {"Team", "tab\there"}, {"Team", "\xff"},
        {"Team", "a,b"}, {"Team", "a\"b"}};
    static const struct saml_tag twice[] = {{"Team", "a"}, {"team", "b"}};
    static const char *const transitive[] = {"Other"};
    char why[SAML_WHY_MAX];
    (void)state;

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        struct saml_request request = plain_request();
        request.session_name = names[i];
        assert_int_equal(saml_check(&request, why), FED_E_INVALID);
        assert_ptr_equal(strstr(why, "session-name: "), why);
        request = plain_request();
        request.source_identity = names[i];
        assert_int_equal(saml_check(&request, why), FED_E_INVALID);
        assert_ptr_equal(strstr(why, "source-identity: "), why);
        assert_null(strchr(why, '\n')); /* I-58 */
    }
    for (size_t i = 0; i < sizeof(tags) / sizeof(tags[0]); i++) {
        struct saml_request request = plain_request();
        request.tags = &tags[i];
        request.n_tags = 1;
        assert_int_equal(saml_check(&request, why), FED_E_INVALID);
        assert_ptr_equal(strstr(why, "tags: "), why);
    }
    struct saml_request request = plain_request();
    request.tags = twice;
    request.n_tags = 2;
    assert_int_equal(saml_check(&request, why), FED_E_INVALID);
    request.n_tags = 1;
    request.transitive = transitive;
    request.n_transitive = 1;
    assert_int_equal(saml_check(&request, why), FED_E_INVALID);
}

static void
check_knows_the_limits(void **state)
{
    static char key_texts[51][8];
    struct saml_tag tags[51];
    struct saml_request request = plain_request();
    char why[SAML_WHY_MAX], key_text[130], value[514];
    const char *transitive[] = {"k0", "k49"};
    (void)state;

    for (size_t i = 0; i < 51; i++) {
        (void)snprintf(key_texts[i], sizeof(key_texts[i]), "k%zu", i);
        tags[i] = (struct saml_tag){key_texts[i], "\xe6\xbc\xa2 \xc3\xa9 a.b:c/d=e+f-g@h_i"};
    }
    request.session_name = "al";
    request.source_identity = "Alice_1+=,.@-";
    request.tags = tags;
    request.n_tags = 50;
    request.transitive = transitive;
    request.n_transitive = 2;
    assert_int_equal(saml_check(&request, why), 0);
    request.n_tags = 51;
    assert_int_equal(saml_check(&request, why), FED_E_INVALID);

    request = plain_request();
    memset(key_text, 'k', 128), key_text[128] = '\0';
    for (size_t i = 0; i < 256; i++) /* 256 characters, 512 bytes */
        memcpy(value + 2 * i, "\xc3\xa9", 2);
    value[512] = '\0';
    tags[0] = (struct saml_tag){key_text, value};
    request.tags = tags;
    request.n_tags = 1;
    assert_int_equal(saml_check(&request, why), 0);
    memcpy(value + 512, "x", 2);
    assert_int_equal(saml_check(&request, why), FED_E_INVALID);
    tags[0].value = "";
    assert_int_equal(saml_check(&request, why), 0);
    memcpy(key_text + 128, "k", 2);
    assert_int_equal(saml_check(&request, why), FED_E_INVALID);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(check_refuses_what_aws_refuses),
        cmocka_unit_test(check_knows_the_limits),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
