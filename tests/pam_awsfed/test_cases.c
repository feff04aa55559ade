/*
 * Play every tests/pam_awsfed/cases/NAME.case against the built module, under the real libpam. Each
 * is a test of its name. In each, beside what the file says: PAM_USER is byte-identical afterwards
 * (I-17) and no answer, receipt or preset password is in the log, at any level (I-57).
 * SPDX-License-Identifier: Apache-2.0
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <dirent.h>
#include <signal.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "base/text.h"
#include "tests/base/skip.h"
#include "tests/pam_awsfed/fake_bridge.h"
#include "tests/pam_awsfed/guest.h"
#include "tests/pam_awsfed/case.h"

enum { CASES_MAX = 256 };

/* What the conversation function works on. */
struct talk {
    const struct case_file *file;
    const struct case_call *call;
    size_t at;
    char fault[512];
};

static const struct {
    int code;
    const char *name;
} codes[] = {{PAM_SUCCESS, "SUCCESS"}, {PAM_AUTH_ERR, "AUTH_ERR"},
    {PAM_AUTHINFO_UNAVAIL, "AUTHINFO_UNAVAIL"}, {PAM_MAXTRIES, "MAXTRIES"},
    {PAM_USER_UNKNOWN, "USER_UNKNOWN"}, {PAM_PERM_DENIED, "PERM_DENIED"},
    {PAM_SERVICE_ERR, "SERVICE_ERR"}, {PAM_SESSION_ERR, "SESSION_ERR"}, {PAM_CRED_ERR, "CRED_ERR"},
    {PAM_ACCT_EXPIRED, "ACCT_EXPIRED"}, {PAM_NEW_AUTHTOK_REQD, "NEW_AUTHTOK_REQD"},
    {PAM_AUTHTOK_ERR, "AUTHTOK_ERR"}, {GUEST_IGNORED, "IGNORE"}};

static const char *
code_name(int code)
{
    static char number[16];

    for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
        if (codes[i].code == code)
            return codes[i].name;
    }
    (void)snprintf(number, sizeof(number), "%d", code);
    return number;
}

static int
turn_style(enum case_kind kind)
{
    if (kind == CASE_ASK)
        return PAM_PROMPT_ECHO_OFF;
    return kind == CASE_SAY_ERROR ? PAM_ERROR_MSG : PAM_TEXT_INFO;
}

/* The turns of the round that begins where the talk stands; 0 when nothing more is expected. */
static size_t
round_size(const struct talk *t)
{
    size_t n = 0;

    while (t->at + n < t->call->n_turns &&
           t->call->turns[t->at + n].round == t->call->turns[t->at].round)
        n++;
    return n;
}

static int
converse(int n, const struct pam_message **messages, struct pam_response **ret, void *data)
{
    struct talk *t = data;
    /* pam_debug, the line behind ours (guest.h), says what it returns; it is not our module's text. */
    if (n == 1 && (strstr(messages[0]->msg, "=cred_expired") != NULL ||
                      strcmp(messages[0]->msg, "prechauthtok=success") == 0))
        return PAM_CONV_ERR;
    size_t expected = round_size(t);
    struct pam_response *responses = calloc((size_t)n, sizeof(*responses));

    assert_non_null(responses);
    if ((size_t)n != expected) {
        (void)snprintf(t->fault, sizeof(t->fault), "%d messages where the file has %zu; first: %s",
            n, expected, messages[0]->msg);
        free(responses);
        return PAM_CONV_ERR;
    }
    enum case_break breaks = CASE_NO_BREAK;
    for (size_t i = 0; i < expected; i++) {
        const struct case_turn *turn = &t->call->turns[t->at + i];
        if (messages[i]->msg_style != turn_style(turn->kind) ||
            strcmp(messages[i]->msg, turn->text) != 0)
            (void)snprintf(t->fault, sizeof(t->fault), "message of style %d: %s",
                messages[i]->msg_style, messages[i]->msg);
        /* An answer to a text is not asked for; the module must free it all the same. */
        responses[i].resp = turn->kind != CASE_ASK ? strdup("")
                            : turn->answer != NULL ? strdup(turn->answer)
                                                   : NULL;
        if (turn->breaks != CASE_NO_BREAK)
            breaks = turn->breaks;
    }
    t->at += expected;
    if (breaks == CASE_BREAK_NOTHING) {
        for (size_t i = 0; i < expected; i++)
            free(responses[i].resp);
        free(responses);
        return PAM_SUCCESS;
    }
    *ret = responses;
    return breaks == CASE_BREAK_ERROR ? PAM_CONV_ERR : PAM_SUCCESS;
}

