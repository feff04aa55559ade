/*
 * The configuration reader: unknown keys, bad lines, foreign bytes, owner and mode; merging and defaults.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "tests/conf/confcase.h"

/* I-50: an unknown key is refused with file, line and the nearest known one. */
static void
test_unknown_keys(void **state)
{
    static const struct bad bad[] = {
        {DOMAIN, "servres = a",
            "unknown key \"servres\" in [domain corp.example.com]: did you mean \"servers\"?"},
        {DOMAIN, "Transport = ldaps", "did you mean \"transport\"?"},
        {BRIDGE, "region = eu-central-1", "it belongs to [aws]"},
        {BRIDGE, "colour = green", "awsfed.conf(5)"},
        {MFA, "enrol-at-login = ask", "yes or no"},
        {ROLE, "vias = other", "unknown key"},
        {ROLE, "external-idss = x", "unknown key"},
        {BRIDGE, "worker_s = 3", "did you mean \"workers\"?"},
    };

    all_refused(*state, ALL(bad));
}

static void
test_bad_lines(void **state)
{
    static const struct bad bad[] = {
        {BRIDGE, "just words", "neither a section"},
        {BRIDGE, "= value", "is not the name of a key"},
        {BRIDGE, "a.b = value", "is not the name of a key"},
        {BRIDGE, " indented = 1", "begins with a blank"},
        {BRIDGE, "\tindented = 1", "begins with a blank"},
        {BRIDGE, "/* c */", "neither a section"},
        {BRIDGE, "[", "closing bracket"},
        {BRIDGE, "[mfa", "closing bracket"},
        {BRIDGE, "[colour]", "unknown section [colour]"},
        {BRIDGE, "[rôle x]", "unknown section"},
        {BRIDGE, "[]", "unknown section []"},
        {BRIDGE, "[default]", "unknown section [default]"},
        {BRIDGE, "[Roles x]", "did you mean [role NAME]?"},
        {BRIDGE, "[aws] region = x", "text after the heading"},
        {BRIDGE, "[domain]", "has no name"},
        {BRIDGE, "[role]", "has no name"},
        {BRIDGE, "[aws prod]", "takes no name"},
        {BRIDGE, "[domain corp..com]", "bad name"},
        {BRIDGE, "[domain -corp.com]", "bad name"},
        {BRIDGE, "[domain corp_x.com]", "bad name"},
        {BRIDGE, "[role -x]", "bad name"},
        {BRIDGE, "[role a b]", "bad name"},
        {BRIDGE, "[role a:b]", "bad name"},
        {BRIDGE, "[role \xc3\xa9]", "bad name"},
        {BRIDGE, "workers = \xff", "control character or is not UTF-8"},
        {BRIDGE, "admin-group = a\033b", "control character"},
        {BRIDGE, "admin-group = a\tb", "control character"},
        {BRIDGE, "admin-group = a\xc2\x85z", "control character"},
        {BRIDGE, "admin-group = a\xe2\x80\xaez", "control character"},
        {BRIDGE, "admin-group = admins # really", "comment on a line of its own"},
        {DOMAIN, "login-groups = Admins ; all of them", "comment on a line of its own"},
        {BRIDGE, "admin-group =", "give it a value"},
        {BRIDGE, "workers =    ", "give it a value"},
    };
    const struct confdir *dir = *state;

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        refused(dir, "awsfed.conf", write_with(dir, bad[i].heading, bad[i].line), bad[i].part,
            bad[i].line[0] == '[' ? 0 : 1);
}

static void
test_duplicates(void **state)
{
    const struct confdir *dir = *state;

    write_with(dir, BRIDGE, "# x");
    confdir_write(dir, "conf.d/a.conf",
        "[bridge]\nworkers = 1\naudit = journal\nworkers = 2\n\n[role admin]\n[Role x]\n"
        "[role ADMIN]\nalias = x\nbad key\n");
    refused(dir, "conf.d/a.conf", 4,
        "key \"workers\" twice in [bridge]: remove this one or that in line 2", 0);
    refused(dir, "conf.d/a.conf", 7, "unknown section [Role x]", 0);
    refused(dir, "conf.d/a.conf", 8, "twice in this file: join it with the one in line 6", 3);
    confdir_write(dir, "conf.d/a.conf", "[bridge]\nworkers = 1\nworkers = 2\nworkers = 3\n");
    refused(dir, "conf.d/a.conf", 2 + 1, "twice", 2);
    refused(dir, "conf.d/a.conf", 4, "twice", 2);
}

