/*
 * The listener against foreign bytes, many connections, and denials that must wait.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/client.h"
#include "base/clock.h"
#include "bridge/listener.h"

enum { MAX_PER_UID = 3, STRANGER = 54321 };

struct server {
    struct listener *listener;
    pthread_t thread;
    char folder[64];
    char path[80];
    bool hold; /* answer with held denials */
    bool keep; /* keep the jobs instead of answering */
    struct job *kept[64];
    atomic_uint n_kept;
};

static void
answer(struct server *s, struct job *job)
{
    wire_reply_init(&job->reply, &job->msg, s->hold ? FED_E_DENIED : 0);
    assert_int_equal(wire_finish(&job->reply), 0);
    job->held = s->hold;
    listener_answer(s->listener, job);
}

static void
on_request(void *arg, struct job *job)
{
    struct server *s = arg;

    if (s->keep) {
        unsigned n = atomic_load(&s->n_kept);
        s->kept[n] = job;
        atomic_store(&s->n_kept, n + 1);
        return;
    }
    answer(s, job);
}

static void *
run(void *arg)
{
    struct server *s = arg;

    assert_int_equal(listener_run(s->listener), 0);
    return NULL;
}

static int
start(void **state)
{
    struct server *s = calloc(1, sizeof(*s));
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    struct listener_options options = {.max_per_uid = MAX_PER_UID, .request = on_request, .arg = s};

    (void)strcpy(s->folder, "/tmp/awsfed-listener-XXXXXX");
    assert_non_null(mkdtemp(s->folder));
    assert_int_equal(chmod(s->folder, 0755), 0);
    (void)snprintf(s->path, sizeof(s->path), "%s/sock", s->folder);
    (void)strcpy(address.sun_path, s->path);
    options.fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    assert_int_equal(bind(options.fd, (struct sockaddr *)&address, sizeof(address)), 0);
    assert_int_equal(chmod(s->path, 0666), 0);
    assert_int_equal(listen(options.fd, 128), 0);
    assert_int_equal(listener_new(&options, &s->listener), 0);
    assert_int_equal(pthread_create(&s->thread, NULL, run, s), 0);
    *state = s;
    return 0;
}

static int
stop(void **state)
{
    struct server *s = *state;

    listener_stop(s->listener);
    assert_int_equal(pthread_join(s->thread, NULL), 0);
    listener_free(s->listener);
    (void)unlink(s->path);
    (void)rmdir(s->folder);
    free(s);
    return 0;
}

static int
connect_to(const struct server *s)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

    (void)strcpy(address.sun_path, s->path);
    if (connect(fd, (struct sockaddr *)&address, sizeof(address)) != 0) {
        (void)close(fd);
        return -1;
    }
    return fd;
}

static void
make_request(struct wire_out *out)
{
    wire_out_init(out, ASK_STATUS_OF, 7);
    assert_int_equal(wire_finish(out), 0);
}

static bool
send_request(int fd)
{
    struct wire_out out;

    make_request(&out);
    bool sent = send(fd, out.bytes.data, out.bytes.len, MSG_NOSIGNAL) > 0;
    wire_out_done(&out);
    return sent;
}

/* 1: a reply; 0: closed; -1: nothing within that time. */
static int
receive(int fd, int wait_ms)
{
    struct pollfd p = {.fd = fd, .events = POLLIN};
    char packet[4096];

    if (poll(&p, 1, wait_ms) != 1)
        return -1;
    return recv(fd, packet, sizeof(packet), 0) > 0 ? 1 : 0;
}

static void
test_requests_are_answered_one_after_another(void **state)
{
    struct server *s = *state;
    int fd = connect_to(s);

    for (int i = 0; i < 10; i++) {
        assert_true(send_request(fd));
        assert_int_equal(receive(fd, 2000), 1);
    }
    (void)close(fd);
}

