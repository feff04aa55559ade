/*
 * Somebody between us and the service that changes passwords, who passes its answers on, or something else in their place.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef TESTS_LDAP_KPASSWD_RELAY_H
#define TESTS_LDAP_KPASSWD_RELAY_H

#include "ldap/kpasswd_reply.h"
#include "ldap/why.h"
#include "tests/ldap/krb5kdc.h"
#include "tests/ldap/one_answer.h"

enum manner {
    FLIP_FIRST, /* a bit of AP-REP */
    FLIP_LAST,  /* a bit of KRB-PRIV */
    OLD_ANSWER, /* a success, but of an earlier request */
    OLD_BODY,   /* the same with the AP-REP of this one */
    REFLECTED,  /* the request's own body, which is by the same key */
    CLEAR,      /* "success", in the clear */
    ERROR,      /* a KRB-ERROR in the place of both */
    NO_FRAME,
    CUT,
};

struct relay {
    int fd;
    pthread_t thread;
    struct kdc kdc;
    enum manner manner;
    unsigned char earlier[4096];
    size_t earlier_len;
};

static size_t
ap_rep_end(const unsigned char *answer)
{
    return (size_t)KPASSWD_HEAD + ((size_t)answer[4] << 8 | answer[5]);
}

static void
set_length(struct fed_secret *answer)
{
    answer->data[0] = (unsigned char)(answer->len >> 8);
    answer->data[1] = (unsigned char)answer->len;
}

static void
tamper(const struct relay *relay, const unsigned char *request, size_t request_len,
    struct fed_secret *answer)
{
    static const unsigned char clear[] = {0, 12, 0, 1, 0, 4, 'j', 'u', 'n', 'k', 0, 0};
    unsigned char error[128];
    size_t end = ap_rep_end(answer->data), n;

    switch (relay->manner) {
    case FLIP_FIRST:
        answer->data[end - 1] ^= 1;
        break;
    case FLIP_LAST:
        answer->data[answer->len - 1] ^= 1;
        break;
    case OLD_ANSWER:
        assert_int_equal(fed_secret_set(answer, relay->earlier, relay->earlier_len), 0);
        break;
    case OLD_BODY:
        n = ap_rep_end(relay->earlier);
        assert_int_equal(fed_secret_resize(answer, end), 0);
        assert_int_equal(fed_secret_add(answer, relay->earlier + n, relay->earlier_len - n), 0);
        set_length(answer);
        break;
    case REFLECTED:
        n = ap_rep_end(request); /* AP-REQ lies where AP-REP does */
        assert_int_equal(fed_secret_resize(answer, end), 0);
        assert_int_equal(fed_secret_add(answer, request + n, request_len - n), 0);
        set_length(answer);
        break;
    case CLEAR:
        assert_int_equal(fed_secret_set(answer, clear, sizeof(clear)), 0);
        break;
    case ERROR:
        n = error_answer(0, time(NULL), error);
        assert_int_equal(fed_secret_set(answer, "\0\0\0\1\0\0", 6), 0);
        assert_int_equal(fed_secret_add(answer, error + 4, n - 4), 0);
        set_length(answer);
        break;
    case NO_FRAME:
        n = error_answer(0, time(NULL), error);
        assert_int_equal(fed_secret_set(answer, error + 4, n - 4), 0);
        break;
    case CUT:
        assert_int_equal(fed_secret_resize(answer, answer->len - 1), 0);
        break;
    }
}

/* One question is passed on, and its answer back, as the manner says. */
static void *
relay_pass_on(void *arg)
{
    struct relay *relay = arg;
    struct fed_secret answer = FED_SECRET_INIT(65535);
    unsigned char request[8192], head[4], ignored[WHY_MAX];
    int fd = accept(relay->fd, NULL, NULL);
    size_t len = 0, wanted = 4;

    while (len < wanted) {
        ssize_t n = recv(fd, request + len, sizeof(request) - len, 0);
        assert_true(n > 0);
        len += (size_t)n;
        if (len >= 4)
            wanted = 4 + ((size_t)request[2] << 8 | request[3]);
    }
    assert_int_equal(kdc_ask(&krb5kdc.passwords, request + 4, len - 4, clock_mono_ms() + 5000,
                         &answer, (char *)ignored),
        0);
    if (relay->earlier_len == 0) {
        memcpy(relay->earlier, answer.data, answer.len);
        relay->earlier_len = answer.len;
    } else {
        tamper(relay, request + 4, len - 4, &answer);
    }
    memcpy(head, "\0\0", 2);
    head[2] = (unsigned char)(answer.len >> 8);
    head[3] = (unsigned char)answer.len;
    (void)send(fd, head, 4, MSG_NOSIGNAL);
    (void)send(fd, answer.data, answer.len, MSG_NOSIGNAL);
    (void)close(fd);
    fed_secret_done(&answer);
    return NULL;
}

/* It listens at kdc. The first answer is passed on as it is, and kept for later. */
static void
relay_open(struct relay *ret)
{
    struct sockaddr_in *address = (struct sockaddr_in *)&ret->kdc.address;

    memset(ret, 0, sizeof(*ret));
    ret->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    ret->kdc.len = sizeof(*address);
    address->sin_family = AF_INET;
    address->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    assert_int_equal(bind(ret->fd, (struct sockaddr *)address, sizeof(*address)), 0);
    assert_int_equal(listen(ret->fd, 4), 0);
    assert_int_equal(getsockname(ret->fd, (struct sockaddr *)address, &ret->kdc.len), 0);
}

#endif
