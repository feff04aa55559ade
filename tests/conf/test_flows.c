/*
 * How roles are taken: what AWS would refuse of a chain is refused here, with file and line.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "conf/conf.h"
#include "conf/flows.h"
#include "tests/conf/confdir.h"

/* Lines 1 to 10; what a case adds begins at line 11. */
#define HEAD                                                                                       \
    "[domain corp.example.com]\nservers = a\nservice-bind = simple\nservice-dn = CN=x\n"           \
    "service-password-file = /x\n[mfa]\nseal-key = /y\n[aws]\nregion = eu-central-1\n"
#define BASE             "base-credential = imds\n"
#define SAML             "[saml]\nentity-id = https://x/y\nkey = /k\ncertificate = /c\n"
#define OIDC             "[oidc]\nissuer = https://id.example.com/a\nkey = /k\n"
#define ROLE(name, more) "[role " name "]\narn = arn:aws:iam::111122223333:role/" name "\n" more
#define PROVIDER         "provider = arn:aws:iam::111122223333:saml-provider/awsfed\n"
#define GROUPS           "groups = G\n"

static void
expect(const struct confdir *dir, const char *text, const char *wanted)
{
    struct conf *conf = NULL;
    struct conf_errors errors;
    bool found = false;

    confdir_write(dir, "awsfed.conf", text);
    int r = conf_read(dir->path, &conf, &errors);
    for (size_t i = 0; i < errors.n; i++)
        found = found || (wanted != NULL && strstr(errors.lines[i], wanted) != NULL);
    if (wanted == NULL ? r != 0 : !found || errors.n != 1) {
        print_error("%s\nwanted \"%s\", got %d:\n", text, wanted != NULL ? wanted : "no error", r);
        for (size_t i = 0; i < errors.n; i++)
            print_error("    %s\n", errors.lines[i]);
        fail();
    }
    conf_errors_done(&errors);
    conf_free(conf);
}

static void
refuses_what_is_missing(void **state)
{
    expect(*state, HEAD ROLE("A", GROUPS "flow = assume-role\n"),
        "awsfed.conf:13: [role A] with flow = assume-role needs keys");
    expect(*state, HEAD ROLE("A", GROUPS "flow = oidc\n"), "awsfed.conf:13: no [oidc]");
    expect(*state, HEAD ROLE("A", GROUPS PROVIDER), "awsfed.conf:10: no [saml]");
    expect(*state, HEAD SAML ROLE("A", GROUPS), "\"provider\" is missing");
    expect(*state, HEAD SAML ROLE("A", PROVIDER), "neither groups nor users");
    expect(*state, HEAD BASE ROLE("A", GROUPS "flow = assume-role\n"), NULL);
    expect(*state, HEAD OIDC ROLE("A", GROUPS "flow = oidc\n"), NULL);
}

static void
refuses_more_than_an_hour_of_a_chain(void **state)
{
    expect(*state, HEAD BASE ROLE("A", GROUPS "flow = assume-role\nduration = 61m\n"),
        "awsfed.conf:15: \"duration\" of [role A] is more than 1h");
    expect(*state, HEAD BASE ROLE("A", GROUPS "flow = assume-role\nduration = 1h\n"), NULL);
    expect(*state, HEAD OIDC ROLE("A", GROUPS "flow = oidc\nduration = 12h\n"), NULL);
    expect(*state,
        HEAD SAML ROLE("H", PROVIDER "duration = 12h\n")
            ROLE("A", GROUPS "via = H\nduration = 2h\n"),
        "is more than 1h");
    expect(*state,
        HEAD SAML ROLE("H", PROVIDER "duration = 12h\n")
            ROLE("A", GROUPS "via = H\nduration = 1h\n"),
        NULL);
}

static void
refuses_chains_that_do_not_end(void **state)
{
    expect(*state, HEAD ROLE("A", GROUPS "via = nobody\n"),
        "awsfed.conf:13: there is no [role nobody]");
    expect(*state, HEAD ROLE("A", GROUPS "via = A\n"), "leads back to it");
    struct conf_errors errors;
    struct conf *conf = NULL;
    confdir_write(*state, "awsfed.conf",
        HEAD ROLE("A", "via = C\n") ROLE("B", "via = A\n") ROLE("C", "via = B\n"));
    assert_int_equal(
        conf_read(((const struct confdir *)*state)->path, &conf, &errors), FED_E_CONFIG);
    assert_int_equal(errors.n, 3); /* each says where it stands */
    for (size_t i = 0; i < errors.n; i++)
        assert_non_null(strstr(errors.lines[i], "leads back to it"));
    conf_errors_done(&errors);
}

