/*
 * [mfa-rule NAME]: what a rule may say, alone and after others.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "tests/conf/confdir.h"

#include "conf/conf.h"

/* What comes before the rules under test; they begin in line BEFORE + 1. */
static const char before[] = "[domain corp.example.com]\n"
                             "servers = dc1.corp.example.com\n"
                             "service-bind = simple\n"
                             "service-dn = CN=awsfed,DC=corp,DC=example,DC=com\n"
                             "service-password-file = /etc/awsfed/service.password\n"
                             "[mfa]\n"
                             "seal-key = /etc/awsfed/seal.key\n";
enum { BEFORE = 7 };

static int
read_rules(
    const struct confdir *dir, const char *text, struct conf **ret, struct conf_errors *errors)
{
    char all[4096];

    (void)snprintf(all, sizeof(all), "%s%s", before, text);
    confdir_write(dir, "awsfed.conf", all);
    return conf_read(dir->path, ret, errors);
}

struct bad {
    unsigned line; /* of the rules' own */
    const char *text, *part;
};

static void
refused(const struct confdir *dir, const struct bad *bad)
{
    struct conf *conf = NULL;
    struct conf_errors errors;
    char start[256];
    bool found = false;

    (void)snprintf(start, sizeof(start), "%s/awsfed.conf:%u: ", dir->path, BEFORE + bad->line);
    assert_int_equal(read_rules(dir, bad->text, &conf, &errors), FED_E_CONFIG);
    for (size_t i = 0; i < errors.n; i++)
        found = found || (strncmp(errors.lines[i], start, strlen(start)) == 0 &&
                             strstr(errors.lines[i], bad->part) != NULL);
    for (size_t i = 0; i < errors.n && !found; i++)
        print_error("%s\n", errors.lines[i]);
    assert_true(found);
    assert_int_equal(errors.n, 1);
    conf_errors_done(&errors);
}

/* I-50: a rule that cannot mean what was meant is refused, with its line. */
static void
test_refused(void **state)
{
    static const struct bad bad[] = {
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
        {2, "[mfa-rule a]\ngroups = CN=A,DC=x\nrequired = no\n", "groups"},
        {1, "required = no\n", "required"},
        {1, "exempt-groups = CN=A,DC=x\n", "exempt-groups"},
    };

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        refused(*state, &bad[i]);
}

/* A rule that an earlier one leaves nothing to; case and a wider network do not hide it. */
static void
test_never_asked(void **state)
{
    static const struct bad bad[] = {
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

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        refused(*state, &bad[i]);
}

/* What the rules say arrives, in the order of the files; rules that overlap without hiding each other are right. */
static void
test_arrive(void **state)
{
    struct conf *conf = NULL;
    struct conf_errors errors;

    confdir_write(*state, "conf.d/10.conf", "[mfa-rule last]\nservices = su\nrequired = yes\n");
    int r = read_rules(*state,
        "exempt-groups = Robots, S-1-5-21-1-2-3-4\n"
        "[mfa-rule a]\nservices = sudo\ngroups = A\nrequired = no\n"
        "[mfa-rule b]\nservices = sudo, su\ngroups = A\nrequired = enrolled\n"
        "[mfa-rule c]\ngroups = A\nnetworks = 10.0.0.0/8\nrequired = yes\n"
        "[mfa-rule d]\ngroups = A\nnetworks = 0.0.0.0/0\nrequired = no\n",
        &conf, &errors);
    for (size_t i = 0; i < errors.n; i++)
        print_error("%s\n", errors.lines[i]);
    assert_int_equal(r, 0);
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
    conf_errors_done(&errors);
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
    struct conf *conf = NULL;
    struct conf_errors errors;

    confdir_write(dir, "awsfed.conf", text);
    assert_int_equal(conf_read(dir->path, &conf, &errors), FED_E_CONFIG);
    assert_int_equal(errors.n, 2);
    for (size_t i = 0; i < errors.n; i++)
        assert_non_null(strstr(errors.lines[i], "is no SID"));
    conf_errors_done(&errors);
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
