/*
 * What the sources of a connection share: its inside, and waiting for an answer. For conn*.c alone.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef LDAP_CONN_INSIDE_H
#define LDAP_CONN_INSIDE_H

#include "ldap/conn.h"
#include "ldap/sock.h"

struct conn {
    LDAP *ld;
    struct sock sock;
    const struct server *server;
    size_t index;
    bool broken;
    int64_t born_ms;
    int64_t resting_since_ms;
};

/* Break it for good. FED_E_DIRECTORY, with the server's name and what in why. */
int conn_broke(struct conn *conn, char *why, const char *what);

/* The next message of a request, or the connection is broken. The caller frees it. */
FED_MUST_USE int conn_next(
    struct conn *conn, int id, int64_t deadline_ms, LDAPMessage **ret, char *why);

/* Read the result in a message, which must be of the given type: a bind is not answered by a search's end. */
FED_MUST_USE int conn_read_answer(
    struct conn *conn, LDAPMessage *message, int type, struct conn_answer *ret, char *why);

/* Wait for the one message that answers a request. */
FED_MUST_USE int conn_finish(
    struct conn *conn, int id, int type, int64_t deadline_ms, struct conn_answer *ret, char *why);

#endif
