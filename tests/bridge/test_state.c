/*
 * What survives a restart: the JSON, and tickets and sessions taken over from it.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/wire.h"
#include "bridge/saver.h"
#include "bridge/state.h"
#include "bridge/state_file.h"

enum { BOTH = WIRE_FACTOR_PASSWORD | WIRE_FACTOR_CODE, ALICE = 2000, BOB = 2001, LIFETIME = 3600 };

static const char *
name_domain(void *arg, size_t domain)
{
    (void)arg;
    return domain == 1 ? "corp.example.com" : "other.example.com";
}

static bool
find_domain(void *arg, const char *name, size_t *ret)
{
    (void)arg;
    *ret = 0; /* another place than before */
    return strcmp(name, "corp.example.com") == 0;
}

static struct tickets *
fresh(bool linger)
{
    struct tickets_options options = {.lifetime_s = LIFETIME, .linger = linger};
    struct tickets *t = NULL;

    assert_int_equal(tickets_new(&options, &t), 0);
    return t;
}

static void
sign_in(struct tickets *t, uid_t uid, size_t domain)
{
    struct proof p = {.domain = domain, .factors = BOTH, .code_s = 77};
    struct ticket *got = NULL, *used = NULL;

    (void)snprintf(p.sid, sizeof(p.sid), "S-1-5-21-1-2-3-%u", (unsigned)uid);
    (void)snprintf(p.person.sam, sizeof(p.person.sam), "al\"ice\\");
    (void)snprintf(p.rhost, sizeof(p.rhost), "192.0.2.7");
    assert_int_equal(tickets_sign_in(t, uid, "alice", &p, &got), 0);
    assert_int_equal(tickets_use(t, got, "prod", &used), 0);
    ticket_unref(got);
    ticket_unref(used);
}

static pid_t
start_process(void)
{
    pid_t child = fork();

    if (child == 0) {
        (void)pause();
        _exit(0);
    }
    return child;
}

static void
end_process(pid_t child)
{
    assert_int_equal(kill(child, SIGKILL), 0);
    assert_int_equal(waitpid(child, NULL, 0), child);
}

/* Through JSON, as a restart does it. */
static void
save(struct tickets *t, struct fed_secret *text)
{
    struct state s;

    *text = FED_SECRET_INIT(STATE_MAX);
    assert_int_equal(tickets_save(t, name_domain, NULL, &s), 0);
    assert_int_equal(state_format(&s, text), 0);
    state_done(&s);
}

static struct tickets *
restart(struct fed_secret *text, bool linger, unsigned tickets, unsigned sessions)
{
    struct tickets *t = fresh(linger);
    unsigned n_tickets = 99, n_sessions = 99;
    struct state s;

    assert_int_equal(state_parse(text->data, text->len, &s), 0);
    assert_int_equal(tickets_restore(t, &s, find_domain, NULL, &n_tickets, &n_sessions), 0);
    assert_int_equal(n_tickets, tickets);
    assert_int_equal(n_sessions, sessions);
    state_done(&s);
    fed_secret_done(text);
    return t;
}

static int
find(struct tickets *t, const char *token)
{
    unsigned char hash[TOKEN_HASH_SIZE];
    uid_t uid = 0;

    assert_int_equal(token_hash(token, TOKEN_SIZE - 1, hash), 0);
    int r = tickets_find_endpoint(t, hash, &uid);
    return r == 0 ? (int)uid : r;
}

