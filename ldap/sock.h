/*
 * One TCP connection below libldap: connected under a deadline, close-on-exec from birth, and read
 * and written without blocking past a deadline or raising SIGPIPE, whatever mode libldap puts the descriptor in.
 * One thread at a time.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef LDAP_SOCK_H
#define LDAP_SOCK_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#include <lber.h>

#include "base/err.h"

struct sock {
    int fd;
    bool
        ended; /* the peer closed, the connection failed, or we gave it up: nothing more is written */
    bool want_write; /* the last write found no room */
    /*
     * Not 0: reads and writes wait for the peer until then, for libldap's TLS handshake, which otherwise asks
     * again without end. When the time is up the connection has ended, and late says why.
     */
    int64_t wait_until_ms;
    bool late;
};

/*
 * Connect, with keep-alive and no delay. Blocks up to the deadline. ret_fd is the caller's.
 * Returns 0, FED_E_DIRECTORY (errno says what: ETIMEDOUT at the deadline), FED_E_SYSTEM.
 */
FED_MUST_USE int sock_connect(
    const struct sockaddr *address, socklen_t len, int64_t deadline_ms, int *ret_fd);

/* Wait until a descriptor is ready for these events of poll(2). 0, or an errno: ETIMEDOUT at the deadline. */
FED_MUST_USE int sock_ready(int fd, short events, int64_t deadline_ms);

/* The layer for ber_sockbuf_add_io at LBER_SBIOD_LEVEL_PROVIDER; its argument is a struct sock. */
extern Sockbuf_IO sock_io;

/*
 * A layer for LBER_SBIOD_LEVEL_APPLICATION, above TLS, without an argument: it wipes what was written where
 * it lay, in the buffer in which libldap built the request, passwords included, and which it frees
 * as it is (I-57).
 */
extern Sockbuf_IO sock_wiping_io;

/*
 * Wait until something can be read (or, where a write is held up, written), the deadline passes, or a
 * signal comes: the caller looks again in each case. False when the deadline has passed.
 */
bool sock_wait(const struct sock *sock, int64_t deadline_ms);

/* Is there nothing to read, no end and no error? Never blocks. */
bool sock_is_quiet(const struct sock *sock);

#endif