/* All errors of a run, in all files, not the first alone. */
static void
test_all_errors_are_reported(void **state)
{
    const struct confdir *dir = *state;

    confdir_write(dir, "awsfed.conf",
        "key = early\n[bridge]\nworkers = x\nnonsense\n[colour]\nred = 1\n[mfa]\nseal-kye = /a\n"
        "window = 9\n");
    confdir_write(dir, "conf.d/10.conf", "[bridge]\nsocket = no\n");
    refused(dir, "awsfed.conf", 1, "before the first section", 0);
    refused(dir, "awsfed.conf", 3, "workers", 0);
    refused(dir, "awsfed.conf", 4, "neither", 0);
    refused(dir, "awsfed.conf", 5, "unknown section", 0);
    refused(dir, "awsfed.conf", 7, "\"seal-key\" is missing", 0);
    refused(dir, "awsfed.conf", 8, "did you mean \"seal-key\"?", 0);
    refused(dir, "awsfed.conf", 9, "window", 0);
    refused(dir, "conf.d/10.conf", 2, "socket", 0);
    refused(dir, "awsfed.conf", 0, "no [domain NAME]", 9);
}

static void
test_foreign_bytes(void **state)
{
    const struct confdir *dir = *state;
    static const char nul[] = "[bridge]\n\nworkers = 1\0x\n";
    static const char utf16[] = "\xff\xfe[\0b\0";

    confdir_put(dir, "awsfed.conf", nul, sizeof(nul) - 1);
    refused(dir, "awsfed.conf", 3, "NUL byte", 1);
    confdir_put(dir, "awsfed.conf", utf16, sizeof(utf16) - 1);
    refused(dir, "awsfed.conf", 1, "NUL byte", 1);
    confdir_write(dir, "awsfed.conf", "");
    struct conf *conf = NULL;
    struct conf_errors errors;
    assert_int_equal(conf_read(dir->path, &conf, &errors), FED_E_CONFIG);
    assert_non_null(strstr(errors.lines[0], "empty"));
    conf_errors_done(&errors);
}

/* One error, that quotes the path and has the part. */
static void
file_refused(const struct confdir *dir, const char *name, const char *part)
{
    struct conf *conf = NULL;
    struct conf_errors errors;
    char start[256];

    (void)snprintf(start, sizeof(start), "\"%s%s%s\": ", dir->path, *name ? "/" : "", name);
    assert_int_equal(conf_read(dir->path, &conf, &errors), FED_E_CONFIG);
    if (errors.n != 1 || !has_line(&errors, start, part))
        for (size_t i = 0; i < errors.n; i++)
            print_error("wanted %s…%s: %s\n", start, part, errors.lines[i]);
    assert_int_equal(errors.n, 1);
    assert_true(has_line(&errors, start, part));
    conf_errors_done(&errors);
}

/* I-66, I-50: a file or folder that others may change stops the start, with the remedy. */
static void
test_owner_and_mode(void **state)
{
    const struct confdir *dir = *state;
    char path[256], part[256];

    (void)snprintf(path, sizeof(path), "%s/awsfed.conf", dir->path);
    (void)snprintf(part, sizeof(part), "%s/conf.d", dir->path);
    write_with(dir, BRIDGE, "# x");
    assert_int_equal(chmod(path, 0664), 0);
    file_refused(dir, "awsfed.conf", "chmod go-w");
    assert_int_equal(chmod(path, 0602), 0);
    file_refused(dir, "awsfed.conf", "chmod go-w");
    assert_int_equal(chmod(path, 0644), 0);
    conf_free(accepted(dir));
    assert_int_equal(chmod(part, 0770), 0);
    file_refused(dir, "conf.d", "chmod go-w");
    assert_int_equal(chmod(part, 0700), 0);
    assert_int_equal(chmod(dir->path, 0777), 0);
    file_refused(dir, "", "chmod go-w");
    assert_int_equal(chmod(dir->path, 0755), 0);
    if (geteuid() != 0)
        return;
    assert_int_equal(chown(path, 12345, 0), 0);
    file_refused(dir, "awsfed.conf", "chown root");
    assert_int_equal(chown(path, 0, 0), 0);
    assert_int_equal(chown(dir->path, 12345, 0), 0);
    file_refused(dir, "", "chown root");
}

