/*
 * What an administrator installs: the sample configuration loads, says every key, and so does the man page; the PAM
 * snippets decide as they say, tried with libpam and pam_debug in the places of the modules.
 * Run from the top folder.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "tests/conf/confdir.h"

#include <limits.h>
#include <security/pam_appl.h>

#include "base/secret.h"
#include "conf/conf.h"
#include "conf/keys.c" /* the table itself */

enum { FILE_MAX = 64 * 1024 };

static void
load(const char *path, struct fed_secret *ret)
{
    *ret = FED_SECRET_INIT(FILE_MAX);
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    assert_int_equal(fed_secret_resize(ret, FILE_MAX), 0);
    size_t n = fread(ret->data, 1, FILE_MAX - 1, file);
    assert_int_equal(fclose(file), 0);
    assert_true(n > 0);
    assert_int_equal(fed_secret_resize(ret, n), 0);
}

static void
loads_without_error(const struct confdir *dir, const char *text)
{
    struct conf *conf = NULL;
    struct conf_errors errors;

    confdir_write(dir, "awsfed.conf", text);
    int r = conf_read(dir->path, &conf, &errors);
    for (size_t i = 0; i < errors.n; i++)
        print_error("    %s\n", errors.lines[i]);
    assert_int_equal(r, 0);
    assert_int_equal(conf->n_roles, 2);
    conf_errors_done(&errors);
    conf_free(conf);
}

static void
test_sample_loads(void **state)
{
    struct fed_secret text;

    load("conf/awsfed.conf", &text);
    loads_without_error(*state, fed_secret_str(&text));
    fed_secret_done(&text);
}

/* "#key = value" at the beginning of a line, but not "# words". */
static bool
is_commented_key(const char *line)
{
    size_t len = strspn(line + 1, "abcdefghijklmnopqrstuvwxyz-");

    return line[0] == '#' && len > 0 && strncmp(line + 1 + len, " = ", 3) == 0;
}

/* Of lines of one key, one after the other, people take the "#" from one: does this one repeat the line before? */
static bool
is_alternative(const char *line, const char *before)
{
    size_t len = strcspn(line, "=");

    return is_commented_key(line) && is_commented_key(before) && strncmp(line, before, len) == 0;
}

/* Every commented-out line is right too: people take the "#" away and nothing else. */
static void
test_sample_loads_with_every_key(void **state)
{
    struct fed_secret text, all = FED_SECRET_INIT(FILE_MAX);

    load("conf/awsfed.conf", &text);
    for (const char *line = fed_secret_str(&text), *before = line, *next; *line != '\0';
         before = line, line = next) {
        size_t len = strcspn(line, "\n") + 1, skip = is_commented_key(line) ? 1 : 0;
        next = line + len;
        if (line != before && is_alternative(line, before))
            continue;
        if (strncmp(line, "#keytab = ", 10) == 0)
            continue; /* in the place of other lines, as stands there; test_gssapi has it */
        if (strncmp(line, "#policy = ", 10) == 0) { /* the sample itself, not yet installed */
            char path[PATH_MAX];
            assert_non_null(realpath("conf/policies/egress-address.json", path));
            assert_int_equal(fed_secret_addf(&all, "policy = %s\n", path), 0);
        } else {
            assert_int_equal(fed_secret_add(&all, line + skip, len - skip), 0);
        }
    }
    loads_without_error(*state, fed_secret_str(&all));
    fed_secret_done(&text);
    fed_secret_done(&all);
}

/* The part of a text from one heading to the next that begins like one. */
static void
cut_part(
    const struct fed_secret *text, const char *heading, const char *next, char *to, size_t size)
{
    const char *start = strstr(fed_secret_str(text), heading);

    assert_non_null(start);
    const char *end = strstr(start + strlen(heading), next);
    if (end == NULL)
        end = start + strlen(start);
    assert_true((size_t)(end - start) < size);
    memcpy(to, start, (size_t)(end - start));
    to[end - start] = '\0';
}

