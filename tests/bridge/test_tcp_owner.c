/*
 * The owner of a TCP peer, from the kernel: real connections of two uids, and answers cut short.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bridge/tcp_owner.h"
#include "tests/base/skip.h"

enum { NOBODY = 65534 };

static int
listen_here(struct sockaddr_in *ret)
{
    socklen_t len = sizeof(*ret);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    *ret = (struct sockaddr_in){.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    assert_true(fd >= 0);
    assert_int_equal(bind(fd, (struct sockaddr *)ret, sizeof(*ret)), 0);
    assert_int_equal(listen(fd, 4), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)ret, &len), 0);
    return fd;
}

static int
accept_from(int listener, struct sockaddr_in *peer)
{
    socklen_t len = sizeof(*peer);
    int fd = accept(listener, (struct sockaddr *)peer, &len);

    assert_true(fd >= 0);
    return fd;
}

static void
test_the_owner_is_who_made_the_socket(void **state)
{
    struct sockaddr_in local, peer;
    struct tcp_owner *o = NULL;
    uid_t uid = 4711;

    (void)state;
    assert_int_equal(tcp_owner_new(&o), 0);
    int listener = listen_here(&local), client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(connect(client, (struct sockaddr *)&local, sizeof(local)), 0);
    int served = accept_from(listener, &peer);
    assert_int_equal(tcp_owner_find(o, &peer, &local, &uid), 0);
    assert_int_equal(uid, getuid());

    /* Closed by its owner: the kernel would say 0 now, which is nobody's word. */
    uid = 4711;
    assert_int_equal(close(client), 0);
    assert_int_equal(tcp_owner_find(o, &peer, &local, &uid), FED_E_NOT_FOUND);
    assert_int_equal(uid, 4711);

    peer.sin_port = 0;
    assert_int_equal(tcp_owner_find(o, &peer, &local, &uid), FED_E_NOT_FOUND);
    peer.sin_family = AF_INET6;
    assert_int_equal(tcp_owner_find(o, &peer, &local, &uid), FED_E_NOT_FOUND);
    (void)close(served);
    (void)close(listener);
    tcp_owner_free(o);
}

static void
test_another_uid_is_told_apart(void **state)
{
    struct sockaddr_in local, peer;
    struct tcp_owner *o = NULL;
    uid_t uid = 4711;
    char byte;

    (void)state;
    if (getuid() != 0)
        SKIP("only root can be another user");
    assert_int_equal(tcp_owner_new(&o), 0);
    int listener = listen_here(&local);
    pid_t child = fork();
    if (child == 0) {
        /* An IPv6 socket with an IPv4 connection, which /proc/net/tcp would not list. */
        struct sockaddr_in6 mapped = {.sin6_family = AF_INET6, .sin6_port = local.sin_port};
        uint32_t v4 = htonl(INADDR_LOOPBACK);
        mapped.sin6_addr.s6_addr[10] = mapped.sin6_addr.s6_addr[11] = 0xff;
        memcpy(&mapped.sin6_addr.s6_addr[12], &v4, sizeof(v4));
        int fd = setuid(NOBODY) == 0 ? socket(AF_INET6, SOCK_STREAM, 0) : -1;
        if (fd < 0 || connect(fd, (struct sockaddr *)&mapped, sizeof(mapped)) != 0)
            _exit(1);
        _exit(read(fd, &byte, 1) == 0 ? 0 : 2);
    }
    int served = accept_from(listener, &peer);
    assert_int_equal(tcp_owner_find(o, &peer, &local, &uid), 0);
    assert_int_equal(uid, NOBODY);
    (void)close(served);
    (void)close(listener);
    assert_int_equal(waitpid(child, NULL, 0), child);
    tcp_owner_free(o);
}

static void
test_malformed_answers_own_nothing(void **state)
{
    struct {
        struct nlmsghdr header;
        struct inet_diag_msg msg;
    } answer = {
        .header = {.nlmsg_len = sizeof(answer), .nlmsg_type = SOCK_DIAG_BY_FAMILY, .nlmsg_seq = 5},
        .msg = {.id = {.idiag_sport = htons(1234)}, .idiag_uid = 7, .idiag_inode = 1}};
    struct sockaddr_in peer = {.sin_family = AF_INET, .sin_port = htons(1234)};
    uid_t uid = 4711;

    (void)state;
    assert_int_equal(tcp_owner_parse(&answer, sizeof(answer), 5, &peer, &uid), 0);
    assert_int_equal(uid, 7);
    uid = 4711;
    for (size_t len = 0; len < sizeof(answer); len++)
        assert_int_equal(tcp_owner_parse(&answer, len, 5, &peer, &uid), FED_E_PROTO);
    assert_int_equal(tcp_owner_parse(&answer, sizeof(answer), 4, &peer, &uid), FED_E_PROTO);
    answer.header.nlmsg_len = sizeof(struct nlmsghdr);
    assert_int_equal(tcp_owner_parse(&answer, sizeof(answer), 5, &peer, &uid), FED_E_PROTO);
    answer.header.nlmsg_len = sizeof(answer);
    answer.msg.id.idiag_sport = htons(1235);
    assert_int_equal(tcp_owner_parse(&answer, sizeof(answer), 5, &peer, &uid), FED_E_PROTO);
    answer.msg.id.idiag_sport = htons(1234);
    answer.msg.idiag_inode = 0;
    assert_int_equal(tcp_owner_parse(&answer, sizeof(answer), 5, &peer, &uid), FED_E_NOT_FOUND);
    assert_int_equal(uid, 4711);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_owner_is_who_made_the_socket),
        cmocka_unit_test(test_another_uid_is_told_apart),
        cmocka_unit_test(test_malformed_answers_own_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