static void
refuses_what_a_chain_cannot_carry(void **state)
{
#define HUB(more) HEAD SAML ROLE("H", PROVIDER more)
    expect(*state,
        HUB("tags = Team=a\ntransitive-tags = Team\n") ROLE("A", GROUPS "via = H\ntags = team=b\n"),
        "comes along from [role H]");
    expect(*state, HUB("tags = Team=a\n") ROLE("A", GROUPS "via = H\ntags = team=b\n"), NULL);
    expect(*state,
        HUB("source-identity = %{user}\n") ROLE("A", GROUPS "via = H\nsource-identity = %{upn}\n"),
        "AWS never changes one");
    expect(*state,
        HUB("source-identity = %{user}\n") ROLE("A", GROUPS "via = H\nsource-identity = %{user}\n"),
        NULL);
    expect(*state,
        HUB("") "[role A]\narn = arn:aws-cn:iam::111122223333:role/A\nregion = cn-north-1\n" GROUPS
                "via = H\n",
        "no role leads from one to another");
}

static void
refuses_external_ids_where_nobody_sees_them(void **state)
{
    expect(*state, HEAD SAML ROLE("A", GROUPS PROVIDER "external-id = abc\n"),
        "\"external-id\" of [role A] reaches AWS with flow = assume-role or via only");
    expect(*state, HEAD BASE ROLE("A", GROUPS "flow = assume-role\nexternal-id = a b\n"),
        "write 2 to 1224");
    expect(*state, HEAD BASE ROLE("A", GROUPS "flow = assume-role\nexternal-id = a/b:c\n"), NULL);
}

static void
refuses_bad_forms(void **state)
{
    static const char *const bases[] = {"imdsv1", "file", "file:", "file:key", "web-identity:token",
        "container:/x", "imds:", "env"};
    static const char *const issuers[] = {"http://id.example.com", "https://", "https:///a",
        "https://id.example.com/", "https://id.example.com/?a", "https://a b", "id.example.com",
        "https://user@id.example.com"};
    char text[1024];

    for (size_t i = 0; i < sizeof(bases) / sizeof(bases[0]); i++) {
        (void)snprintf(text, sizeof(text), HEAD "base-credential = %s\n", bases[i]);
        expect(*state, text, "awsfed.conf:10: bad value");
    }
    for (size_t i = 0; i < sizeof(issuers) / sizeof(issuers[0]); i++) {
        (void)snprintf(text, sizeof(text), HEAD "[oidc]\nkey = /k\nissuer = %s\n", issuers[i]);
        expect(*state, text, "awsfed.conf:12: bad value");
    }
    expect(*state, HEAD OIDC "audience = a b\n", "bad value \"a b\"");
}

static void
reads_what_is_right(void **state)
{
    const struct confdir *dir = *state;
    struct conf *conf = NULL;
    struct conf_errors errors;

    confdir_write(dir, "awsfed.conf",
        HEAD "base-credential = web-identity:/run/token\nuse-fips = yes\n" OIDC ROLE(
            "H", "flow = oidc\n") ROLE("A", GROUPS "via = H\nexternal-id = ext\n"));
    assert_int_equal(conf_read(dir->path, &conf, &errors), 0);
    assert_int_equal(conf->aws.base, CONF_BASE_WEB_IDENTITY);
    assert_string_equal(conf->aws.base_file, "/run/token");
    assert_true(conf->aws.use_fips && !conf->aws.use_dualstack);
    assert_string_equal(conf->oidc.audience, "sts.amazonaws.com");
    const struct conf_role *hub = flows_find_role(conf, "H"), *a = flows_find_role(conf, "A");
    assert_non_null(hub);
    assert_non_null(a);
    assert_true(flows_is_hop(conf, hub) && !flows_is_hop(conf, a));
    assert_true(flows_is_chained(a) && !flows_is_chained(hub));
    assert_null(flows_find_role(conf, "a"));
    conf_free(conf);
    conf_errors_done(&errors);
}

int
main(void)
{
#define CASE(f) cmocka_unit_test_setup_teardown(f, confdir_setup, confdir_teardown)
    const struct CMUnitTest tests[] = {
        CASE(refuses_what_is_missing),
        CASE(refuses_more_than_an_hour_of_a_chain),
        CASE(refuses_chains_that_do_not_end),
        CASE(refuses_what_a_chain_cannot_carry),
        CASE(refuses_external_ids_where_nobody_sees_them),
        CASE(refuses_bad_forms),
        CASE(reads_what_is_right),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