static int
perform(pam_handle_t *pamh, const struct case_call *call)
{
    if (strcmp(call->function, "authenticate") == 0)
        return pam_authenticate(pamh, call->flags);
    if (strcmp(call->function, "account") == 0)
        return pam_acct_mgmt(pamh, call->flags);
    if (strcmp(call->function, "open") == 0)
        return pam_open_session(pamh, call->flags);
    if (strcmp(call->function, "close") == 0)
        return pam_close_session(pamh, call->flags);
    if (strcmp(call->function, "chauthtok") == 0)
        return pam_chauthtok(pamh, call->flags);
    return pam_setcred(pamh, call->flags);
}

/* A request's number is random, and long enough to have the digits of a code in it by chance. */
static void
blank_request_numbers(char *log)
{
    static const char before[] = "[request ";

    for (char *at = log; (at = strstr(at, before)) != NULL;) {
        at += sizeof(before) - 1;
        memset(at, '#', strspn(at, "0123456789"));
    }
}

static void
assert_no_secret(const struct case_file *c, const char *secret)
{
    if (secret == NULL || strlen(secret) < 4 || strcmp(secret, c->user) == 0)
        return;
    blank_request_numbers(guest.log);
    if (strstr(guest.log, secret) != NULL)
        fail_msg("%s: a secret is in the log: %s", c->path, guest.log);
}

static void
check_log(const struct case_file *c, const struct case_call *call)
{
    for (size_t i = 0; i < call->n_logs; i++) {
        if (strstr(guest.log, call->logs[i]) == NULL)
            fail_msg("%s: %s: not in the log: %s\nlog: %s", c->path, call->function, call->logs[i],
                guest.log);
    }
    for (size_t i = 0; i < call->n_turns; i++)
        assert_no_secret(c, call->turns[i].answer);
    assert_no_secret(c, c->authtok);
    assert_no_secret(c, c->oldauthtok);
    for (const char *p = guest.log; *p != '\0'; p++)
        assert_true(*p == '\n' || (unsigned char)*p >= ' ');
}

static void
check_env(const struct case_file *c, const struct case_call *call, pam_handle_t *pamh)
{
    for (size_t i = 0; i < call->n_is; i++) {
        char name[64] = "";
        const char *equals = strchr(call->is[i], '=');
        size_t len = equals != NULL ? (size_t)(equals - call->is[i]) : strlen(call->is[i]);
        assert_true(len < sizeof(name));
        memcpy(name, call->is[i], len);
        const char *value = pam_getenv(pamh, name);
        if ((value == NULL) != (equals == NULL) ||
            (value != NULL && strcmp(value, equals + 1) != 0))
            fail_msg("%s: after %s: %s is %s", c->path, call->function, call->is[i],
                value != NULL ? value : "not set");
        assert_no_secret(c, equals != NULL && strcmp(name, "AWSFED_RECEIPT") == 0 ? value : NULL);
    }
}

static void
play_call(
    const struct case_file *c, const struct case_call *call, pam_handle_t *pamh, struct talk *talk)
{
    const void *user = NULL;

    talk->call = call;
    talk->at = 0;
    guest.log[0] = guest.left[0] = '\0';
    int code = perform(pamh, call);
    if (talk->fault[0] != '\0')
        fail_msg("%s: %s: unexpected conversation: %s", c->path, call->function, talk->fault);
    if (!c->mute && talk->at != call->n_turns)
        fail_msg(
            "%s: %s: %zu turns of %zu happened", c->path, call->function, talk->at, call->n_turns);
    if (call->returns == NULL || strcmp(code_name(code), call->returns) != 0)
        fail_msg("%s: %s returned %s, not %s\nlog: %s", c->path, call->function, code_name(code),
            call->returns, guest.log);
    check_log(c, call);
    check_env(c, call, pamh);
    assert_string_equal(guest.left, call->leaves != NULL ? call->leaves : "");
    assert_int_equal(pam_get_item(pamh, PAM_USER, &user), PAM_SUCCESS);
    if (c->unnamed)
        assert_null(user);
    else
        assert_string_equal(user, c->user);
}

static void
check_requests(const struct case_file *c, const struct fake_bridge *bridge)
{
    if (bridge->served != c->n_script)
        fail_msg(
            "%s: the bridge was asked %zu times, not %zu", c->path, bridge->served, c->n_script);
    for (size_t i = 0; i < c->n_script; i++) {
        if (c->script[i].manner != FAKE_CLOSE && strcmp(c->script[i].asked, c->expected[i]) != 0)
            fail_msg("%s: the bridge was asked\n  %s\nand not\n  %s", c->path, c->script[i].asked,
                c->expected[i]);
    }
}

