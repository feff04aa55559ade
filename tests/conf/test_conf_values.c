/*
 * The configuration reader: every kind of bad value, section by section, with its file and line.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "tests/conf/confcase.h"

static void
test_bad_bridge_values(void **state)
{
    static const struct bad bad[] = {
        {BRIDGE, "workers = 0",
            "bad value \"0\" of \"workers\" in [bridge]: write a whole number from 1 to 256"},
        {BRIDGE, "workers = 257", "from 1 to 256"},
        {BRIDGE, "workers = 8x", "from 1 to 256"},
        {BRIDGE, "workers = +8", "from 1 to 256"},
        {BRIDGE, "workers = 0x8", "from 1 to 256"},
        {BRIDGE, "workers = -1", "from 1 to 256"},
        {BRIDGE, "workers = 18446744073709551617", "from 1 to 256"},
        {BRIDGE, "workers = 4294967304", "from 1 to 256"},
        {BRIDGE, "minimum-uid = 0", "whole number"},
        {BRIDGE, "max-connections-per-uid = 0", "whole number"},
        {BRIDGE, "socket = run/bridge.sock", "absolute path"},
        {BRIDGE,
            "socket = /run/"
            "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
            "xx"
            "xxxxxxxxxxxxxxxxxxxx",
            "at most 107 bytes"},
        {BRIDGE, "state-dir = /var/lib/../tmp", "without \".\" and \"..\""},
        {BRIDGE, "user = a:b", "account's name"},
        {BRIDGE, "ticket-lifetime = 12 h", "duration"},
        {BRIDGE, "ticket-lifetime = 12w", "duration"},
        {BRIDGE, "ticket-lifetime = 0", "duration"},
        {BRIDGE, "ticket-lifetime = 8d", "from 1s to 7d"},
        {BRIDGE, "recheck-interval = 25h", "from 1s to 24h"},
        {BRIDGE, "group-refresh = soon", "duration"},
        {BRIDGE, "audit = syslog", "\"journal\" or \"file:\""},
        {BRIDGE, "audit = file:log", "\"journal\" or \"file:\""},
        {BRIDGE, "local-users = root,,x", "empty item"},
        {BRIDGE, "local-users = root, root", "only once"},
        {BRIDGE, "local-users = -x", "account's name"},
    };

    all_refused(*state, ALL(bad));
}

static void
test_bad_domain_values(void **state)
{
    static const struct bad bad[] = {
        {DOMAIN, "servers = ldaps://dc1", "is a URL"},
        {DOMAIN, "servers = dc1:0", "no server"},
        {DOMAIN, "servers = dc1:65536", "no server"},
        {DOMAIN, "servers = dc1:", "no server"},
        {DOMAIN, "servers = dc1 dc2", "no server"},
        {DOMAIN, "servers = [::1]", "no server"},
        {DOMAIN, "servers = user@dc1", "no server"},
        {DOMAIN, "transport = ldap", "write ldaps or starttls"},
        {DOMAIN, "transport = LDAPS", "write ldaps or starttls"},
        {DOMAIN, "port = 65536", "whole number"},
        {DOMAIN, "ca-file = ca.pem", "absolute path"},
        {DOMAIN, "base-dn = corp", "no DN"},
        {DOMAIN, "base-dn = DC=corp,", "no DN"},
        {DOMAIN, "netbios-name = CORPORATIONISLONG", "15 characters"},
        {DOMAIN, "netbios-name = CO\\RP", "15 characters"},
        {DOMAIN, "service-bind = sasl", "write none or simple or gssapi"},
        {DOMAIN, "service-dn = svc", "write the DN"},
        {DOMAIN, "connect-timeout = 61s", "from 1s to 1m"},
        {DOMAIN, "timeout = 0s", "from 1s to 1m"},
        {DOMAIN, "connections = 0", "whole number"},
        {DOMAIN, "login-groups = CN=A,OU=B", "put the DN in double quotes"},
        {DOMAIN, "login-groups = CN=Doe, John,OU=B,DC=x", "put the DN in double quotes"},
        {DOMAIN, "login-groups = CN=A,DC=x,OU=B", "put the DN in double quotes"},
        {DOMAIN, "login-groups = CN=A,DC=x,", "empty item"},
        {DOMAIN, "login-groups = CN=A,DC=x, CN=a,DC=X", "only once"},
        {DOMAIN, "login-groups = CN=A \"b\",DC=x", "around the whole of item"},
        {DOMAIN, "deny-groups = Contractors, OU=B", "put the DN in double quotes"},
        {DOMAIN, "login-groups = \"CN=A,DC=x", "close the double quote"},
        {DOMAIN, "login-groups = \"CN=A,DC=x\" B", "put a comma before"},
        {DOMAIN, "login-groups = A \"b\"", "around the whole of item"},
        {DOMAIN, "login-groups = \"\"", "empty item"},
        {DOMAIN, "login-groups = A,", "empty item"},
        {DOMAIN, "login-groups = S-1-5-x", "no SID"},
        {DOMAIN, "login-groups = S-1-5-21-", "no SID"},
        {DOMAIN, "login-groups = CORP\\", "NETBIOS\\NAME"},
        {DOMAIN, "login-groups = \\Admins", "NETBIOS\\NAME"},
        {DOMAIN, "deny-groups = CORP\\a\\b", "NETBIOS\\NAME"},
        {DOMAIN, "login-groups = OTHER\\Admins", "no [domain] has that NetBIOS name"},
        {DOMAIN, "default = true", "write yes or no"},
    };

    all_refused(*state, ALL(bad));
}

/* The line is the one that asks for the missing key. */
static void
test_missing_service_keys(void **state)
{
    const struct confdir *dir = *state;

    write_with(dir, DOMAIN, "-service-dn");
    refused(dir, "awsfed.conf", 5, "\"service-dn\" is missing", 1);
    write_with(dir, DOMAIN, "-service-password-file");
    refused(dir, "awsfed.conf", 5, "\"service-password-file\" is missing", 1);
}