/* I-32: a link in the place of a file is not followed. */
static void
test_links_are_not_followed(void **state)
{
    const struct confdir *dir = *state;
    char path[256], moved[256];

    write_with(dir, BRIDGE, "# x");
    (void)snprintf(path, sizeof(path), "%s/awsfed.conf", dir->path);
    (void)snprintf(moved, sizeof(moved), "%s/real.conf", dir->path);
    assert_int_equal(rename(path, moved), 0);
    assert_int_equal(symlink(moved, path), 0);
    file_refused(dir, "awsfed.conf", "a symbolic link");
    assert_int_equal(unlink(path), 0);
    file_refused(dir, "awsfed.conf", "does not exist");
    assert_int_equal(rename(moved, path), 0);
    (void)snprintf(path, sizeof(path), "%s/conf.d", dir->path);
    assert_int_equal(rmdir(path), 0);
    conf_free(accepted(dir));
    assert_int_equal(symlink("/tmp", path), 0);
    file_refused(dir, "conf.d", "cannot be opened as a folder");
    assert_int_equal(unlink(path), 0);
}

static void
test_missing_sections(void **state)
{
    const struct confdir *dir = *state;

    confdir_write(dir, "awsfed.conf", "# nothing\n");
    refused(dir, "awsfed.conf", 0, "no [domain NAME]", 2);
    refused(dir, "awsfed.conf", 0, "no [mfa]", 2);
    confdir_write(dir, "awsfed.conf",
        "[domain corp.example.com]\nservers = a\nservice-bind = simple\nservice-dn = CN=x\n"
        "service-password-file = /x\n[mfa]\nseal-key = /y\n\n[role r]\nusers = alice\n"
        "arn = arn:aws:iam::111122223333:role/Admin\n"
        "provider = arn:aws:iam::111122223333:saml-provider/awsfed\n");
    refused(dir, "awsfed.conf", 9, "no [saml]", 2);
    refused(dir, "awsfed.conf", 9, "no region in [aws]", 2);
}

static void
test_two_domains(void **state)
{
    static const char second[] = "[domain lab.example.org]\nservers = a\nservice-bind = "
                                 "simple\nservice-dn = a@lab.example.org\n"
                                 "service-password-file = /x\n";
    const struct confdir *dir = *state;
    char text[1024];

    write_with(dir, DOMAIN, "default = yes");
    confdir_write(dir, "conf.d/lab.conf", second);
    struct conf *conf = accepted(dir);
    assert_true(conf->domains[0].is_default && !conf->domains[1].is_default);
    assert_string_equal(conf->domains[1].base_dn, "DC=lab,DC=example,DC=org");
    conf_free(conf);
    (void)snprintf(text, sizeof(text), "%sdefault = yes\n", second);
    confdir_write(dir, "conf.d/lab.conf", text);
    refused(dir, "conf.d/lab.conf", 6, "[domain corp.example.com] is the default already", 1);
    (void)snprintf(text, sizeof(text), "%snetbios-name = corp\n", second);
    confdir_write(dir, "conf.d/lab.conf", text);
    refused(dir, "conf.d/lab.conf", 6, "have one NetBIOS name", 1);
}

static void
test_defaults(void **state)
{
    const struct confdir *dir = *state;

    write_with(dir, BRIDGE, "-workers");
    struct conf *conf = accepted(dir);
    assert_string_equal(conf->bridge.socket, "/run/awsfed/bridge.sock");
    assert_string_equal(conf->bridge.user, "awsfed");
    assert_int_equal(conf->bridge.workers, 32);
    assert_int_equal(conf->bridge.ticket_lifetime_s, 43200);
    assert_int_equal(conf->bridge.recheck_interval_s, 300);
    assert_int_equal(conf->bridge.group_refresh_s, 900);
    assert_null(conf->bridge.admin_group);
    assert_int_equal(conf->bridge.local_users.n, 1);
    assert_int_equal(conf->bridge.minimum_uid, 1000);
    assert_string_equal(conf->bridge.audit, "journal");
    assert_int_equal(conf->bridge.max_connections_per_uid, 16);

    const struct conf_domain *domain = &conf->domains[0];
    assert_int_equal(domain->servers.n, 2);
    assert_string_equal(domain->servers.items[1], "dc2.corp.example.com:1636");
    assert_string_equal(domain->base_dn, "DC=corp,DC=example,DC=com");
    assert_int_equal(domain->transport, CONF_LDAPS);
    assert_int_equal(domain->service_bind, CONF_SERVICE_SIMPLE);
    assert_int_equal(domain->port, 0);
    assert_int_equal(domain->connect_timeout_s, 3);
    assert_int_equal(domain->timeout_s, 5);
    assert_int_equal(domain->connections, 8);
    assert_true(domain->is_default);

    assert_string_equal(conf->mfa.store, "sqlite:/var/lib/awsfed/mfa.db");
    assert_string_equal(conf->mfa.issuer, "corp.example.com");
    assert_int_equal(conf->mfa.digits, 6);
    assert_int_equal(conf->mfa.period_s, 30);
    assert_int_equal(conf->mfa.algorithm, CONF_SHA1);
    assert_int_equal(conf->mfa.window, 1);
    assert_int_equal(conf->mfa.required, CONF_MFA_YES);
    assert_int_equal(conf->mfa.max_failures, 5);
    assert_int_equal(conf->mfa.lock_time_s, 900);
    assert_int_equal(conf->aws.timeout_s, 10);

    const struct conf_role *role = &conf->roles[0];
    assert_string_equal(role->name, "admin");
    assert_string_equal(role->account, "111122223333");
    assert_string_equal(role->partition, "aws");
    assert_int_equal(role->duration_s, 3600);
    assert_int_equal(role->mfa_age_s, 0);
    assert_null(role->source_identity);
    assert_string_equal(role->session_name, "%{user}");
    assert_false(role->is_default);
    assert_int_equal(role->where.line, 15);
    conf_free(conf);
}