static void
write_listed(const struct case_file *c, const struct fake_bridge *bridge)
{
    char path[128];

    if (c->listed[0] == '\0')
        return;
    (void)snprintf(path, sizeof(path), "%s/local-users", bridge->folder);
    FILE *f = fopen(path, "we");
    assert_non_null(f);
    fputs(c->listed, f);
    assert_int_equal(fclose(f), 0);
    assert_int_equal(chmod(path, 0644), 0);
}

static pam_handle_t *
start_pam(const struct case_file *c, const struct fake_bridge *bridge, const struct pam_conv *conv)
{
    pam_handle_t *pamh = NULL;

    assert_int_equal(
        pam_start_confdir("awsfed", c->unnamed ? NULL : c->user, conv, bridge->folder, &pamh),
        PAM_SUCCESS);
    if (c->rhost != NULL)
        assert_int_equal(pam_set_item(pamh, PAM_RHOST, c->rhost), PAM_SUCCESS);
    if (c->tty != NULL)
        assert_int_equal(pam_set_item(pamh, PAM_TTY, c->tty), PAM_SUCCESS);
    for (size_t i = 0; i < c->n_env; i++)
        assert_int_equal(pam_putenv(pamh, c->env[i]), PAM_SUCCESS);
    return pamh;
}

static void
play(void **state)
{
    struct case_file *c = case_read(*state);
    struct talk talk = {.file = c};
    struct pam_conv conv = {.conv = c->mute ? NULL : converse, .appdata_ptr = &talk};
    /* A bridge that nobody should ask still listens, so that a request out of turn is seen. */
    struct fake_exchange none = {.status = FED_E_DENIED};
    struct fake_bridge bridge;

    if (c->listed[0] != '\0' && geteuid() != 0) {
        case_free(c);
        SKIP("only root can write a list that is believed");
    }
    fake_init(&bridge);
    write_listed(c, &bridge);
    guest_write_service(bridge.folder, bridge.path, c->options);
    if (!c->nobody)
        fake_start(&bridge, c->n_script > 0 ? c->script : &none, c->n_script > 0 ? c->n_script : 1);
    guest.authtok = c->authtok;
    guest.oldauthtok = c->oldauthtok;
    pam_handle_t *pamh = start_pam(c, &bridge, &conv);
    guest_set_speed(c->speed);
    for (size_t i = 0; i < c->n_calls; i++)
        play_call(c, &c->calls[i], pamh, &talk);
    guest_set_speed(0);
    guest.authtok = guest.oldauthtok = NULL;
    assert_int_equal(pam_end(pamh, PAM_SUCCESS), PAM_SUCCESS);
    fake_done(&bridge);
    if (!c->nobody)
        check_requests(c, &bridge);
    assert_true(c->n_calls > 0);
    case_free(c);
}

static int
is_case(const struct dirent *entry)
{
    size_t len = strlen(entry->d_name);

    return len > 5 && strcmp(entry->d_name + len - 5, ".case") == 0;
}

int
main(void)
{
    static struct CMUnitTest tests[CASES_MAX];
    const char *folder = getenv("AWSFED_CASES");
    struct dirent **entries = NULL;
    int failed, n;

    if (folder == NULL)
        folder = "tests/pam_awsfed/cases";
    n = scandir(folder, &entries, is_case, alphasort);
    if (n <= 0 || n > CASES_MAX) {
        fprintf(stderr, "no cases in %s: run from the top folder, or set AWSFED_CASES\n", folder);
        return 1;
    }
    for (int i = 0; i < n; i++) {
        char path[PATH_MAX];
        (void)snprintf(path, sizeof(path), "%s/%s", folder, entries[i]->d_name);
        char *name = strndup(entries[i]->d_name, strlen(entries[i]->d_name) - 5);
        tests[i] =
            (struct CMUnitTest){.name = name, .test_func = play, .initial_state = strdup(path)};
        free(entries[i]);
    }
    free(entries);
    (void)signal(SIGPIPE, SIG_DFL); /* whatever this was started with: it is to kill */
    failed = _cmocka_run_group_tests("cases", tests, (size_t)n, NULL, NULL);
    for (int i = 0; i < n; i++) {
        free((char *)(uintptr_t)tests[i].name);
        free(tests[i].initial_state);
    }
    return failed;
}