/* The directory store writes as the service identity, on a server that is named. */
static void
test_directory_store_needs_service_and_servers(void **state)
{
    static const char mfa[] = "[mfa]\nseal-key = /y\nstore = directory:awsfedSecondFactor\n";
    const struct confdir *dir = *state;
    char text[512];

    write_with(dir, MFA, "store = directory:awsfedSecondFactor");
    conf_free(accepted(dir));
    (void)snprintf(text, sizeof(text), "[domain corp.example.com]\nservers = dc1\n%s", mfa);
    confdir_write(dir, "awsfed.conf", text);
    refused(dir, "awsfed.conf", 1, "no service identity", 1);
    (void)snprintf(text, sizeof(text),
        "[domain corp.example.com]\nservice-bind = simple\nservice-dn = CN=a,DC=b\n"
        "service-password-file = /p\n%s",
        mfa);
    confdir_write(dir, "awsfed.conf", text);
    refused(dir, "awsfed.conf", 1, "names no servers", 1);
}

/* Without a service identity: nothing of one may be left, and groups are SIDs. Each has its own line. */
static void
test_no_service_identity(void **state)
{
    static const char good[] = "[domain corp.example.com]\nlogin-groups = S-1-5-21-1-2-3-513\n"
                               "[mfa]\nseal-key = /y\n";
    const struct confdir *dir = *state;

    write_with(dir, DOMAIN, "service-bind = none");
    refused(dir, "awsfed.conf", 6, "\"service-dn\" of [domain corp.example.com] is for", 3);
    write_with(dir, DOMAIN, "-service-bind");
    refused(
        dir, "awsfed.conf", 6, "\"service-password-file\" of [domain corp.example.com] is for", 3);
    confdir_write(dir, "awsfed.conf", good);
    struct conf *conf = accepted(dir);
    assert_int_equal(conf->domains[0].service_bind, CONF_SERVICE_NONE);
    assert_int_equal(conf->domains[0].servers.n, 0);
    conf_free(conf);
    confdir_write(dir, "awsfed.conf",
        "[domain corp.example.com]\nlogin-groups = Staff\ndeny-groups = S-1-5-21-1, CN\n[mfa]\n"
        "seal-key = /y\n");
    refused(dir, "awsfed.conf", 2, "group \"Staff\" of [domain corp.example.com] is no SID", 2);
    refused(dir, "awsfed.conf", 3, "group \"CN\"", 2);
}

/* A group that is looked up where there is a service identity may be named by domains that have none. */
static void
test_groups_of_another_domain(void **state)
{
    static const char text[] =
        "[domain corp.example.com]\nservice-bind = simple\nservice-dn = CN=a,DC=b\n"
        "service-password-file = /p\n"
        "[domain labs.example.net]\nlogin-groups = CORP\\Staff, "
        "\"CN=Ops,OU=Groups,DC=corp,DC=example,DC=com\"\n"
        "deny-groups = %s\n[mfa]\nseal-key = /y\n";
    const struct confdir *dir = *state;
    char all[1024];

    (void)snprintf(all, sizeof(all), text, "S-1-5-21-1-2-3-513");
    confdir_write(dir, "awsfed.conf", all);
    conf_free(accepted(dir));
    (void)snprintf(all, sizeof(all), text, "CORP\\Out, LABS\\In");
    confdir_write(dir, "awsfed.conf", all);
    refused(dir, "awsfed.conf", 7, "group \"LABS\\In\" of [domain labs.example.net] is no SID", 1);
    (void)snprintf(all, sizeof(all), text, "WHO\\Out, \"CN=In,DC=labs,DC=example,DC=net\"");
    confdir_write(dir, "awsfed.conf", all);
    refused(
        dir, "awsfed.conf", 7, "group \"WHO\\Out\" of [domain labs.example.net]: no [domain]", 2);
}

