/*
 * The server of the session endpoint over real connections, with a bridge of one function behind it: parking, queueing, closing.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <netinet/in.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "bridge/endpoint.h"
#include "bridge/endpoint_port.h"
#include "bridge/endpoint_rules.h"

enum { KEPT_MAX = 64, CLIENTS = 24 };

struct server {
    struct tickets *tickets;
    struct audit *audit;
    struct endpoint *endpoint;
    unsigned port;
    char session[TOKEN_SIZE], token[TOKEN_SIZE];
    char trail[64];
    pthread_mutex_t lock;
    struct job *kept[KEPT_MAX]; /* what the workers have */
    unsigned n_kept;
    unsigned most_kept;
};

static void
keep(void *arg, struct job *job)
{
    struct server *s = arg;

    (void)pthread_mutex_lock(&s->lock);
    s->kept[s->n_kept++] = job;
    if (s->n_kept > s->most_kept)
        s->most_kept = s->n_kept;
    (void)pthread_mutex_unlock(&s->lock);
}

static struct job *
take(struct server *s)
{
    (void)pthread_mutex_lock(&s->lock);
    struct job *job = s->n_kept > 0 ? s->kept[--s->n_kept] : NULL;
    (void)pthread_mutex_unlock(&s->lock);
    return job;
}

static struct job *
wait_for_job(struct server *s)
{
    const struct timespec pause = {.tv_nsec = 1000000};
    struct job *job;

    for (int i = 0; (job = take(s)) == NULL && i < 10000; i++)
        (void)nanosleep(&pause, NULL);
    assert_non_null(job);
    return job;
}

static void
answer(struct job *job, int status)
{
    assert_int_equal(job->msg.type, ASK_CREDENTIALS);
    assert_int_equal(job->peer.uid, getuid());
    assert_false(job->peer.is_admin);
    wire_reply_init(&job->reply, &job->msg, status);
    if (status != 0)
        wire_put_text(&job->reply, WIRE_MESSAGE, "run this command");
    if (status == 0) {
        wire_put_text(&job->reply, WIRE_ROLE_NAME, "dev");
        wire_put_text(&job->reply, WIRE_ACCOUNT, "111122223333");
        wire_put_text(&job->reply, WIRE_ACCESS_KEY, "ASIAIOSFODNN7EXAMPLE");
        wire_put_text(&job->reply, WIRE_SECRET_KEY, "secret");
        wire_put_text(&job->reply, WIRE_SESSION_TOKEN, "token");
        wire_put_number(&job->reply, WIRE_EXPIRES, 1795300800);
    }
    assert_int_equal(wire_finish(&job->reply), 0);
    job->answer(job->answer_arg, job);
}

static int
start(void **state)
{
    struct tickets_options tickets = {.lifetime_s = 60};
    struct proof p = {.sid = "S-1-5-21-1", .factors = 3};
    struct server *s = calloc(1, sizeof(*s));
    char where[80], why[256];
    int fd = -1;

    assert_non_null(s);
    (void)pthread_mutex_init(&s->lock, NULL);
    (void)snprintf(s->trail, sizeof(s->trail), "/tmp/awsfed-trail-XXXXXX");
    int trail = mkstemp(s->trail);
    assert_true(trail >= 0);
    (void)close(trail);
    (void)snprintf(where, sizeof(where), "file:%s", s->trail);
    assert_int_equal(audit_open(where, getuid(), getgid(), &s->audit, why, sizeof(why)), 0);
    assert_int_equal(tickets_new(&tickets, &s->tickets), 0);
    assert_int_equal(tickets_open_session(s->tickets, getuid(), getpid(), s->session), 0);
    assert_int_equal(tickets_sign_in(s->tickets, getuid(), "alice", &p, NULL), 0);
    assert_int_equal(tickets_add_endpoint(s->tickets, s->session, s->token), 0);
    assert_int_equal(endpoint_port_open(0, "/nonexistent", getuid(), &fd, &s->port, why), 0);
    struct endpoint_options options = {.fd = fd,
        .port = s->port,
        .tickets = s->tickets,
        .audit = s->audit,
        .request = keep,
        .arg = s};
    assert_int_equal(endpoint_new(&options, &s->endpoint), 0);
    *state = s;
    return 0;
}

static int
stop(void **state)
{
    struct server *s = *state;

    endpoint_free(s->endpoint);
    tickets_free(s->tickets);
    audit_close(s->audit);
    assert_int_equal(unlink(s->trail), 0);
    (void)pthread_mutex_destroy(&s->lock);
    free(s);
    return 0;
}