static void
test_a_restart_signs_nobody_out(void **state)
{
    struct tickets *t = fresh(false);
    char session[TOKEN_SIZE], token[TOKEN_SIZE];
    struct ticket *before = NULL, *after = NULL;
    struct fed_secret text;

    (void)state;
    assert_int_equal(tickets_open_session(t, ALICE, getpid(), session), 0);
    sign_in(t, ALICE, 1);
    assert_int_equal(tickets_add_endpoint(t, session, token), 0);
    assert_int_equal(tickets_get(t, ALICE, &before), 0);
    save(t, &text);
    assert_null(strstr(fed_secret_str(&text), token)); /* nothing in it opens anything */
    assert_null(strstr(fed_secret_str(&text), session));
    tickets_free(t);

    t = restart(&text, false, 1, 1);
    assert_int_equal(tickets_get(t, ALICE, &after), 0);
    assert_string_equal(after->id, before->id);
    assert_string_equal(after->user, "alice");
    assert_string_equal(after->use, "prod");
    assert_string_equal(after->proof.sid, before->proof.sid);
    assert_string_equal(after->proof.person.sam, "al\"ice\\");
    assert_string_equal(after->proof.rhost, "192.0.2.7");
    assert_int_equal(after->proof.code_s, 77);
    assert_int_equal(after->proof.domain, 0);
    assert_int_equal(after->ends_s, before->ends_s);
    assert_int_equal(after->proof.n_roles, 0);
    assert_int_equal(after->checked_s, 0); /* I-60: the directory is asked again first */
    assert_int_equal(find(t, token), ALICE);
    ticket_unref(before);
    ticket_unref(after);
    assert_int_equal(tickets_close_session(t, session), 0);
    assert_int_equal(tickets_get(t, ALICE, &after), FED_E_NO_TICKET);
    tickets_free(t);
}

/* The session's process ended while no bridge was there to see it, and its number may be another's by now. */
static void
test_what_ended_meanwhile_is_not_taken_over(void **state)
{
    struct tickets *t = fresh(false);
    char session[TOKEN_SIZE], token[TOKEN_SIZE];
    struct ticket *got = NULL;
    struct fed_secret text;
    pid_t child = start_process();

    (void)state;
    assert_int_equal(tickets_open_session(t, ALICE, child, session), 0);
    sign_in(t, ALICE, 1);
    sign_in(t, BOB, 1); /* without a session, by awsfed-login: goes on */
    assert_int_equal(tickets_add_endpoint(t, session, token), 0);
    save(t, &text);
    tickets_free(t);
    end_process(child);
    t = restart(&text, false, 1, 0);
    assert_int_equal(tickets_get(t, ALICE, &got), FED_E_NO_TICKET);
    assert_int_equal(find(t, token), FED_E_DENIED);
    tickets_free(t);
}

static void
test_what_lingers_is_taken_over(void **state)
{
    struct tickets *t = fresh(true);
    char session[TOKEN_SIZE], token[TOKEN_SIZE];
    struct fed_secret text;
    pid_t child = start_process();

    (void)state;
    assert_int_equal(tickets_open_session(t, ALICE, child, session), 0);
    sign_in(t, ALICE, 1);
    assert_int_equal(tickets_add_endpoint(t, session, token), 0);
    save(t, &text);
    end_process(child);
    struct tickets *again = restart(&text, true, 1, 0);
    assert_int_equal(find(again, token), ALICE);
    tickets_free(again);

    assert_int_equal(tickets_close_session(t, session), 0);
    save(t, &text);
    again = restart(&text, false, 1, 0); /* the configuration has changed */
    assert_int_equal(find(again, token), FED_E_DENIED);
    tickets_free(again);
    tickets_free(t);
}

static void
replace(struct fed_secret *text, const char *what, const char *by)
{
    char *at = strstr((char *)text->data, what);

    assert_non_null(at);
    assert_int_equal(strlen(what), strlen(by));
    memcpy(at, by, strlen(by));
}

