/*
 * One exchange with a bridge that may be absent, slow, mad or gone.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <poll.h>
#include <signal.h>
#include <sys/time.h>

#include <cmocka.h>

#include "base/client.h"
#include "base/clock.h"
#include "tests/pam_awsfed/fake_bridge.h"

static struct fake_bridge bridge;

/* While set, the client sends only after the bridge has closed: otherwise that is a matter of luck. */
static bool wait_for_hangup;
static int client_flags;

ssize_t
send(int fd, const void *data, size_t len, int flags)
{
    struct pollfd p = {.fd = fd};

    if (wait_for_hangup) {
        (void)poll(&p, 1, 5000);
        client_flags = flags;
    }
    return sendto(fd, data, len, flags, NULL, 0);
}

static int
set_up(void **state)
{
    (void)state;
    fake_init(&bridge);
    return 0;
}

static int
tear_down(void **state)
{
    (void)state;
    fake_done(&bridge);
    return 0;
}

/* Ask who is called alice; the error of the exchange, or the status of the reply. */
static int
ask(const char *path, int timeout_ms)
{
    struct client_reply reply = {.bytes = FED_SECRET_INIT(0)};
    struct wire_out out;

    wire_out_init(&out, ASK_ACCOUNT, client_request_number());
    wire_put_text(&out, WIRE_USER, "alice");
    wire_put_text(&out, WIRE_SERVICE, "sshd");
    assert_int_equal(wire_finish(&out), 0);
    int r = client_ask(path, &out, timeout_ms, &reply);
    if (r != 0)
        assert_null(reply.bytes.data); /* written on success only */
    else
        r = wire_status(&reply.msg);
    client_reply_done(&reply);
    wire_out_done(&out);
    return r;
}

static int
ask_mannered(enum fake_manner manner)
{
    static const struct fake_field fields[] = {{"MESSAGE", "hello"}};
    struct fake_exchange e = {.manner = manner, .fields = fields, .n_fields = 1};

    fake_start(&bridge, &e, 1);
    int r = ask(bridge.path, 200);
    fake_stop(&bridge);
    return r;
}

static void
nobody_is_there(void **state)
{
    (void)state;
    assert_int_equal(ask(bridge.path, 1000), FED_E_BRIDGE);
    assert_int_equal(ask("/nonexistent/bridge.sock", 1000), FED_E_BRIDGE);
}

/* A socket file that was left behind, a plain file, and a socket of another type. */
static void
something_else_is_there(void **state)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};

    (void)state;
    memcpy(address.sun_path, bridge.path, strlen(bridge.path) + 1);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
    assert_int_equal(listen(fd, 4), 0);
    assert_int_equal(ask(bridge.path, 1000), FED_E_BRIDGE);
    close(fd);
    assert_int_equal(ask(bridge.path, 1000), FED_E_BRIDGE);
    assert_int_equal(unlink(bridge.path), 0);
    assert_int_equal(ask("/etc/passwd", 1000), FED_E_BRIDGE);
}

static void
bad_paths_are_refused(void **state)
{
    char path[200];

    (void)state;
    memset(path, 'x', sizeof(path));
    path[0] = '/';
    path[108] = '\0';
    assert_int_equal(ask(path, 1000), FED_E_INVALID);
    assert_int_equal(ask("", 1000), FED_E_INVALID);
}

static void
unfinished_request_is_refused(void **state)
{
    struct fake_exchange e = {.status = 0};
    struct client_reply reply;
    struct wire_out out;

    (void)state;
    fake_start(&bridge, &e, 1);
    wire_out_init(&out, ASK_ACCOUNT, 1);
    wire_put_text(&out, WIRE_USER, "alice");
    assert_int_equal(client_ask(bridge.path, &out, 1000, &reply), FED_E_INVALID);
    wire_out_done(&out);
    fake_stop(&bridge);
    assert_int_equal(bridge.served, 0);
}

/* I-54: what is no reply to this request. */
static void
foreign_replies_are_refused(void **state)
{
    (void)state;
    assert_int_equal(ask_mannered(FAKE_TORN), FED_E_PROTO);
    assert_int_equal(ask_mannered(FAKE_NUMBER), FED_E_PROTO);
    assert_int_equal(ask_mannered(FAKE_TYPE), FED_E_PROTO);
    assert_int_equal(ask_mannered(FAKE_ECHO), FED_E_PROTO);
    assert_int_equal(ask_mannered(FAKE_GARBAGE), FED_E_PROTO);
    assert_int_equal(ask_mannered(FAKE_HUGE), FED_E_PROTO);
}