/* A client with its request sent. */
static int
ask(const struct server *s, const char *token)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
        .sin_port = htons((uint16_t)s->port),
        .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    char text[512];
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int n = snprintf(text, sizeof(text),
        "GET " ENDPOINT_PATH " HTTP/1.1\r\nHost: 127.0.0.1:%u\r\nAuthorization: %s\r\n\r\n",
        s->port, token);

    assert_true(fd >= 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
    assert_int_equal(write(fd, text, (size_t)n), n);
    return fd;
}

/* Read an answer to its end; the client is closed. Its status, 0 when there was none. */
static int
status_of(int fd, const char *body)
{
    char text[4096];
    size_t len = 0;
    ssize_t n;

    while (len < sizeof(text) - 1 && (n = read(fd, text + len, sizeof(text) - 1 - len)) > 0)
        len += (size_t)n;
    text[len] = '\0';
    (void)close(fd);
    if (body != NULL && strstr(text, body) == NULL)
        fail_msg("no \"%s\" in: %s", body, text);
    return len > 12 ? (text[9] - '0') * 100 + (text[10] - '0') * 10 + (text[11] - '0') : 0;
}

static void
test_the_bridge_s_answers_reach_their_askers(void **state)
{
    static const struct {
        int error, status;
        const char *body;
    } cases[] = {{0, 200, "\"AccessKeyId\":\"ASIAIOSFODNN7EXAMPLE\""},
        {FED_E_NO_TICKET, 401, "run this command"}, {FED_E_ROLE, 404, "RoleNotChosen"},
        {FED_E_AWS_UNAVAILABLE, 503, "Unavailable"}};
    struct server *s = *state;

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        int fd = ask(s, s->token);
        answer(wait_for_job(s), cases[i].error);
        assert_int_equal(status_of(fd, cases[i].body), cases[i].status);
    }
    assert_int_equal(status_of(ask(s, "0123456789abcdef0123456789abcdef"), "Forbidden"), 403);
    assert_null(take(s));
}

/* I-55: a few of a uid are with the workers, the others wait their turn, and all are answered. */
static void
test_a_uid_has_a_few_at_a_time(void **state)
{
    struct server *s = *state;
    int clients[CLIENTS];

    for (int i = 0; i < CLIENTS; i++)
        clients[i] = ask(s, s->token);
    for (int i = 0; i < CLIENTS; i++)
        answer(wait_for_job(s), 0);
    for (int i = 0; i < CLIENTS; i++)
        assert_int_equal(status_of(clients[i], NULL), 200);
    assert_true(s->most_kept >= 1 && s->most_kept <= ENDPOINT_PER_UID);
}

/* Somebody who does not wait costs an answer that nobody reads, and nothing else. */
static void
test_an_asker_may_go_away(void **state)
{
    struct server *s = *state;

    int gone = ask(s, s->token);
    struct job *job = wait_for_job(s);
    (void)close(gone);
    answer(job, 0);
    int fd = ask(s, s->token);
    answer(wait_for_job(s), 0);
    assert_int_equal(status_of(fd, NULL), 200);
}

/* What AWS gave while the session was being closed is nobody's any more. */
static void
test_a_session_closed_meanwhile_gets_nothing(void **state)
{
    struct server *s = *state;

    int fd = ask(s, s->token);
    struct job *job = wait_for_job(s);
    assert_int_equal(tickets_close_session(s->tickets, s->session), 0);
    answer(job, 0);
    assert_int_equal(status_of(fd, "SignInNeeded"), 401);
}

/* The end of the bridge: jobs come back without an answer, and whoever queues or comes is told to try later. */
static void
test_closing_answers_everybody(void **state)
{
    struct server *s = *state;
    int clients[CLIENTS];
    struct job *job;

    for (int i = 0; i < CLIENTS; i++)
        clients[i] = ask(s, s->token);
    job = wait_for_job(s);
    endpoint_close(s->endpoint);
    int late = ask(s, s->token);
    assert_int_equal(status_of(late, "Unavailable"), 503);
    do
        job->answer(job->answer_arg, job);
    while ((job = take(s)) != NULL);
    endpoint_free(s->endpoint);
    s->endpoint = NULL;
    for (int i = 0; i < CLIENTS; i++) {
        int status = status_of(clients[i], NULL);
        assert_true(status == 503 || status == 0);
    }
}

int
main(void)
{
#define WITH_SERVER(f) cmocka_unit_test_setup_teardown(f, start, stop)
    const struct CMUnitTest tests[] = {
        WITH_SERVER(test_the_bridge_s_answers_reach_their_askers),
        WITH_SERVER(test_a_uid_has_a_few_at_a_time),
        WITH_SERVER(test_an_asker_may_go_away),
        WITH_SERVER(test_a_session_closed_meanwhile_gets_nothing),
        WITH_SERVER(test_closing_answers_everybody),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