static void
test_other_boots_domains_and_lifetimes_are_not_taken_over(void **state)
{
    struct tickets *t = fresh(false), *again;
    struct fed_secret text;
    struct state s;

    (void)state;
    sign_in(t, ALICE, 0); /* of a domain that is configured no more */
    save(t, &text);
    tickets_free(restart(&text, false, 0, 0));
    assert_int_equal(tickets_end_uid(t, ALICE), 1);

    sign_in(t, ALICE, 1);
    assert_int_equal(tickets_save(t, name_domain, NULL, &s), 0);
    s.boot[0] = s.boot[0] == '0' ? '1' : '0';
    text = FED_SECRET_INIT(STATE_MAX);
    assert_int_equal(state_format(&s, &text), 0);
    state_done(&s);
    tickets_free(restart(&text, false, 0, 0));

    /* Somebody prolonged it by hand; a clock went back; it is over. */
    static const int64_t moves[][2] = {{0, 1}, {3000, 3000}, {-LIFETIME - 1, -LIFETIME - 1}};
    for (size_t i = 0; i < sizeof(moves) / sizeof(moves[0]); i++) {
        unsigned n_tickets, n_sessions;
        assert_int_equal(tickets_save(t, name_domain, NULL, &s), 0);
        s.tickets[0].started_s += moves[i][0];
        s.tickets[0].ends_s += moves[i][1];
        again = fresh(false);
        assert_int_equal(tickets_restore(again, &s, find_domain, NULL, &n_tickets, &n_sessions), 0);
        assert_int_equal(n_tickets, 0);
        tickets_free(again);
        state_done(&s);
    }
    tickets_free(t);
}

/* Cut anywhere, or with any byte changed, it is read wholly or not at all. */
static void
test_damaged_json_is_refused(void **state)
{
    static const char *const bad[] = {"", "{}", "[]", "null", "{\"version\": 1}",
        "{\"version\": 2, \"boot\": \"\", \"tickets\": [], \"sessions\": []}",
        "{\"version\": 1, \"boot\": \"\", \"tickets\": {}, \"sessions\": []}",
        "{\"version\": 1, \"boot\": \"\", \"tickets\": [], \"sessions\": [], \"x\": 1}",
        "{\"version\": 1, \"version\": 1, \"boot\": \"\", \"tickets\": [], \"sessions\": []}",
        "{\"version\": 1, \"boot\": \"\", \"tickets\": [1], \"sessions\": []}",
        "{\"version\": 1, \"boot\": \"\", \"tickets\": [], \"sessions\": []} x"};
    struct tickets *t = fresh(false);
    char session[TOKEN_SIZE];
    struct fed_secret text, copy = FED_SECRET_INIT(STATE_MAX);
    struct state s;

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_int_equal(state_parse(bad[i], strlen(bad[i]), &s), FED_E_INVALID);
    assert_int_equal(tickets_open_session(t, ALICE, getpid(), session), 0);
    sign_in(t, ALICE, 1);
    save(t, &text);
    for (size_t len = 0; len < text.len - 2; len++)
        assert_int_equal(state_parse(text.data, len, &s), FED_E_INVALID);
    static const char *const swaps[][2] = {{"\"uid\": 2000", "\"uid\": -200"},
        {"\"uid\": 2000", "\"uid\": 2.00"}, {"S-1-5-21", "S-1-x-21"}, {"\"alice\"", "\"-lice\""},
        {"\"factors\": 3", "\"factors\":-3"}, {"\"endpoint\": \"\"", "\"endpoint\": 12"},
        {"\"lingers\": false", "\"lingers\": 11111"}, {"\"tty\"", "\"ttx\""}};
    for (size_t i = 0; i < sizeof(swaps) / sizeof(swaps[0]); i++) {
        assert_int_equal(fed_secret_set(&copy, text.data, text.len), 0);
        replace(&copy, swaps[i][0], swaps[i][1]);
        assert_int_equal(state_parse(copy.data, copy.len, &s), FED_E_INVALID);
    }
    fed_secret_done(&copy);
    fed_secret_done(&text);
    tickets_free(t);
}

/* ---- The thread that saves ---- */

static struct saver *saver;

static void
on_changed(void *arg)
{
    (void)arg;
    saver_changed(saver);
}

static bool
saved(const char *dir, const char *what)
{
    struct fed_secret text = FED_SECRET_INIT(STATE_MAX);
    char why[STATE_FILE_WHY_MAX];
    int r = state_file_read(dir, "sessions.json", getuid(), &text, why);
    bool found = r == 0 && strstr(fed_secret_str(&text), what) != NULL;

    fed_secret_done(&text);
    return found;
}