/* service-bind = gssapi: a keytab and nothing of a password; names, not addresses. A keytab needs it. */
static void
test_gssapi(void **state)
{
    static const char end[] = "[mfa]\nseal-key = /y\n";
    static const struct {
        const char *text;
        unsigned line;
        const char *error;
    } bad[] = {
        {"service-bind = gssapi\n", 2,
            "\"keytab\" is missing in [domain corp.example.com]: add it"},
        {"keytab = /k\n", 2,
            "\"keytab\" of [domain corp.example.com] is for service-bind = gssapi"},
        {"service-bind = gssapi\nkeytab = /k\nservice-password-file = /p\n", 4,
            "\"service-password-file\" of [domain corp.example.com] is for service-bind = simple"},
        {"service-bind = gssapi\nkeytab = /k\nservice-dn = CN=a,DC=b\n", 4, "is a DN"},
        {"service-bind = gssapi\nkeytab = /k\nservers = dc1, 10.0.0.1:636\n", 4,
            "server \"10.0.0.1\" of [domain corp.example.com] is an address"},
        {"service-bind = simple\nservice-dn = CN=a,DC=b\nservice-password-file = /p\nkeytab = /k\n",
            5, "and service-bind is simple"},
    };
    const struct confdir *dir = *state;
    char text[512];

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        (void)snprintf(text, sizeof(text), "[domain corp.example.com]\n%s%s", bad[i].text, end);
        confdir_write(dir, "awsfed.conf", text);
        refused(dir, "awsfed.conf", bad[i].line, bad[i].error, 1);
    }
    (void)snprintf(text, sizeof(text),
        "[domain corp.example.com]\nservice-bind = gssapi\nkeytab = /etc/krb5.keytab\n"
        "service-dn = JUMP$@corp.example.com\nlogin-groups = Staff\n%s",
        end);
    confdir_write(dir, "awsfed.conf", text);
    struct conf *conf = accepted(dir);
    assert_int_equal(conf->domains[0].service_bind, CONF_SERVICE_GSSAPI);
    assert_string_equal(conf->domains[0].keytab, "/etc/krb5.keytab");
    assert_string_equal(conf->domains[0].service_dn, "JUMP$@corp.example.com");
    conf_free(conf);
}

static void
test_bad_mfa_values(void **state)
{
    static const struct bad bad[] = {
        {MFA, "-seal-key", "\"seal-key\" is missing in [mfa]"},
        {MFA, "seal-key = seal.key", "absolute path"},
        {MFA, "store = /var/lib/awsfed/mfa.db", "\"sqlite:\""},
        {MFA, "store = sqlite:mfa.db", "\"sqlite:\""},
        {MFA, "store = mysql://db/mfa", "\"sqlite:\""},
        {MFA, "store = directory:", "name of an attribute"},
        {MFA, "store = directory:a)(b=*", "name of an attribute"},
        {MFA, "store = postgresql://", "postgresql://USER@HOST"},
        {MFA, "store = postgresql://awsfed:secret@db/mfa", "passfile="},
        {MFA, "store = postgresql://db/mfa?password=secret", "passfile="},
        {MFA, "issuer = Corp: Jump", "leave out the \":\""},
        {MFA, "digits = 5", "from 6 to 8"},
        {MFA, "digits = 9", "from 6 to 8"},
        {MFA, "period = 45s", "30s or 60s"},
        {MFA, "period = 30x", "30s or 60s"},
        {MFA, "algorithm = md5", "sha1 or sha256 or sha512"},
        {MFA, "required = no", "yes or enrolled"},
        {MFA, "max-failures = 0", "from 1 to 100"},
        {MFA, "lock-time = 2d", "from 1s to 24h"},
    };

    all_refused(*state, ALL(bad));
}