static void
test_every_key_is_described(void **state)
{
    static const char *const headings[SECTION_KINDS] = {"[bridge]", "[domain ", "[mfa]",
        "[mfa-rule ", "[saml]", "[oidc]", "[aws]", "[role ", "[role-pattern "};
    static char sample_part[FILE_MAX], man_part[FILE_MAX];
    struct fed_secret sample, man;
    char wanted[128], commented[128];

    (void)state;
    load("conf/awsfed.conf", &sample);
    load("conf/man/awsfed.conf.5", &man);
    for (size_t i = 0; i < KEYS; i++) {
        const char *heading = headings[keys[i].section];
        (void)snprintf(wanted, sizeof(wanted), "\n%s", heading);
        cut_part(&sample, wanted, "\n[", sample_part, sizeof(sample_part));
        (void)snprintf(wanted, sizeof(wanted), "\n.Ss %s", heading);
        cut_part(&man, wanted, "\n.S", man_part, sizeof(man_part));

        (void)snprintf(wanted, sizeof(wanted), "\n%s = ", keys[i].name);
        (void)snprintf(commented, sizeof(commented), "\n#%s = ", keys[i].name);
        if (strstr(sample_part, wanted) == NULL && strstr(sample_part, commented) == NULL)
            fail_msg("%s%s is not in conf/awsfed.conf", heading, keys[i].name);
        (void)snprintf(wanted, sizeof(wanted), " Cm %s", keys[i].name);
        if (strstr(man_part, wanted) == NULL)
            fail_msg("%s%s is not in conf/man/awsfed.conf.5", heading, keys[i].name);
    }
    fed_secret_done(&sample);
    fed_secret_done(&man);
}

/* ---- The PAM snippets ---- */

static const char *const services[] = {"sshd", "login", "sudo", "sudo-code", "su"};

static int
no_conversation(int n, const struct pam_message **msg, struct pam_response **resp, void *arg)
{
    (void)n, (void)msg, (void)resp, (void)arg;
    return PAM_CONV_ERR;
}

/*
 * The service file with pam_debug, returning these codes, for pam_awsfed and pam_unix; modules that
 * only look at the host or the caller are left out.
 */
static void
write_service(const struct confdir *dir, const char *service, const char *awsfed, const char *local)
{
    static const char *const skipped[] = {"pam_nologin", "pam_rootok", "pam_cap", "pam_faildelay",
        "pam_group", "pam_selinux", "pam_loginuid", "pam_keyinit", "pam_systemd", "pam_motd",
        "pam_mail", "pam_limits", "pam_env", "pam_lastlog"};
    char path[128], line[512], text[8192] = "";
    size_t used = 0;

    (void)snprintf(path, sizeof(path), "conf/pam.d/%s", service);
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    while (fgets(line, sizeof(line), file) != NULL) {
        bool skip = line[0] == '#' || line[0] == '\n';
        for (size_t i = 0; i < sizeof(skipped) / sizeof(skipped[0]); i++)
            skip = skip || strstr(line, skipped[i]) != NULL;
        char *module = strstr(line, "pam_");
        const char *code = module == NULL                           ? NULL
                           : strncmp(module, "pam_awsfed", 10) == 0 ? awsfed
                           : strncmp(module, "pam_unix", 8) == 0    ? local
                                                                    : NULL;
        if (skip)
            continue;
        if (code == NULL) {
            assert_non_null(module);
            used += (size_t)snprintf(text + used, sizeof(text) - used, "%s", line);
            continue;
        }
        *module = '\0';
        used += (size_t)snprintf(text + used, sizeof(text) - used,
            "%spam_debug.so auth=%s cred=%s acct=%s prechauthtok=%s chauthtok=%s open_session=%s "
            "close_session=%s\n",
            line, code, code, code, code, code, code, code);
    }
    assert_int_equal(fclose(file), 0);
    assert_true(used > 0 && used < sizeof(text));
    confdir_write(dir, service, text);
}

struct outcome {
    int auth, cred, account, password, session;
};

static struct outcome
run_service(const struct confdir *dir, const char *service, const char *awsfed, const char *local)
{
    const struct pam_conv conv = {no_conversation, NULL};
    struct outcome outcome;
    pam_handle_t *pamh = NULL;

    write_service(dir, service, awsfed, local);
    assert_int_equal(pam_start_confdir(service, "nobody", &conv, dir->path, &pamh), PAM_SUCCESS);
    outcome.auth = pam_authenticate(pamh, PAM_SILENT);
    outcome.cred = pam_setcred(pamh, PAM_ESTABLISH_CRED | PAM_SILENT);
    outcome.account = pam_acct_mgmt(pamh, PAM_SILENT);
    outcome.password = pam_chauthtok(pamh, PAM_SILENT);
    outcome.session = pam_open_session(pamh, PAM_SILENT);
    assert_int_equal(pam_end(pamh, outcome.session), PAM_SUCCESS);
    return outcome;
}