static void
test_what_has_changed_is_on_disk(void **state)
{
    char dir[] = "/tmp/awsfed-saver-XXXXXX", path[64];
    struct conf_domain domain = {.name = (char[]){"corp.example.com"}};
    struct conf conf = {.domains = &domain, .n_domains = 1};
    struct tickets_options options = {.lifetime_s = LIFETIME, .changed = on_changed};
    struct tickets *t = NULL;
    struct ticket *got = NULL;

    (void)state;
    assert_non_null(mkdtemp(dir));
    conf.bridge.state_dir = dir;
    (void)snprintf(path, sizeof(path), "%s/sessions.json", dir);
    assert_int_equal(tickets_new(&options, &t), 0);
    assert_int_equal(saver_new(&conf, t, &saver), 0);
    sign_in(t, ALICE, 0);
    saver_wait(saver);
    assert_true(saved(dir, "\"uid\": 2000"));
    assert_int_equal(tickets_end_uid(t, ALICE), 1);
    saver_wait(saver);
    assert_false(saved(dir, "\"uid\": 2000"));

    /* At the end of the bridge what is left is saved, and its own end ends nobody. */
    sign_in(t, BOB, 0);
    saver_free(saver);
    saver = NULL;
    tickets_free(t);
    assert_true(saved(dir, "\"uid\": 2001"));
    t = fresh(false);
    saver_restore(&conf, t);
    assert_int_equal(tickets_get(t, BOB, &got), 0);
    ticket_unref(got);
    tickets_free(t);

    /* A file that others may write is nobody's word. */
    assert_int_equal(chmod(path, 0666), 0);
    t = fresh(false);
    saver_restore(&conf, t);
    assert_int_equal(tickets_get(t, BOB, &got), FED_E_NO_TICKET);
    tickets_free(t);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(rmdir(dir), 0);
}

/* Nothing that has ended comes back because the disk was full: the older file goes. */
static void
test_a_failed_save_leaves_nothing_old(void **state)
{
    char dir[] = "/tmp/awsfed-saver-XXXXXX", temp[96];
    struct conf_domain domain = {.name = (char[]){"corp.example.com"}};
    struct conf conf = {.domains = &domain, .n_domains = 1};
    struct tickets_options options = {.lifetime_s = LIFETIME, .changed = on_changed};
    struct tickets *t = NULL;

    (void)state;
    assert_non_null(mkdtemp(dir));
    conf.bridge.state_dir = dir;
    assert_int_equal(tickets_new(&options, &t), 0);
    assert_int_equal(saver_new(&conf, t, &saver), 0);
    sign_in(t, ALICE, 0);
    saver_wait(saver);
    assert_true(saved(dir, "\"uid\": 2000"));
    (void)snprintf(temp, sizeof(temp), "%s/sessions.json.new", dir);
    assert_int_equal(mkdir(temp, 0700), 0); /* in the way of the new file */
    assert_int_equal(tickets_end_uid(t, ALICE), 1);
    saver_wait(saver);
    assert_false(saved(dir, "{"));
    assert_int_equal(rmdir(temp), 0);
    sign_in(t, BOB, 0);
    saver_wait(saver);
    assert_true(saved(dir, "\"uid\": 2001"));
    saver_free(saver);
    saver = NULL;
    tickets_free(t);
    (void)snprintf(temp, sizeof(temp), "%s/sessions.json", dir);
    assert_int_equal(unlink(temp), 0);
    assert_int_equal(rmdir(dir), 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_restart_signs_nobody_out),
        cmocka_unit_test(test_what_ended_meanwhile_is_not_taken_over),
        cmocka_unit_test(test_what_lingers_is_taken_over),
        cmocka_unit_test(test_other_boots_domains_and_lifetimes_are_not_taken_over),
        cmocka_unit_test(test_damaged_json_is_refused),
        cmocka_unit_test(test_what_has_changed_is_on_disk),
        cmocka_unit_test(test_a_failed_save_leaves_nothing_old),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