/* I-28: two steps either side, and no more, whatever is asked for. */
static void
test_window_is_capped(void **state)
{
    static const struct bad bad[] = {
        {MFA, "window = 3", "from 0 to 2"},
        {MFA, "window = 17", "from 0 to 2"},
        {MFA, "window = -1", "from 0 to 2"},
    };
    const struct confdir *dir = *state;

    all_refused(dir, ALL(bad));
    write_with(dir, MFA, "window = 2");
    struct conf *conf = accepted(dir);
    assert_int_equal(conf->mfa.window, 2);
    conf_free(conf);
}

static void
test_bad_saml_and_aws_values(void **state)
{
    static const struct bad bad[] = {
        {SAML, "-entity-id", "\"entity-id\" is missing"},
        {SAML, "-key", "\"key\" is missing"},
        {SAML, "-certificate", "\"certificate\" is missing"},
        {SAML, "entity-id = jump host", "write a URI"},
        {SAML, "entity-id = jump", "write a URI"},
        {SAML, "previous-certificate = old.crt", "absolute path"},
        {AWS, "-region", "no region in [aws]"},
        {AWS, "region = Frankfurt", "is no region"},
        {AWS, "region = eu-central", "is no region"},
        {AWS, "region = eu-central-1.evil.example", "is no region"},
        {AWS, "region = eu-central-1a", "is no region"},
        {AWS, "region = EU-central-1", "is no region"},
        {AWS, "fallback-regions = eu-west-1, x", "is no region"},
        {AWS, "endpoint = http://sts.example.com", "https://HOST"},
        {AWS, "endpoint = https://sts.example.com/path", "https://HOST"},
        {AWS, "endpoint = https://u:p@sts.example.com", "https://HOST"},
        {AWS, "endpoint = https://", "https://HOST"},
        {AWS, "endpoint = https:///", "https://HOST"},
        {AWS, "endpoint = https://sts.example.com//", "https://HOST"},
        {AWS, "proxy = proxy:3128", "http://HOST:PORT"},
        {AWS, "proxy = socks5://proxy", "http://HOST:PORT"},
        {AWS, "timeout = 121s", "from 1s to 2m"},
    };

    all_refused(*state, ALL(bad));
}

#define ROLE_NAME_OF_64 "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

/* I-61: what AWS would refuse is an error here, with the line, not at somebody's login. */
static void
test_bad_role_values(void **state)
{
    static const struct bad bad[] = {
        {ROLE, "-arn", "\"arn\" is missing"},
        {ROLE, "arn = arn:aws:iam::11112222333:role/Admin", "write the role's ARN"},
        {ROLE, "arn = arn:aws:iam::aws:role/Admin", "write the role's ARN"},
        {ROLE, "arn = arn:aws:iam::111122223333:user/Admin", "write the role's ARN"},
        {ROLE, "arn = arn:aws-iso:iam::111122223333:role/Admin", "write the role's ARN"},
        {ROLE, "arn = arn:aws:sts::111122223333:role/Admin", "write the role's ARN"},
        {ROLE, "arn = arn:aws:iam:eu-west-1:111122223333:role/Admin", "write the role's ARN"},
        {ROLE, "arn = arn:aws:iam::111122223333:role/", "write the role's ARN"},
        {ROLE, "arn = arn:aws:iam::111122223333:role/A B", "write the role's ARN"},
        {ROLE, "arn = arn:aws:iam::111122223333:role/team/" ROLE_NAME_OF_64 "x",
            "write the role's ARN"},
        {ROLE, "-provider", "\"provider\" is missing"},
        {ROLE, "provider = arn:aws:iam::111122223333:saml-provider/aws@fed", "SAML provider's ARN"},
        {ROLE, "provider = arn:aws:iam::111122223333:saml-provider/a/b", "SAML provider's ARN"},
        {ROLE, "provider = arn:aws:iam::111122223333:role/x", "SAML provider's ARN"},
        {ROLE, "provider = arn:aws:iam::444455556666:saml-provider/awsfed", "role's own account"},
        {ROLE, "provider = arn:aws-cn:iam::111122223333:saml-provider/awsfed",
            "role's own account"},
        {ROLE, "-groups", "neither groups nor users"},
        {ROLE, "groups =", "neither groups nor users"},
        {ROLE, "users = CORP\\alice", "write a user"},
        {ROLE, "users = a/b", "write a user"},
        {ROLE, "flow = sso", "write saml"},
        {ROLE, "duration = 14m", "from 15m to 12h"},
        {ROLE, "duration = 43201", "from 15m to 12h"},
        {ROLE, "mfa-age = 0", "duration"},
        {ROLE, "policy-arns = ReadOnlyAccess", "is no policy"},
        {ROLE, "policy-arns = arn:aws:iam::444455556666:policy/P",
            "is not in account 111122223333"},
        {ROLE, "policy-arns = arn:aws-cn:iam::aws:policy/P", "is not in account 111122223333"},
        {ROLE,
            "policy-arns = arn:aws:iam::aws:policy/0, arn:aws:iam::aws:policy/1, "
            "arn:aws:iam::aws:policy/2, arn:aws:iam::aws:policy/3, arn:aws:iam::aws:policy/4, "
            "arn:aws:iam::aws:policy/5, arn:aws:iam::aws:policy/6, arn:aws:iam::aws:policy/7, "
            "arn:aws:iam::aws:policy/8, arn:aws:iam::aws:policy/9, arn:aws:iam::aws:policy/10",
            "at most 10"},
        {ROLE, "tags = Department", "is no tag"},
        {ROLE, "tags = =x", "tag key"},
        {ROLE, "tags = aws:x=1", "AWS's own tags"},
        {ROLE, "tags = AWS:x=1", "AWS's own tags"},
        {ROLE, "tags = A=1, a=2", "only once"},
        {ROLE, "tags = A=<x>", "no character that AWS takes"},
        {ROLE, "tags = A!=x", "no character that AWS takes"},
        {ROLE, "tags = A=%{departement}", "is unknown"},
        {ROLE, "tags = A=%{ad:department", "not closed"},
        {ROLE, "transitive-tags = A", "none of its tags"},
        {ROLE, "session-name = %{usr}", "did you mean \"%{user}\"?"},
        {ROLE, "session-name = %{user", "not closed"},
        {ROLE, "session-name = %{user} x", "no character that AWS takes in a session name"},
        {ROLE, "session-name = x", "AWS takes 2 to 64"},
        {ROLE, "session-name = no!", "no character that AWS takes"},
        {ROLE, "source-identity = yes", "write no, or whose name"},
        {ROLE, "source-identity = yes%", "no character that AWS takes in a source identity"},
        {ROLE, "source-identity = %{ad:}", "names no attribute"},
        {ROLE, "region = cn-north-1", "set region in [role admin]"},
        {ROLE, "default = maybe", "write yes or no"},
    };
    all_refused(*state, ALL(bad));
}

