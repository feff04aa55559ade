/*
 * A Kerberos service for tests that has one answer to whatever it is asked, and counts the questions.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef TESTS_LDAP_ONE_ANSWER_H
#define TESTS_LDAP_ONE_ANSWER_H

#include <arpa/inet.h>
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "ldap/kdc.h"

#define ONE_ANSWER_REALM "CORP.EXAMPLE.COM"

struct service {
    int fd;
    pthread_t thread;
    struct kdc kdc;
    const unsigned char *answer; /* as it goes over the wire; NULL: never any */
    size_t len;
    atomic_uint asked;
};

static inline void *
serve(void *arg)
{
    struct service *s = arg;
    unsigned char request[4096];

    for (;;) {
        int fd = accept(s->fd, NULL, NULL);
        if (fd < 0)
            return NULL;
        struct pollfd ended = {.fd = fd, .events = POLLRDHUP};
        bool said = recv(fd, request, sizeof(request), 0) > 0;
        atomic_fetch_add(&s->asked, said);
        if (said && s->answer != NULL)
            (void)send(fd, s->answer, s->len, MSG_NOSIGNAL);
        else
            (void)poll(&ended, 1, 10000);
        (void)close(fd);
    }
}

static inline void
service_start(struct service *s, const void *answer, size_t len)
{
    struct sockaddr_in *address = (struct sockaddr_in *)&s->kdc.address;

    *s = (struct service){.answer = answer, .len = len, .kdc.len = sizeof(*address)};
    address->sin_family = AF_INET;
    address->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    s->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(s->fd, (struct sockaddr *)address, sizeof(*address)), 0);
    assert_int_equal(listen(s->fd, 64), 0);
    assert_int_equal(getsockname(s->fd, (struct sockaddr *)address, &s->kdc.len), 0);
    assert_int_equal(pthread_create(&s->thread, NULL, serve, s), 0);
}

static inline void
service_stop(struct service *s)
{
    (void)shutdown(s->fd, SHUT_RDWR);
    (void)pthread_join(s->thread, NULL);
    (void)close(s->fd);
}

/* KRB-ERROR (RFC 4120 5.9.1) with the length before it: number and clock are what changes. */
static inline size_t
error_answer(unsigned code, time_t stime, unsigned char ret[128])
{
    static const char realm[] = ONE_ANSWER_REALM;
    unsigned char *p = ret + 4;
    struct tm tm;

    memcpy(p, "\x7e\x4f\x30\x4d\xa0\x03\x02\x01\x05\xa1\x03\x02\x01\x1e\xa4\x11\x18\x0f", 18);
    assert_non_null(gmtime_r(&stime, &tm));
    assert_int_equal(strftime((char *)p + 18, 16, "%Y%m%d%H%M%SZ", &tm), 15);
    memcpy(p + 33, "\xa5\x03\x02\x01\x00\xa6\x03\x02\x01", 9);
    p[42] = (unsigned char)code;
    memcpy(p + 43, "\xa9\x12\x1b\x10", 4);
    memcpy(p + 47, realm, 16);
    memcpy(p + 63, "\xaa\x10\x30\x0e\xa0\x03\x02\x01\x02\xa1\x07\x30\x05\x1b\x03krb", 18);
    memcpy(ret, "\0\0\0\x51", 4);
    return 4 + 0x51;
}

#endif