static bool
has_password_phase(const char *service)
{
    return strncmp(service, "sudo", 4) != 0;
}

/* pam_awsfed's yes is enough, whatever pam_unix thinks of an account it does not have. */
static void
test_pam_success_decides(void **state)
{
    for (size_t i = 0; i < sizeof(services) / sizeof(services[0]); i++) {
        struct outcome o = run_service(*state, services[i], "success", "perm_denied");
        assert_int_equal(o.auth, PAM_SUCCESS);
        assert_int_equal(o.cred, PAM_SUCCESS);
        assert_int_equal(o.account, PAM_SUCCESS);
        if (has_password_phase(services[i]))
            assert_int_equal(o.password, PAM_SUCCESS);
        o = run_service(*state, services[i], "success", "success");
        assert_int_equal(o.session, PAM_SUCCESS);
    }
}

/* I-23: local accounts get what pam_unix says, yes and no. */
static void
test_pam_leaves_local_users_alone(void **state)
{
    static const char *const aside[] = {"ignore", "user_unknown"};

    for (size_t i = 0; i < sizeof(services) / sizeof(services[0]); i++) {
        for (size_t j = 0; j < 2; j++) {
            struct outcome o = run_service(*state, services[i], aside[j], "success");
            assert_int_equal(o.auth, PAM_SUCCESS);
            assert_int_equal(o.cred, PAM_SUCCESS);
            assert_int_equal(o.account, PAM_SUCCESS);
            assert_int_equal(o.session, PAM_SUCCESS);
            if (has_password_phase(services[i]))
                assert_int_equal(o.password, PAM_SUCCESS);
            o = run_service(*state, services[i], aside[j], "auth_err");
            assert_int_not_equal(o.auth, PAM_SUCCESS);
            assert_int_not_equal(o.account, PAM_SUCCESS);
            assert_int_not_equal(o.password, PAM_SUCCESS);
        }
    }
}

/* I-43: no error of pam_awsfed opens the way past it, though pam_unix would say yes. */
static void
test_pam_errors_are_final(void **state)
{
    static const char *const errors[] = {"auth_err", "authinfo_unavail", "maxtries", "perm_denied",
        "acct_expired", "service_err", "system_err", "session_err", "cred_err", "authtok_err",
        "buf_err", "abort", "module_unknown", "try_again", "conv_err", "no_module_data"};

    for (size_t i = 0; i < sizeof(services) / sizeof(services[0]); i++) {
        for (size_t j = 0; j < sizeof(errors) / sizeof(errors[0]); j++) {
            struct outcome o = run_service(*state, services[i], errors[j], "success");
            assert_int_not_equal(o.auth, PAM_SUCCESS);
            assert_int_not_equal(o.account, PAM_SUCCESS);
            assert_int_not_equal(o.password, PAM_SUCCESS);
            /* sudo opens no ticket. */
            if (strncmp(services[i], "sudo", 4) != 0)
                assert_int_not_equal(o.session, PAM_SUCCESS);
        }
    }
}

/* I-13: the account phase's wish for a new password reaches the application. */
static void
test_pam_asks_for_a_new_password(void **state)
{
    for (size_t i = 0; i < sizeof(services) / sizeof(services[0]); i++) {
        struct outcome o = run_service(*state, services[i], "new_authtok_reqd", "success");
        assert_int_equal(o.account, PAM_NEW_AUTHTOK_REQD);
        assert_int_not_equal(o.auth, PAM_SUCCESS);
    }
}

int
main(void)
{
#define CASE(f) cmocka_unit_test_setup_teardown(f, confdir_setup, confdir_teardown)
    const struct CMUnitTest tests[] = {
        CASE(test_sample_loads),
        CASE(test_sample_loads_with_every_key),
        CASE(test_every_key_is_described),
        CASE(test_pam_success_decides),
        CASE(test_pam_leaves_local_users_alone),
        CASE(test_pam_errors_are_final),
        CASE(test_pam_asks_for_a_new_password),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