static void
test_more_than_fifty_tags(void **state)
{
    const struct confdir *dir = *state;
    char line[2048] = "tags = ";
    size_t used = strlen(line);

    for (int i = 0; i < 51; i++)
        used += (size_t)snprintf(line + used, sizeof(line) - used, "%sT%d=x", i ? ", " : "", i);
    refused(dir, "awsfed.conf", write_with(dir, ROLE, line), "at most 50 tags", 1);
    *strrchr(line, ',') = '\0';
    (void)write_with(dir, ROLE, line);
    struct conf *conf = accepted(dir);
    assert_int_equal(conf->roles[0].n_tags, 50);
    conf_free(conf);
}

/* A value that may hold a secret by mistake is not repeated (I-57). */
static void
test_secrets_are_not_repeated(void **state)
{
    static const struct bad bad[] = {
        {DOMAIN, "service-password-file = hunter2", "bad value (not shown)"},
        {MFA, "seal-key = hunter2", "bad value (not shown)"},
        {SAML, "key = hunter2", "bad value (not shown)"},
        {AWS, "proxy = http://user:hunter2@proxy", "leave the user and password out"},
        {DOMAIN, "service-password = hunter2", "unknown key"},
    };
    const struct confdir *dir = *state;
    struct conf *conf = NULL;
    struct conf_errors errors;

    all_refused(dir, ALL(bad));
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        (void)write_with(dir, bad[i].heading, bad[i].line);
        assert_int_equal(conf_read(dir->path, &conf, &errors), FED_E_CONFIG);
        assert_null(strstr(errors.lines[0], "hunter2"));
        conf_errors_done(&errors);
    }
}

int
main(void)
{
#define CASE(f) cmocka_unit_test_setup_teardown(f, confdir_setup, confdir_teardown)
    const struct CMUnitTest tests[] = {
        CASE(test_bad_bridge_values),
        CASE(test_bad_domain_values),
        CASE(test_missing_service_keys),
        CASE(test_directory_store_needs_service_and_servers),
        CASE(test_no_service_identity),
        CASE(test_gssapi),
        CASE(test_groups_of_another_domain),
        CASE(test_bad_mfa_values),
        CASE(test_window_is_capped),
        CASE(test_bad_saml_and_aws_values),
        CASE(test_bad_role_values),
        CASE(test_more_than_fifty_tags),
        CASE(test_secrets_are_not_repeated),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
