/*
 * [mfa-rule NAME]: what a rule may say, alone and after others.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "tests/conf/confcase.h"

/* What comes before the rules under test; they begin in line BEFORE + 1. */
static const char before[] = "[domain corp.example.com]\n"
                             "servers = dc1.corp.example.com\n"
                             "service-bind = simple\n"
                             "service-dn = CN=awsfed,DC=corp,DC=example,DC=com\n"
                             "service-password-file = /etc/awsfed/service.password\n"
                             "[mfa]\n"
                             "seal-key = /etc/awsfed/seal.key\n";
enum { BEFORE = 7 };

static void
write_rules(const struct confdir *dir, const char *text)
{
    char all[4096];

    (void)snprintf(all, sizeof(all), "%s%s", before, text);
    confdir_write(dir, "awsfed.conf", all);
}

struct bad_rule {
    unsigned line; /* of the rules' own */
    const char *text, *part;
};

static void
rules_refused(const struct confdir *dir, const struct bad_rule *bad, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        write_rules(dir, bad[i].text);
        refused(dir, "awsfed.conf", BEFORE + bad[i].line, bad[i].part, 1);
    }
}

/* I-50: a rule that cannot mean what was meant is refused, with its line. */
static void
test_refused(void **state)
{
    static const struct bad_rule bad[] = {
        {1, "[mfa-rule]\nservices = sudo\nrequired = yes\n", "has no name"},
        {1, "[mfa-rule a]\nrequired = yes\n", "neither services, groups nor networks"},
        {1, "[mfa-rule a]\nservices = sudo\n", "\"required\" is missing"},
        {3, "[mfa-rule a]\nservices = sudo\nrequired = maybe\n", "required"},
        {2, "[mfa-rule a]\nservices =\nrequired = no\n", "fits nobody"},
        {3, "[mfa-rule a]\nservices = sudo\ngroups =\nrequired = no\n", "fits nobody"},
        {3, "[mfa-rule a]\nservices = sudo\nnetworks =\nrequired = no\n", "fits nobody"},
        {2, "[mfa-rule a]\nservices = /etc/pam.d/sudo\nrequired = no\n", "without its folder"},
        {2, "[mfa-rule a]\nservices = sudo, .hidden\nrequired = no\n", "without its folder"},
        {2, "[mfa-rule a]\nservices = su do\nrequired = no\n", "without its folder"},
        {2, "[mfa-rule a]\nservices = sudo, sudo\nrequired = no\n", "only once"},
        {2, "[mfa-rule a]\nservice = sudo\ngroups = A\nrequired = no\n",
            "did you mean \"services\""},
        {2, "[mfa-rule a]\nnetworks = jump.example.com\nrequired = no\n", "networks"},
        {2, "[mfa-rule a]\nnetworks = 10.20.0.1/16\nrequired = no\n", "networks"},
        {2, "[mfa-rule a]\ngroups = CN=A,OU=x\nrequired = no\n", "groups"},
        {1, "required = no\n", "required"},
        {1, "exempt-groups = CN=A,OU=x\n", "exempt-groups"},
    };

    rules_refused(*state, ALL(bad));
}

/* A rule that an earlier one leaves nothing to; case and a wider network do not hide it. */
static void
test_never_asked(void **state)
{
    static const struct bad_rule bad[] = {
        {4,
            "[mfa-rule a]\nservices = sudo, su\nrequired = yes\n"
            "[mfa-rule b]\nservices = SU\nrequired = no\n",
            "[mfa-rule b] is never asked: [mfa-rule a], line 8"},
        {4,
            "[mfa-rule a]\nservices = sudo\nrequired = yes\n"
            "[mfa-rule b]\nservices = sudo\ngroups = A\nrequired = no\n",
            "never asked"},
        {4,
            "[mfa-rule a]\nnetworks = 10.0.0.0/8, 192.0.2.0/24\nrequired = yes\n"
            "[mfa-rule b]\nnetworks = 10.20.0.0/16\ngroups = A\nrequired = no\n",
            "never asked"},
        {7,
            "[mfa-rule a]\ngroups = A, B\nrequired = yes\n"
            "[mfa-rule b]\ngroups = A, C\nrequired = yes\n"
            "[mfa-rule c]\ngroups = b\nservices = su\nrequired = no\n",
            "[mfa-rule c] is never asked: [mfa-rule a]"},
    };

    rules_refused(*state, ALL(bad));
}

/* What the rules say arrives, in the order of the files; rules that overlap without hiding each other are right. */
static void
test_arrive(void **state)
{
    confdir_write(*state, "conf.d/10.conf", "[mfa-rule last]\nservices = su\nrequired = yes\n");
    write_rules(*state, "exempt-groups = Robots, S-1-5-21-1-2-3-4\n"
                        "[mfa-rule a]\nservices = sudo\ngroups = A\nrequired = no\n"
                        "[mfa-rule b]\nservices = sudo, su\ngroups = A\nrequired = enrolled\n"
                        "[mfa-rule c]\ngroups = A\nnetworks = 10.0.0.0/8\nrequired = yes\n"
                        "[mfa-rule d]\ngroups = A\nnetworks = 0.0.0.0/0\nrequired = no\n");
    struct conf *conf = accepted(*state);
    assert_int_equal(conf->mfa.exempt_groups.n, 2);
    assert_int_equal(conf->n_rules, 5);
    assert_string_equal(conf->rules[0].name, "a");
    assert_string_equal(conf->rules[4].name, "last");
    assert_int_equal(conf->rules[0].required, CONF_MFA_NO);
    assert_int_equal(conf->rules[1].required, CONF_MFA_ENROLLED);
    assert_int_equal(conf->rules[2].required, CONF_MFA_YES);
    assert_string_equal(conf->rules[1].services.items[1], "su");
    /* A running bridge takes them from another reading. */
    for (size_t i = 0; i < conf->fixed.n; i++) {
        assert_null(strstr(conf->fixed.items[i], "mfa-rule"));
        assert_null(strstr(conf->fixed.items[i], "exempt-groups"));
    }
    conf_free(conf);
}

/* Without a service identity no name can be looked up, so one exempts nobody and is refused. */
static void
test_names_need_a_service_identity(void **state)
{
    static const char text[] = "[domain corp.example.com]\n[mfa]\nseal-key = /etc/awsfed/seal.key\n"
                               "exempt-groups = Robots\n"
                               "[mfa-rule a]\ngroups = Admins, S-1-5-21-1-2-3-4\nrequired = yes\n";
    const struct confdir *dir = *state;

    confdir_write(dir, "awsfed.conf", text);
    refused(dir, "awsfed.conf", 4, "\"Robots\" of [mfa] is no SID", 2);
    refused(dir, "awsfed.conf", 6, "\"Admins\" of [mfa-rule a] is no SID", 2);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_refused, confdir_setup, confdir_teardown),
        cmocka_unit_test_setup_teardown(test_never_asked, confdir_setup, confdir_teardown),
        cmocka_unit_test_setup_teardown(test_arrive, confdir_setup, confdir_teardown),
        cmocka_unit_test_setup_teardown(
            test_names_need_a_service_identity, confdir_setup, confdir_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
