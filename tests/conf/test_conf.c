/*
 * The configuration reader: every class of error with its file and line, merging, defaults, owner and mode.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "conf/conf.h"

#include "tests/conf/confdir.h"

/* Complete and right; each case changes it in one place. */
static const char *const complete[] = {
    "[bridge]",
    "workers = 8",
    "[domain corp.example.com]",
    "servers = dc1.corp.example.com, dc2.corp.example.com:1636",
    "service-bind = simple",
    "service-dn = CN=awsfed,OU=Service,DC=corp,DC=example,DC=com",
    "service-password-file = /etc/awsfed/service.password",
    "[mfa]",
    "seal-key = /etc/awsfed/seal.key",
    "[saml]",
    "entity-id = https://jump.corp.example.com/awsfed",
    "key = /etc/awsfed/saml.key",
    "certificate = /etc/awsfed/saml.crt",
    "[aws]",
    "region = eu-central-1",
    "[role admin]",
    "arn = arn:aws:iam::111122223333:role/Admin",
    "provider = arn:aws:iam::111122223333:saml-provider/awsfed",
    "groups = AWS-Prod-Admins",
};

enum { LINES = sizeof(complete) / sizeof(complete[0]), TEXT_MAX = 16384 };

static bool
same_key(const char *a, const char *b)
{
    size_t len = strcspn(a, " =");

    b += *b == '-';
    return len == strcspn(b, " =") && strncmp(a, b, len) == 0;
}

/*
 * Write the complete configuration with one line more below a heading, and without the line there
 * that has its key; "-key" only takes that line away. Returns the number of the new line, or of the
 * heading.
 */
static unsigned
write_with(const struct confdir *dir, const char *heading, const char *line)
{
    char text[TEXT_MAX] = "";
    size_t used = 0;
    unsigned n = 0, found = 0;
    bool inside = false, remove = line[0] == '-';

    for (size_t i = 0; i < LINES; i++) {
        if (complete[i][0] == '[')
            inside = strcmp(complete[i], heading) == 0;
        if (inside && same_key(complete[i], line))
            continue;
        used += (size_t)snprintf(text + used, sizeof(text) - used, "%s\n", complete[i]);
        n++;
        if (complete[i][0] == '[' && inside) {
            found = n;
            if (!remove) {
                used += (size_t)snprintf(text + used, sizeof(text) - used, "%s\n", line);
                found = ++n;
            }
        }
    }
    assert_true(used < sizeof(text) && found != 0);
    confdir_write(dir, "awsfed.conf", text);
    return found;
}

static bool
has_line(const struct conf_errors *errors, const char *start, const char *part)
{
    for (size_t i = 0; i < errors->n; i++)
        if (strncmp(errors->lines[i], start, strlen(start)) == 0 &&
            strstr(errors->lines[i], part) != NULL)
            return true;
    return false;
}

/* conf_read refuses, with an error "FILE:LINE: …part…", and n errors in all (0 = any number). */
static void
refused(const struct confdir *dir, const char *file, unsigned line, const char *part, size_t n)
{
    struct conf *conf = NULL;
    struct conf_errors errors;
    char start[256];

    (void)snprintf(start, sizeof(start), "%s/%s:%u: ", dir->path, file, line);
    if (line == 0)
        (void)snprintf(start, sizeof(start), "%s/%s: ", dir->path, file);
    assert_int_equal(conf_read(dir->path, &conf, &errors), FED_E_CONFIG);
    assert_null(conf);
    bool found = has_line(&errors, start, part);
    if (!found || (n != 0 && errors.n != n)) {
        print_error("wanted \"%s…%s\", %zu in all; got:\n", start, part, n);
        for (size_t i = 0; i < errors.n; i++)
            print_error("    %s\n", errors.lines[i]);
    }
    assert_true(found);
    if (n != 0)
        assert_int_equal(errors.n, n);
    conf_errors_done(&errors);
}

static struct conf *
accepted(const struct confdir *dir)
{
    struct conf *conf = NULL;
    struct conf_errors errors;
    int r = conf_read(dir->path, &conf, &errors);

    for (size_t i = 0; i < errors.n; i++)
        print_error("    %s\n", errors.lines[i]);
    assert_int_equal(r, 0);
    assert_int_equal(errors.n, 0);
    conf_errors_done(&errors);
    return conf;
}

struct bad {
    const char *heading, *line, *part;
};

static void
all_refused(const struct confdir *dir, const struct bad *bad, size_t n)
{
    for (size_t i = 0; i < n; i++)
        refused(dir, "awsfed.conf", write_with(dir, bad[i].heading, bad[i].line), bad[i].part, 1);
}

#define BRIDGE "[bridge]"
#define DOMAIN "[domain corp.example.com]"
#define MFA    "[mfa]"
#define SAML   "[saml]"
#define AWS    "[aws]"
#define ROLE   "[role admin]"
#define ALL(a) (a), sizeof(a) / sizeof((a)[0])

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
        {DOMAIN, "keytab = /etc/krb5.keytab", "unknown key"},
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
        {DOMAIN, "service-bind = gssapi", "does not have"},
        {DOMAIN, "service-bind = sasl", "write none or simple or gssapi"},
        {DOMAIN, "service-dn = svc", "write the DN"},
        {DOMAIN, "connect-timeout = 61s", "from 1s to 1m"},
        {DOMAIN, "timeout = 0s", "from 1s to 1m"},
        {DOMAIN, "connections = 0", "whole number"},
        {DOMAIN, "login-groups = CN=A,OU=B,DC=x", "put the DN in double quotes"},
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
        {AWS, "proxy = proxy:3128", "http://HOST:PORT"},
        {AWS, "proxy = socks5://proxy", "http://HOST:PORT"},
        {AWS, "timeout = 121s", "from 1s to 2m"},
    };

    all_refused(*state, ALL(bad));
}

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
        {ROLE, "-provider", "\"provider\" is missing"},
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
        CASE(test_bad_bridge_values),
        CASE(test_bad_domain_values),
        CASE(test_missing_service_keys),
        CASE(test_directory_store_needs_service_and_servers),
        CASE(test_no_service_identity),
        CASE(test_groups_of_another_domain),
        CASE(test_bad_mfa_values),
        CASE(test_window_is_capped),
        CASE(test_bad_saml_and_aws_values),
        CASE(test_bad_role_values),
        CASE(test_more_than_fifty_tags),
        CASE(test_secrets_are_not_repeated),
        CASE(test_duplicates),
        CASE(test_all_errors_are_reported),
        CASE(test_foreign_bytes),
        CASE(test_owner_and_mode),
        CASE(test_links_are_not_followed),
        CASE(test_missing_sections),
        CASE(test_two_domains),
        CASE(test_defaults),
        CASE(test_values_arrive),
        CASE(test_parts_replace_in_byte_order),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