/* I-54: a message that breaks the rules ends its connection and no other. */
static void
test_a_malformed_message_ends_its_connection_only(void **state)
{
    struct server *s = *state;
    struct wire_out out;
    int good = connect_to(s);

    make_request(&out);
    for (size_t cut = 1; cut < out.bytes.len; cut++) {
        int fd = connect_to(s);
        assert_true(send(fd, out.bytes.data, cut, MSG_NOSIGNAL) > 0);
        assert_int_equal(receive(fd, 2000), 0);
        (void)close(fd);
    }
    char *huge = calloc(1, WIRE_REQUEST_MAX + 100);
    int fd = connect_to(s);
    memcpy(huge, out.bytes.data, out.bytes.len);
    assert_true(send(fd, huge, WIRE_REQUEST_MAX + 100, MSG_NOSIGNAL) > 0);
    assert_int_equal(receive(fd, 2000), 0);
    (void)close(fd);
    free(huge);
    wire_out_done(&out);

    /* a reply is no request */
    wire_out_init(&out, ASK_STATUS_OF | WIRE_REPLY_BIT, 7);
    wire_put_number(&out, WIRE_STATUS, 0);
    assert_int_equal(wire_finish(&out), 0);
    fd = connect_to(s);
    assert_true(send(fd, out.bytes.data, out.bytes.len, MSG_NOSIGNAL) > 0);
    assert_int_equal(receive(fd, 2000), 0);
    (void)close(fd);
    wire_out_done(&out);

    assert_true(send_request(good));
    assert_int_equal(receive(good, 2000), 1);
    (void)close(good);
}

/* I-35: a denial is held back to its moment, and costs no worker meanwhile. */
static void
test_a_denial_waits_for_its_moment(void **state)
{
    struct server *s = *state;
    int fds[8];

    s->hold = true;
    int64_t begun_ms = clock_mono_ms();
    for (int i = 0; i < 8; i++) {
        fds[i] = connect_to(s);
        assert_true(send_request(fds[i]));
    }
    for (int i = 0; i < 8; i++) {
        assert_int_equal(receive(fds[i], 5000), 1);
        assert_true(clock_mono_ms() - begun_ms >= LISTENER_DENIAL_MS - 5);
        (void)close(fds[i]);
    }
    s->hold = false;
}

/* As a stranger: fill the places of this uid, and see that the next must wait, and is served when one is free. */
static int
stranger(struct server *s)
{
    int fds[MAX_PER_UID + 1];

    if (setuid(STRANGER) != 0)
        return 10;
    for (int i = 0; i <= MAX_PER_UID; i++) {
        fds[i] = connect_to(s);
        if (fds[i] < 0)
            return 11;
    }
    /* The last one sends first: it gets no answer while the others hold the places. */
    if (!send_request(fds[MAX_PER_UID]) || receive(fds[MAX_PER_UID], 200) != -1)
        return 12;
    for (int i = 0; i < MAX_PER_UID; i++) {
        if (!send_request(fds[i]) || receive(fds[i], 2000) != 1)
            return 13;
    }
    (void)close(fds[0]);
    if (receive(fds[MAX_PER_UID], 2000) != 1)
        return 14;
    return 0;
}

/* I-55: one uid has so many places; the rest waits, and uid 0 is served all the same. */
static void
test_one_uid_cannot_take_all_places(void **state)
{
    struct server *s = *state;
    int status = 0;

    if (getuid() != 0)
        fail_msg("this test takes root: it becomes another uid");
    pid_t child = fork();
    if (child == 0)
        _exit(stranger(s));
    int fds[4 * MAX_PER_UID];
    for (int i = 0; i < 4 * MAX_PER_UID; i++) {
        fds[i] = connect_to(s);
        assert_true(send_request(fds[i]));
        assert_int_equal(receive(fds[i], 2000), 1);
    }
    for (int i = 0; i < 4 * MAX_PER_UID; i++)
        (void)close(fds[i]);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(WEXITSTATUS(status), 0);
}

/* The asker goes away while its request is worked on: the answer finds nobody, and nothing breaks. */
static void
test_an_answer_may_find_nobody(void **state)
{
    struct server *s = *state;

    s->keep = true;
    for (unsigned i = 0; i < 8; i++) {
        int fd = connect_to(s);
        assert_true(send_request(fd));
        while (atomic_load(&s->n_kept) <= i)
            (void)poll(NULL, 0, 1);
        (void)close(fd);
    }
    s->keep = false;
    for (unsigned i = 0; i < 8; i++)
        answer(s, s->kept[i]);
    int fd = connect_to(s);
    assert_true(send_request(fd));
    assert_int_equal(receive(fd, 2000), 1);
    (void)close(fd);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_requests_are_answered_one_after_another, start, stop),
        cmocka_unit_test_setup_teardown(
            test_a_malformed_message_ends_its_connection_only, start, stop),
        cmocka_unit_test_setup_teardown(test_a_denial_waits_for_its_moment, start, stop),
        cmocka_unit_test_setup_teardown(test_one_uid_cannot_take_all_places, start, stop),
        cmocka_unit_test_setup_teardown(test_an_answer_may_find_nobody, start, stop),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