/* A DN of AD ends in its domain, which tells where it ends in a list. */
static void
test_dns_need_no_quotes(void **state)
{
    static const char *const written[] = {"CN=Prod Admins,OU=Groups,DC=corp,DC=example",
        "cn=Doe\\, John, ou=A=B , dc=corp,dc=example", "Plain Name", "CN=Q,DC=labs", "DC=corp",
        "S-1-5-32-544"};
    const struct confdir *dir = *state;
    char line[1024];

    (void)snprintf(line, sizeof(line),
        "[role admin]\ngroups = %s, %s,%s ,\"%s\", %s,CN=Last,DC=corp, %s\n", written[0],
        written[1], written[2], written[3], written[4], written[5]);
    write_with(dir, ROLE, "-groups");
    confdir_write(dir, "conf.d/a.conf", line);
    struct conf *conf = accepted(dir);
    const struct conf_list *groups = &conf->roles[0].groups;
    assert_int_equal(groups->n, 7);
    for (size_t i = 0; i < 5; i++)
        assert_string_equal(groups->items[i], written[i]);
    assert_string_equal(groups->items[5], "CN=Last,DC=corp");
    assert_string_equal(groups->items[6], written[5]);
    conf_free(conf);
}

/* A slash behind the host is what a browser shows, and means nothing. */
static void
test_an_address_may_end_in_a_slash(void **state)
{
    const struct confdir *dir = *state;

    write_with(dir, AWS,
        "endpoint = https://sts.example.com:8443/\nsignin-endpoint = "
        "https://signin.example.com/\nproxy = http://p:3128/");
    conf_free(accepted(dir));
}

