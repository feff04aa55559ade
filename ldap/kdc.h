/*
 * One question to a Kerberos service and its answer, over TCP and under a deadline (RFC 4120 7.2.2). libkrb5 makes the
 * messages; it never connects anywhere itself, and so can neither wait for longer than we do nor ask whom we do not know.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef LDAP_KDC_H
#define LDAP_KDC_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#include "base/err.h"
#include "base/secret.h"

/* A ticket of AD has all of an account's groups in it: at most 64 KB. */
enum { KDC_REPLY_MAX = 256 * 1024, KDC_PORT = 88, KDC_PASSWORD_PORT = 464 };

/* Where one is: a domain controller's address with the port of one of its Kerberos services. */
struct kdc {
    struct sockaddr_storage address;
    socklen_t len;
};

/* The Kerberos service of the domain controller at an address of ours with it. */
void kdc_set_port(struct kdc *kdc, unsigned port);

/*
 * Ask. Blocks up to the deadline; any thread.
 *   ret  initialised by the caller; replaced
 * 0, FED_E_DIRECTORY (no answer, or none that can be one), FED_E_NOMEM, FED_E_SYSTEM; why on failure.
 */
FED_MUST_USE int kdc_ask(const struct kdc *kdc, const void *request, size_t len,
    int64_t deadline_ms, struct fed_secret *ret, char *why);

/*
 * The same in two calls, for who has to know the address it is asked from: the connection is the caller's to close, good for one
 * question.
 *   ret_sent  written by kdc_talk in any case: all of the request may have left this host
 */
FED_MUST_USE int kdc_connect(const struct kdc *kdc, int64_t deadline_ms, int *ret_fd, char *why);
FED_MUST_USE int kdc_talk(int fd, const struct kdc *kdc, const void *request, size_t len,
    int64_t deadline_ms, struct fed_secret *ret, bool *ret_sent, char *why);

#endif