/* I-52: SIGPIPE would end this program, where the kernel sends one for this type of socket; not all do. */
static void
bridge_that_goes_is_unavailable(void **state)
{
    (void)state;
    wait_for_hangup = true;
    int r = ask_mannered(FAKE_CLOSE);
    wait_for_hangup = false;
    assert_true((client_flags & MSG_NOSIGNAL) != 0);
    assert_int_equal(r, FED_E_BRIDGE);
    assert_int_equal(ask_mannered(FAKE_DROP), FED_E_BRIDGE);
}

static void
on_alarm(int number)
{
    (void)number;
}

/* I-52: the deadline is one for the whole exchange, and signals do not start it anew. */
static void
deadline_is_total(void **state)
{
    const struct itimerval rain = {.it_interval.tv_usec = 10000, .it_value.tv_usec = 10000};
    const struct itimerval dry = {.it_value.tv_usec = 0};
    struct sigaction action = {.sa_handler = on_alarm}, before;

    (void)state;
    assert_int_equal(sigaction(SIGALRM, &action, &before), 0);
    assert_int_equal(setitimer(ITIMER_REAL, &rain, NULL), 0);
    int64_t began_ms = clock_mono_ms();
    int r = ask_mannered(FAKE_HANG);
    int64_t took_ms = clock_mono_ms() - began_ms;
    assert_int_equal(setitimer(ITIMER_REAL, &dry, NULL), 0);
    assert_int_equal(sigaction(SIGALRM, &before, NULL), 0);
    assert_int_equal(r, FED_E_TIMEOUT);
    assert_in_range(took_ms, 200, 2000);
}

/* I-52: also while the queue is full and nobody accepts. */
static void
deadline_holds_while_connecting(void **state)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0), fds[8];

    (void)state;
    memcpy(address.sun_path, bridge.path, strlen(bridge.path) + 1);
    assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
    assert_int_equal(listen(fd, 0), 0);
    for (size_t i = 0; i < 8; i++) {
        fds[i] = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        (void)!connect(fds[i], (struct sockaddr *)&address, sizeof(address));
    }
    int64_t began_ms = clock_mono_ms();
    assert_int_equal(ask(bridge.path, 100), FED_E_TIMEOUT);
    assert_in_range(clock_mono_ms() - began_ms, 100, 2000);
    assert_int_equal(ask(bridge.path, 0), FED_E_TIMEOUT);
    for (size_t i = 0; i < 8; i++)
        close(fds[i]);
    close(fd);
    (void)unlink(bridge.path);
}

static void
refusal_is_an_answer(void **state)
{
    struct fake_exchange e = {.status = FED_E_LOCKED};

    (void)state;
    fake_start(&bridge, &e, 1);
    assert_int_equal(ask(bridge.path, 1000), FED_E_LOCKED);
}

/* A reply near the limit, in a packet above the size of a socket buffer's usual page. */
static void
large_replies_arrive_whole(void **state)
{
    static char text[1000];
    static struct fake_field fields[150];
    struct fake_exchange e = {.fields = fields, .n_fields = 150};
    struct client_reply reply;
    struct wire_out out;

    (void)state;
    memset(text, 'x', sizeof(text) - 1);
    for (size_t i = 0; i < 150; i++)
        fields[i] = (struct fake_field){"STEP", text};
    fake_start(&bridge, &e, 1);
    wire_out_init(&out, ASK_LOGOUT, client_request_number());
    assert_int_equal(wire_finish(&out), 0);
    assert_int_equal(client_ask(bridge.path, &out, 2000, &reply), 0);
    assert_string_equal(wire_text_at(&reply.msg, WIRE_STEP, 149), text);
    assert_null(wire_text_at(&reply.msg, WIRE_STEP, 150));
    client_reply_done(&reply);
    client_reply_done(NULL);
    wire_out_done(&out);
}

static void
request_numbers_differ(void **state)
{
    uint64_t one = client_request_number(), two = client_request_number();

    (void)state;
    assert_true(one != 0 && two != 0 && one != two);
}

#define WITH_BRIDGE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_BRIDGE(nobody_is_there),
        WITH_BRIDGE(something_else_is_there),
        WITH_BRIDGE(bad_paths_are_refused),
        WITH_BRIDGE(unfinished_request_is_refused),
        WITH_BRIDGE(foreign_replies_are_refused),
        WITH_BRIDGE(bridge_that_goes_is_unavailable),
        WITH_BRIDGE(deadline_is_total),
        WITH_BRIDGE(deadline_holds_while_connecting),
        WITH_BRIDGE(refusal_is_an_answer),
        WITH_BRIDGE(large_replies_arrive_whole),
        cmocka_unit_test(request_numbers_differ),
    };

    (void)signal(SIGPIPE, SIG_DFL); /* whatever this was started with: it is to kill */
    return cmocka_run_group_tests(tests, NULL, NULL);
}