static void
test_values_arrive(void **state)
{
    const struct confdir *dir = *state;

    write_with(dir, ROLE,
        "tags = Department=%{ad:department} , Ünit = Köln é漢,Mfa-Time=%{mfa-time}, \"Q=1 2\"");
    confdir_write(dir, "conf.d/a.conf",
        "\xef\xbb\xbf[role ADMIN]\r\n"
        "groups = \"CN=Prod, Admins,OU=AWS;x,DC=corp\" , Plain Name,S-1-5-21-1-2-3-1105\r\n"
        "transitive-tags = Department, Mfa-Time\nsource-identity = %{user}\nmfa-age = 15m\n"
        "duration = 12h\npolicy-arns = arn:aws:iam::aws:policy/ReadOnlyAccess, "
        "arn:aws:iam::111122223333:policy/team/own\nalias = Produktion é\nregion = us-east-1\n"
        "; Latin-1 \xe9 in a comment\n  # indented comment\n   \n"
        "[role lab/readonly@eu=1+x_y.z]\narn = arn:aws-us-gov:iam::111122223333:role/path/to/R\n"
        "provider = arn:aws-us-gov:iam::111122223333:saml-provider/awsfed\nusers = alice, "
        "bob@corp.example.com\nregion = us-gov-west-1\ndefault = yes\ntags = D=%{ad:Department}, "
        "M=%{ad:mail}\n"
        "[mfa]\nalgorithm = sha256\nrequired = enrolled\nperiod = 60\nstore = sqlite:/x/y.db\n"
        "[bridge]\naudit = file:/var/log/awsfed.log\nlocal-users = rescue\nadmin-group = wheel");
    confdir_write(dir, "conf.d/b.conf.bak", "nonsense\n");
    confdir_write(dir, "conf.d/.hidden.conf", "nonsense\n");
    struct conf *conf = accepted(dir);

    assert_int_equal(conf->n_roles, 2);
    const struct conf_role *role = &conf->roles[0];
    assert_string_equal(role->name, "admin");
    assert_int_equal(role->groups.n, 3);
    assert_string_equal(role->groups.items[0], "CN=Prod, Admins,OU=AWS;x,DC=corp");
    assert_string_equal(role->groups.items[1], "Plain Name");
    assert_string_equal(role->groups.items[2], "S-1-5-21-1-2-3-1105");
    assert_int_equal(role->n_tags, 4);
    assert_string_equal(role->tags[0].key, "Department");
    assert_string_equal(role->tags[0].value, "%{ad:department}");
    assert_string_equal(role->tags[1].key, "Ünit");
    assert_string_equal(role->tags[1].value, "Köln é漢");
    assert_string_equal(role->tags[3].key, "Q");
    assert_string_equal(role->tags[3].value, "1 2");
    assert_int_equal(role->transitive_tags.n, 2);
    assert_string_equal(role->source_identity, "%{user}");
    assert_int_equal(role->mfa_age_s, 900);
    assert_int_equal(role->duration_s, 43200);
    assert_int_equal(role->policy_arns.n, 2);
    assert_string_equal(role->alias, "Produktion é");
    assert_string_equal(role->region, "us-east-1");

    /* Each attribute once, in either case, from all roles. */
    assert_int_equal(conf->ad_attributes.n, 2);
    assert_string_equal(conf->ad_attributes.items[0], "department");
    assert_string_equal(conf->ad_attributes.items[1], "mail");

    role = &conf->roles[1];
    assert_string_equal(role->name, "lab/readonly@eu=1+x_y.z");
    assert_string_equal(role->partition, "aws-us-gov");
    assert_int_equal(role->users.n, 2);
    assert_string_equal(role->users.items[1], "bob@corp.example.com");
    assert_true(role->is_default);
    assert_int_equal(role->where.line, 13);
    assert_non_null(strstr(role->where.file, "/conf.d/a.conf"));

    assert_int_equal(conf->mfa.algorithm, CONF_SHA256);
    assert_int_equal(conf->mfa.required, CONF_MFA_ENROLLED);
    assert_int_equal(conf->mfa.period_s, 60);
    assert_string_equal(conf->mfa.store, "sqlite:/x/y.db");
    assert_string_equal(conf->bridge.audit, "file:/var/log/awsfed.log");
    assert_string_equal(conf->bridge.admin_group, "wheel");
    /* root is a local user whatever the list says (I-23). */
    assert_int_equal(conf->bridge.local_users.n, 2);
    assert_string_equal(conf->bridge.local_users.items[0], "rescue");
    assert_string_equal(conf->bridge.local_users.items[1], "root");
    conf_free(conf);
}

static void
test_parts_replace_in_byte_order(void **state)
{
    const struct confdir *dir = *state;

    write_with(dir, DOMAIN, "login-groups = Everybody");
    confdir_write(dir, "conf.d/b.conf", "[bridge]\nworkers = 3\n");
    confdir_write(dir, "conf.d/Z.conf", "[bridge]\nworkers = 2\naudit = file:/z\n");
    confdir_write(dir, "conf.d/10.conf",
        "[bridge]\nworkers = 1\n[domain CORP.example.com]\nlogin-groups =\n");
    struct conf *conf = accepted(dir);
    assert_int_equal(conf->bridge.workers, 3);
    assert_string_equal(conf->bridge.audit, "file:/z");
    assert_int_equal(conf->n_domains, 1);
    assert_int_equal(conf->domains[0].login_groups.n, 0);
    assert_int_equal(conf->domains[0].servers.n, 2);
    conf_free(conf);
}

int
main(void)
{
#define CASE(f) cmocka_unit_test_setup_teardown(f, confdir_setup, confdir_teardown)
    const struct CMUnitTest tests[] = {
        CASE(test_unknown_keys),
        CASE(test_bad_lines),
        CASE(test_duplicates),
        CASE(test_all_errors_are_reported),
        CASE(test_foreign_bytes),
        CASE(test_owner_and_mode),
        CASE(test_links_are_not_followed),
        CASE(test_missing_sections),
        CASE(test_two_domains),
        CASE(test_defaults),
        CASE(test_dns_need_no_quotes),
        CASE(test_an_address_may_end_in_a_slash),
        CASE(test_values_arrive),
        CASE(test_parts_replace_in_byte_order),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
