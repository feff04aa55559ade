/*
 * Files that are named and not there: each is told once, with the key that names it and how it is made.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "tests/bridge/books.h"

#include <string.h>

#include "bridge/absent.h"
#include "bridge/check.h"

#define THERE "/dev/null"
#define GONE  "/nonexistent/awsfed/file"
#define TOKEN "pkcs11:token=awsfed;object=saml"

static struct conf_domain domain;

static void
told(const struct conf *conf, size_t n, const char *what, const char *remedy)
{
    struct conf_errors errors = {0};

    absent_tell(conf, &errors);
    assert_int_equal(errors.n, n);
    if (n > 0) {
        assert_non_null(strstr(errors.lines[0], "\"" GONE "\": does not exist, and is "));
        assert_non_null(strstr(errors.lines[0], what));
        assert_non_null(strstr(errors.lines[0], remedy));
    }
    conf_errors_done(&errors);
}

static void
nothing_is_missing(void **state)
{
    struct conf conf;
    (void)state;

    books_conf(&conf, &domain, NULL, 0);
    told(&conf, 0, NULL, NULL);
    conf.mfa.seal_key = conf.saml.certificate = (char *)THERE;
    conf.saml.key = (char *)TOKEN;
    told(&conf, 0, NULL, NULL);
    assert_false(absent_is(NULL));
    assert_false(absent_is(TOKEN));
    assert_true(absent_is(GONE));
}

static void
each_key_says_how_it_is_made(void **state)
{
    struct conf conf;
    (void)state;

    books_conf(&conf, &domain, NULL, 0);
    conf.mfa.seal_key = (char *)GONE;
    told(&conf, 1, "\"seal-key\" of [mfa]", "openssl rand -hex 32 > '" GONE "'");
    conf.mfa.seal_key = NULL;
    conf.oidc.key = (char *)GONE;
    told(&conf, 1, "\"key\" of [oidc]", "ec_paramgen_curve:P-256 -out '" GONE "'");
    conf.oidc.key = NULL;
    conf.aws.ca_file = (char *)GONE;
    told(&conf, 1, "\"ca-file\" of [aws]", "take the line away");
    conf.aws.ca_file = NULL;
    domain.service_password_file = (char *)GONE;
    told(&conf, 1, "\"service-password-file\" of [domain ", "mode 600");
    domain.service_password_file = NULL;
}

/* saml init makes both and writes over neither: what it says depends on which is there. */
static void
key_and_certificate_belong_together(void **state)
{
    struct conf conf;
    (void)state;

    books_conf(&conf, &domain, NULL, 0);
    conf.saml.key = conf.saml.certificate = (char *)GONE;
    told(&conf, 1, "\"key\" of [saml]", "with awsfed-admin saml init");
    conf.saml.key = (char *)THERE;
    told(&conf, 1, "\"certificate\" of [saml]", "put back what belongs to \"" THERE "\"");
    conf.saml.key = (char *)TOKEN;
    told(&conf, 1, "\"certificate\" of [saml]", "make it with awsfed-admin saml init");
    conf.saml.key = (char *)GONE;
    conf.saml.certificate = (char *)THERE;
    told(&conf, 1, "\"key\" of [saml]", "put back what belongs to \"" THERE "\"");
    conf.saml.key = conf.saml.certificate = NULL;
    conf.saml.previous_certificate = (char *)GONE;
    told(&conf, 1, "\"previous-certificate\" of [saml]", "take the line away");
}

/* The check of all files tells all that are missing, each once. */
static void
the_check_tells_each_once(void **state)
{
    struct conf_errors faults = {0}, notes = {0};
    struct conf conf;
    (void)state;

    books_conf(&conf, &domain, NULL, 0);
    conf.mfa.seal_key = (char *)"/nonexistent/awsfed/1";
    conf.saml.key = (char *)"/nonexistent/awsfed/2";
    conf.saml.certificate = (char *)"/nonexistent/awsfed/2.crt";
    conf.oidc.key = (char *)"/nonexistent/awsfed/3";
    conf.aws.ca_file = (char *)"/nonexistent/awsfed/4";
    check_files(&conf, &faults, &notes);
    assert_int_equal(faults.n, 4);
    for (size_t i = 0; i < faults.n; i++) {
        assert_non_null(strstr(faults.lines[i], " of ["));
        assert_int_equal(faults.lines[i][strlen("\"/nonexistent/awsfed/")], '1' + (char)i);
    }
    conf_errors_done(&faults);
    conf_errors_done(&notes);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_is_missing),
        cmocka_unit_test(each_key_says_how_it_is_made),
        cmocka_unit_test(key_and_certificate_belong_together),
        cmocka_unit_test(the_check_tells_each_once),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
